"""A special price ends: on its date, with its claim, with the distributor that it was bound to, or for another (ROE-27, ROE-33)."""

from collections.abc import Iterator
from functools import partial

from dealreg.file.price_events import PriceLeft, PriceReviewBreached
from dealreg.file.prices import HeldPrice
from dealreg.file.state import Claim
from dealreg.pricing.events import SpecialPriceEnded
from dealreg.pricing.state import SPECIAL_PRICE
from dealreg.process.case import Case
from dealreg.process.due import Due, Rank


def due_prices(case: Case) -> Iterator[Due]:
    """When a decision is due, and when a price ends by itself."""
    for price in case.file.prices.values():
        claim = case.file.claims[price.claim]
        if price.review_to is not None:
            act = partial(_breached, claim=claim, price=price)
            yield Due(price.review_to, Rank.REMINDER, claim.entry, act)
        if price.price_to is not None:
            yield Due(price.price_to, Rank.RELEASE, claim.entry, partial(_date_came, claim=claim, price=price))


def _breached(case: Case, *, claim: Claim, price: HeldPrice) -> None:
    case.record(
        PriceReviewBreached(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            special_price=price.special_price,
            escalate_to=case.rules.clauses.review_clock.escalate_to,
            breached_at=case.now,
        )
    )


def _date_came(case: Case, *, claim: Claim, price: HeldPrice) -> None:
    end_price(case, claim, price, "its date came")


def end_price(case: Case, claim: Claim, price: HeldPrice, reason: str) -> None:
    """End it in the file and in the price itself."""
    leave(case, claim, price, reason)
    ended = SpecialPriceEnded(special_price=price.special_price, reason=reason, ended_at=case.now)
    case.situation.record(SPECIAL_PRICE, price.special_price, ended)


def leave(case: Case, claim: Claim, price: HeldPrice, reason: str) -> None:
    """The file knows of it no more."""
    case.record(
        PriceLeft(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            special_price=price.special_price,
            reason=reason,
            left_at=case.now,
        )
    )


def end_prices_of(case: Case, claim: Claim) -> None:
    """After a leg of the claim ended: what was granted to it ends with it, and with the distributor that it is bound to."""
    for price in prices_of(case, claim):
        if not claim.live:
            end_price(case, claim, price, "the claim that it was granted to has ended")
        elif price.distributor is not None and not _goes_through(claim, price.distributor):
            end_price(case, claim, price, "the registration no longer goes through the distributor that it is bound to")


def prices_of(case: Case, claim: Claim) -> list[HeldPrice]:
    """What is asked or in force for a claim, in the order asked."""
    return [price for price in case.file.prices.values() if price.claim == claim.key]


def _goes_through(claim: Claim, distributor: str) -> bool:
    return any(claim.party(leg.tier) == distributor for leg in claim.legs)
