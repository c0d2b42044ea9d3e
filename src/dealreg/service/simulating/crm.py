"""A CRM that tells of opportunities: created, moved on, won and lost, now and then twice."""

from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from dealreg.opportunity.commands import FoldOpportunity, OpportunityMessage
from dealreg.opportunity.events import Outcome
from dealreg.registration.events import OutcomeKind
from dealreg.service.simulating.chance import Chance
from dealreg.service.simulating.market import Deal
from dealreg.service.simulating.people import CRM
from dealreg.service.simulating.stage import Stage
from dealreg.vocabulary.crm_record import Change, Identifier
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import opportunity_id, registration_id
from dealreg.vocabulary.values import Sealed, Tier

TWICE = 0.03
"""Messages that are delivered a second time."""

SAYS = {OutcomeKind.WON: Outcome.WON, OutcomeKind.LOST: Outcome.LOST, OutcomeKind.REOPENED: Outcome.OPEN}


class Crm:
    """Writes messages; each change of a record has the next place in that record's order."""

    def __init__(self, stage: Stage) -> None:
        """It tells of the deals of ``stage``."""
        self._stage = stage
        self._chance = Chance(stage.plan.seed, "crm")
        self._told: Counter[str] = Counter()
        self._source = f"//crm.example/{stage.plan.program}"

    def opened(self, at: datetime, deal: Deal) -> tuple[Request, UUID]:
        """The message that files, and the registration that it makes."""
        named = deal.buyer.named(self._chance)
        own = deal.seller.leg
        said: dict[str, object] = {
            "customer_name": named.name,
            "country": named.country,
            "place": named.place,
            "identifiers": tuple(Identifier(scheme=one.scheme, value=one.value) for one in named.identifiers),
            "partner": deal.seller.key if own is Tier.DEALER else None,
            "distributor": deal.distributor or (deal.seller.key if own is Tier.DISTRIBUTOR else None),
            "filed_by": deal.seller.key,
            "lines": deal.lines,
            "territory": deal.scope.territory,
            "stage": self._stage.plan.rules.stages[0],
            "close_on": deal.close_on,
            "outcome": Outcome.OPEN,
        }
        if deal.lacks != "value":
            said |= {"amount": deal.value.amount, "currency": deal.value.currency}
        if deal.lacks != "contact":
            said |= {"contact": self.contact(deal)}
        stream = opportunity_id(self._source, deal.record)
        registration = registration_id(self._stage.plan.program, deal.seller.key, str(stream))
        return self._message(at, deal, Change.CREATED, said), registration

    def contact(self, deal: Deal) -> Sealed:
        """Who buys there; the name is kept beside the ledger."""
        contact, row = deal.buyer.contact()
        self._stage.market.personal[row.ref] = row
        return contact

    def completed(self, at: datetime, deal: Deal) -> Request:
        """What was missing is filled in."""
        said = {"amount": deal.value.amount, "currency": deal.value.currency, "contact": self.contact(deal)}
        return self._message(at, deal, Change.UPDATED, said)

    def moved(self, at: datetime, deal: Deal, stage: str) -> Request:
        """It reached a stage."""
        return self._message(at, deal, Change.UPDATED, {"stage": stage})

    def ended(self, at: datetime, deal: Deal, outcome: OutcomeKind) -> Request:
        """Won, lost, or open again."""
        return self._message(at, deal, Change.UPDATED, {"outcome": SAYS[outcome]})

    def _message(self, at: datetime, deal: Deal, change: Change, said: dict[str, object]) -> Request:
        self._told[deal.record] += 1
        order = f"{self._told[deal.record]:06d}"
        digest = sha256(f"{self._stage.plan.program}/{deal.record}/{order}".encode()).hexdigest()
        given = {name: value for name, value in said.items() if value is not None}
        message = OpportunityMessage.model_validate(
            {
                "source": self._source,
                "record": deal.record,
                "digest": digest,
                "order": order,
                "change": change,
                "changed_at": at - timedelta(seconds=self._chance.whole(1, 90)),
                **given,
            }
        )
        command = FoldOpportunity(message=message)
        if self._chance.happens(TWICE):
            again = at + self._chance.days(0.01, 2)
            self._stage.agenda.put(again, lambda then: self._stage.pen.request(then, CRM, command))
        return self._stage.pen.request(at, CRM, command)
