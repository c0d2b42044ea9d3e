"""ROE-27: an approved special price keeps the claim protected to its own end, at most so many days past the window's end."""

from datetime import datetime

from dealreg.engagement.windows import extended
from dealreg.file.ends import in_tail
from dealreg.file.state import LIVE, Claim, Leg
from dealreg.file.time_events import PriceHoldBegan
from dealreg.process.applies import applies
from dealreg.process.case import Case
from dealreg.vocabulary.ids import PartnerId


def price_hold_end(case: Case, claim: Claim, leg: Leg) -> datetime | None:
    """To when the special prices in force keep a leg past its window's end; ``None`` where none does."""
    ends = [price.price_to for price in case.file.prices.values() if price.claim == claim.key and price.price_to]
    return _bounded(case, claim, leg, max(ends)) if ends else None


def _bounded(case: Case, claim: Claim, leg: Leg, to: datetime) -> datetime | None:
    """The price's own end, at most so many days past the window's end and never past the hard stop."""
    if leg.window_to is None or leg.hard_stop_at is None or not applies(case, claim, "ROE-27"):
        return None
    rules = case.rules_of(claim)
    longest = extended(leg.window_to, rules.zone, rules.clauses.special_price_hold.longest_days)
    return min(to, longest, leg.hard_stop_at)


def hold_for_price(case: Case, claim: Claim, to: datetime) -> None:
    """A special price was granted up to ``to``: a leg whose window is over already is kept by it from now on.

    A leg whose window runs is judged at its end, by the prices in force then.
    """
    for leg in claim.legs:
        if leg.state not in LIVE or not in_tail(leg):
            continue
        end = _bounded(case, claim, leg, to)
        if end is not None and end > max(case.now, leg.time.price_hold_to or case.now):
            case.record(
                PriceHoldBegan(
                    customer=case.customer,
                    registration=claim.registration,
                    line=claim.line,
                    tier=leg.tier,
                    partner=PartnerId(leg.partner),
                    hold_to=end,
                )
            )
