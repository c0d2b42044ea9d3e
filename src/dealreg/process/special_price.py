"""A special price is asked on a registration and decided level by level, each by another person (ROE-33)."""

from uuid import UUID

from dealreg.engagement.business import add_business_hours
from dealreg.engagement.money import convert
from dealreg.engagement.price_levels import levels_for
from dealreg.file.price_events import PriceAwaited
from dealreg.file.state import Claim, LegState
from dealreg.pricing.commands import RequestSpecialPrice
from dealreg.pricing.events import SpecialPriceRequested
from dealreg.pricing.state import SPECIAL_PRICE
from dealreg.process import permit
from dealreg.process.applies import applies
from dealreg.process.case import Case, registration_of
from dealreg.process.end_price import prices_of
from dealreg.process.record_outcome import opened
from dealreg.process.show_registration import show
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import PartnerId, partner_reader, special_price_id
from dealreg.vocabulary.refused import Closed, NotAllowed, Refused
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Money, Tier


def request_price(situation: Situation, request: Request, command: RequestSpecialPrice) -> UUID:
    """Record the request and its levels. Raises ``NotAllowed``, ``Closed``, ``Refused``, ``Unknown``."""
    permit.for_partner(situation, request.actor, command.partner)
    case = opened(situation, command.registration)
    if case is None:
        raise Closed("the registration is incomplete; supply what is missing first", clause="ROE-2")
    claim = case.claim(command.registration, command.line)
    _may_ask(case, claim, command.partner)
    size = convert(command.size, case.rules, case.now)
    if size is None:
        raise Refused(
            f"there is no rate from {command.size.currency} to {case.rules.currency} on this day; name the size in "
            f"{case.rules.currency}",
            clause="ROE-33",
        )
    # The price is bound to the distributor, which reads of it: hiding is over (ROE-32).
    show(situation, command.registration, "a special price is asked on it")
    price = special_price_id(situation.program, request.actor.caller, request.id)
    asked = _asked(case, claim, command, size, request.actor.subject, price)
    situation.record(SPECIAL_PRICE, price, asked)
    case.record(
        PriceAwaited(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            special_price=price,
            distributor=asked.distributor,
            review_to=add_business_hours(
                situation.asked_at, case.rules.clauses.special_price.business_hours, case.rules
            ),
        )
    )
    return price


def _may_ask(case: Case, claim: Claim, partner: PartnerId) -> None:
    """Only who holds a leg of the claim asks, once at a time. Raises ``Refused`` and its kinds."""
    if not applies(case, claim, "ROE-33"):
        raise Refused("special prices are switched off in this rulebook", clause="ROE-33")
    if not any(leg.partner == partner and leg.state in ASKING for leg in claim.legs):
        raise NotAllowed("only a partner whose leg is approved or protected asks for a special price", clause="ROE-33")
    if any(price.price_to is None for price in prices_of(case, claim)):
        raise Closed("a special price of this line waits for its decision; ask again after it", clause="ROE-33")


ASKING = frozenset({LegState.APPROVED, LegState.PROTECTED})
"""A suspended leg asks for nothing."""


def _asked(
    case: Case, claim: Claim, command: RequestSpecialPrice, size: Money, subject: str, price: UUID
) -> SpecialPriceRequested:
    """Everything that the levels decide on, and who may read it: the registration's own legs, its region, the desk."""
    program = case.situation.program
    distributor = claim.party(Tier.DISTRIBUTOR) or claim.party(Tier.MASTER)
    parties = {leg.tier: leg.partner for leg in claim.legs if claim.leg(leg.tier) is not None}
    dealers = [partner for tier, partner in parties.items() if tier is Tier.DEALER]
    upper = [partner for tier, partner in parties.items() if tier is not Tier.DEALER]
    return SpecialPriceRequested(
        special_price=price,
        registration=claim.registration,
        customer=case.customer,
        line=claim.line,
        asked_by=command.partner,
        distributor=PartnerId(distributor) if distributor is not None else None,
        discount=command.discount,
        size=size,
        competitor=command.competitor,
        levels=levels_for(case.rules, command.discount, size.amount),
        rulebook_version=case.rules.version,
        requested_by=subject,
        requested_at=case.now,
        dealers=tuple(partner_reader(program, partner) for partner in dealers),
        distributors=tuple(partner_reader(program, partner) for partner in upper),
        managers=_managers(case, claim),
    )


def _managers(case: Case, claim: Claim) -> tuple[UUID, ...]:
    submitted = registration_of(case.situation, claim.registration).submitted
    return claim.managers or (submitted.readers.managers if submitted is not None else ())
