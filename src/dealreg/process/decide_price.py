"""The levels decide a special price, one after another and each by another person; the last approval grants it (ROE-33)."""

from decimal import Decimal
from uuid import UUID

from dealreg.engagement.price_levels import levels_for
from dealreg.engagement.windows import window_end
from dealreg.file.price_events import PriceTookForce
from dealreg.file.state import Claim
from dealreg.pricing.commands import DecideSpecialPrice
from dealreg.pricing.events import (
    PriceDecision,
    SpecialPriceGranted,
    SpecialPriceLevelDecided,
    SpecialPriceRejected,
    SpecialPriceRequested,
)
from dealreg.pricing.state import SPECIAL_PRICE, Life, SpecialPrice
from dealreg.process import permit
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, registration_of
from dealreg.process.end_price import end_price, leave, prices_of
from dealreg.process.price_hold import hold_for_price
from dealreg.vocabulary.fact import Actor, Request
from dealreg.vocabulary.refused import Closed, NotAllowed, Refused, Unknown
from dealreg.vocabulary.situation import Situation


def decide_price(situation: Situation, request: Request, command: DecideSpecialPrice) -> UUID:
    """Approve, change or reject as the level whose turn it is. Raises ``NotAllowed``, ``Closed``, ``Refused``, ``Unknown``."""
    asked = situation.of(SPECIAL_PRICE, command.special_price).requested
    if asked is None:
        raise Unknown("there is no such special price; check its id")
    case = Case.at(situation, asked.customer)
    bring_to_due(case)
    state = situation.of(SPECIAL_PRICE, command.special_price)
    if state.life is not Life.REQUESTED:
        raise Closed(f"the special price is {state.life.value}; ask for a new one", clause="ROE-33")
    level = state.levels_left[0]
    _may_decide(case, request.actor, state, asked, level)
    discount = _discount(command, state)
    left = _left(case, state, asked, discount)
    decided = SpecialPriceLevelDecided(
        special_price=command.special_price,
        level=level,
        decision=command.decision,
        discount=discount,
        levels_left=() if command.decision is PriceDecision.REJECT else left,
        decided_by=request.actor.subject,
        reason=command.reason,
        decided_at=case.now,
    )
    situation.record(SPECIAL_PRICE, command.special_price, decided)
    claim = case.claim(asked.registration, asked.line)
    if command.decision is PriceDecision.REJECT:
        _reject(case, claim, command, level)
    elif not left:
        _grant(case, claim, command.special_price, discount)
    return command.special_price


def _may_decide(case: Case, actor: Actor, state: SpecialPrice, asked: SpecialPriceRequested, level: str) -> None:
    """Each level another person, in order; nobody decides on what he asked or filed (rules.md section 4)."""
    permit.of_region(actor, case.situation.program, asked.managers)
    if level not in {actor.role.value, actor.level}:
        raise NotAllowed(f"it is for the level {level!r} to decide; ask a person who holds it", clause="ROE-33")
    if actor.subject in {asked.requested_by, *state.decided_by}:
        raise NotAllowed("each level is another person, and none decides on what he asked", clause="ROE-33")
    permit.not_own(actor, [registration_of(case.situation, asked.registration)])


def _discount(command: DecideSpecialPrice, state: SpecialPrice) -> Decimal:
    """The discount as this level leaves it."""
    if command.decision is not PriceDecision.APPROVE and not command.reason:
        raise Refused("a change or a rejection needs a reason; say why", clause="ROE-33")
    if (command.decision is PriceDecision.CHANGE) != (command.discount is not None):
        raise Refused("name a discount where you change it, and only there", clause="ROE-33")
    return command.discount or state.discount or Decimal(0)


def _left(case: Case, state: SpecialPrice, asked: SpecialPriceRequested, discount: Decimal) -> tuple[str, ...]:
    """The levels that must follow by the discount as it is now: a change may spare some, or ask for more."""
    rulebook = case.rules_named(asked.rulebook_version)
    needed = levels_for(rulebook, discount, asked.size.amount)
    return needed[len(state.decided_by) + 1 :]


def _reject(case: Case, claim: Claim, command: DecideSpecialPrice, level: str) -> None:
    for price in prices_of(case, claim):
        if price.special_price == command.special_price:
            leave(case, claim, price, "rejected")
    rejected = SpecialPriceRejected(
        special_price=command.special_price, level=level, reason=command.reason, rejected_at=case.now
    )
    case.situation.record(SPECIAL_PRICE, command.special_price, rejected)


def _grant(case: Case, claim: Claim, special_price: UUID, discount: Decimal) -> None:
    """It binds from here on, in place of one that binds already, and keeps the claim protected to its end (ROE-27)."""
    for price in prices_of(case, claim):
        if price.price_to is not None:
            end_price(case, claim, price, "another special price replaced it")
    price_to = window_end(case.now, case.rules.zone, case.rules.clauses.special_price.valid_days)
    granted = SpecialPriceGranted(
        special_price=special_price, discount=discount, price_to=price_to, granted_at=case.now
    )
    case.situation.record(SPECIAL_PRICE, special_price, granted)
    case.record(
        PriceTookForce(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            special_price=special_price,
            price_to=price_to,
        )
    )
    hold_for_price(case, case.again(claim), price_to)
