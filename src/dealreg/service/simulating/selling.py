"""What partners do: file, supply, tell how it goes, answer, give up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dealreg.file import events as filed
from dealreg.file.events import Asks
from dealreg.registration import commands as asks
from dealreg.registration import events as said
from dealreg.registration.events import OutcomeKind
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.simulating.chance import Chance
from dealreg.service.simulating.crm import Crm
from dealreg.service.simulating.market import Deal, filing
from dealreg.service.simulating.stage import Stage
from dealreg.vocabulary.fact import Command, Event, Request
from dealreg.vocabulary.ids import PartnerId, registration_id
from dealreg.vocabulary.values import Tier

FATES = {"won": 0.42, "lost": 0.28, "silent": 0.22, "withdrawn": 0.08}
"""How an approved deal goes on. Invented: programs publish approvals, not what became of them."""


class Selling:
    """Every partner's sales people."""

    def __init__(self, stage: Stage) -> None:
        """They hear of facts by ``heard`` and put down what they will ask."""
        self._stage = stage
        self._chance = Chance(stage.plan.seed, "selling")
        self._crm = Crm(stage)
        self._living: set[UUID] = set()
        self._hears: dict[type[Event], Callable[[Any, datetime], None]] = {
            said.RegistrationFoundIncomplete: self._incomplete,
            said.RegistrationReturned: self._returned,
            filed.LineApproved: self._approved,
            filed.LineOffered: self._offered,
            filed.JoiningAsked: self._joining,
            filed.ClaimQueued: self._waits,
        }

    def heard(self, fact: Recorded, at: datetime) -> None:
        """Something was recorded."""
        hears = self._hears.get(type(fact.event))
        if hears is not None:
            hears(fact.event, at)

    def file(self, at: datetime, deal: Deal) -> Request:
        """Ask for protection, in the portal or by the opportunity in the CRM."""
        if deal.through_crm:
            request, registration = self._crm.opened(at, deal)
        else:
            request = self._stage.pen.request(at, deal.seller.actor, filing(deal, self._stage.market, self._chance))
            registration = registration_id(self._stage.plan.program, deal.seller.key, request.id)
        self._stage.deals[registration] = deal
        return request

    def _later(self, at: datetime, low: float, high: float, act: Callable[[datetime], Request | None]) -> None:
        """In so many days, when people work."""
        self._stage.agenda.put(self._stage.in_hours(at + self._chance.days(low, high), self._chance), act)

    def _asks(self, deal: Deal, command: Command) -> Callable[[datetime], Request]:
        return lambda at: self._stage.pen.request(at, deal.seller.actor, command)

    def _incomplete(self, event: said.RegistrationFoundIncomplete, at: datetime) -> None:
        deal = self._stage.deals[event.registration]
        if not self._chance.happens(0.5):
            return
        if deal.through_crm:
            self._later(at, 1, 20, lambda then: self._crm.completed(then, deal))
            return
        whole = filing(deal, self._stage.market, self._chance)
        contact = whole.contact or self._crm.contact(deal)
        command = asks.SupplementRegistration(registration=event.registration, value=deal.value, contact=contact)
        self._later(at, 1, 20, self._asks(deal, command))

    def _returned(self, event: said.RegistrationReturned, at: datetime) -> None:
        deal = self._stage.deals[event.registration]
        if self._chance.happens(0.85):
            supplied = deal.close_on + timedelta(days=self._chance.whole(0, 30))
            command = asks.SupplementRegistration(registration=event.registration, close_on=supplied)
            self._later(at, 1, 9, self._asks(deal, command))

    def _approved(self, event: filed.LineApproved, at: datetime) -> None:
        """From here on the deal runs: progress, perhaps a proof or an invitation, and an end or none."""
        registration = event.registration
        deal = self._stage.deals[registration]
        if registration in self._living:
            return
        self._living.add(registration)
        ends = at + timedelta(seconds=round(self._chance.about(38, 0.6) * 86_400))
        fate = self._chance.weighted(FATES)
        self._progress(deal, registration, at, ends)
        if deal.proof is None and self._chance.happens(0.1):
            self._later(at, 1, 15, self._asks(deal, self._evidence(registration, at)))
        if deal.seller.leg is not Tier.DEALER and self._chance.happens(0.3):
            self._invite(deal, registration, event.line, at)
        if fate != "silent":
            self._stage.agenda.put(
                self._stage.in_hours(ends, self._chance), lambda then: self._ended(then, deal, registration, fate)
            )

    def _progress(self, deal: Deal, registration: UUID, at: datetime, ends: datetime) -> None:
        """A stage further every one to three weeks, or only a word that it goes on."""
        stages, place = self._stage.plan.rules.stages, 0
        step = at + self._chance.days(3, 20)
        while step < ends:
            if self._chance.happens(0.7):
                place = min(place + 1, len(stages) - 1)
            turn = self._moved(deal, registration, stages[place])
            self._stage.agenda.put(self._stage.in_hours(step, self._chance), turn)
            step += self._chance.days(6, 24)

    def _moved(self, deal: Deal, registration: UUID, stage: str) -> Callable[[datetime], Request | None]:
        if deal.through_crm:
            return lambda at: self._crm.moved(at, deal, stage)
        return self._asks(deal, asks.RecordProgress(registration=registration, stage=stage))

    def _evidence(self, registration: UUID, at: datetime) -> Command:
        day = at.astimezone(self._stage.plan.rules.zone).date() - timedelta(days=self._chance.whole(0, 20))
        digest = "".join(self._chance.one("0123456789abcdef") for _ in range(64))
        proof = asks.ProofGiven(kind="proposal", dated_on=day, digest=digest)
        return asks.AddEvidence(registration=registration, evidence=proof)

    def _ended(self, at: datetime, deal: Deal, registration: UUID, fate: str) -> Request | None:
        if fate == "withdrawn":
            return self._asks(deal, asks.WithdrawRegistration(registration=registration, partner=deal.seller.key))(at)
        if fate == "lost" and self._chance.happens(0.06):
            self._later(at, 3, 40, lambda then: self._outcome(then, deal, registration, OutcomeKind.REOPENED))
        return self._outcome(at, deal, registration, OutcomeKind(fate))

    def _outcome(self, at: datetime, deal: Deal, registration: UUID, outcome: OutcomeKind) -> Request:
        if deal.through_crm:
            return self._crm.ended(at, deal, outcome)
        return self._asks(deal, asks.ReportOutcome(registration=registration, outcome=outcome))(at)

    def _invite(self, deal: Deal, registration: UUID, line: str, at: datetime) -> None:
        """A holder whose dealer's place is empty asks one that buys from it."""
        below = [party for party in self._stage.parties.sellers if deal.seller.key in party.parents]
        if below and deal.seller.leg is Tier.DISTRIBUTOR:
            invited = asks.InvitePartner(
                registration=registration, line=line, tier=Tier.DEALER, partner=self._chance.one(below).key
            )
            self._later(at, 1, 10, self._asks(deal, invited))

    def _offered(self, event: filed.LineOffered, at: datetime) -> None:
        deal = self._stage.deals[event.registration]
        answer = self._chance.weighted({"yes": 0.75, "no": 0.1, "silence": 0.15})
        if answer != "silence":
            command = asks.AnswerOffer(
                registration=event.registration, line=event.line, partner=deal.seller.key, accept=answer == "yes"
            )
            self._later(at, 0.2, 4, self._asks(deal, command))

    def _joining(self, event: filed.JoiningAsked, at: datetime) -> None:
        answer = self._chance.weighted({"yes": 0.7, "no": 0.15, "silence": 0.15})
        if answer == "silence":
            return
        partner = PartnerId(event.holder if event.asks is Asks.HOLDER else event.partner)
        command = asks.AnswerJoining(
            registration=event.registration, joining=event.joining, partner=partner, agree=answer == "yes"
        )
        actor = self._stage.parties.by_key[partner].actor
        self._later(at, 0.1, 4, lambda then: self._stage.pen.request(then, actor, command))

    def _waits(self, event: filed.ClaimQueued, at: datetime) -> None:
        """Every sixth does not wait for ever."""
        deal = self._stage.deals[event.registration]
        if self._chance.happens(0.16):
            command = asks.WithdrawRegistration(registration=event.registration, partner=deal.seller.key)
            self._later(at, 10, 70, self._asks(deal, command))
