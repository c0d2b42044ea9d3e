"""When a leg ends by time (ROE-12)."""

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dealreg.file.ends import ends_at, in_tail, protected_to
from dealreg.file.state import Leg, LegState
from dealreg.file.time_state import LegTime
from dealreg.vocabulary.values import Tier

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
DAYS = st.integers(0, 40)
MAYBE = st.none() | DAYS


def _at(days: int | None) -> dt.datetime | None:
    return START + dt.timedelta(days=days) if days is not None else None


@given(window=DAYS, stop=DAYS, grace=MAYBE, hold=MAYBE, price=MAYBE, thawed=MAYBE, frozen=st.booleans())
def test_it_ends_at_the_latest_of_its_reasons_and_never_past_the_hard_stop(
    window: int, stop: int, grace: int | None, hold: int | None, price: int | None, thawed: int | None, *, frozen: bool
) -> None:
    time = LegTime(hold_to=_at(hold), price_hold_to=_at(price), frozen=frozen, thawed_at=_at(thawed))
    leg = Leg(Tier.DEALER, "anna", LegState.PROTECTED, START, _at(window), _at(stop), _at(grace), time=time)
    reasons = [days for days in (window, grace, hold, price) if days is not None]
    assert protected_to(leg) == _at(min(max(reasons), stop))
    assert in_tail(leg) == (len(reasons) > 1)
    assert ends_at(leg) == _at(stop if frozen else min(max(min(max(reasons), stop), thawed or 0), stop))


def test_a_leg_without_a_window_ends_by_nothing() -> None:
    """Of the tender class, or second under a graded doctrine."""
    leg = Leg(Tier.DEALER, "anna", LegState.APPROVED)
    assert (protected_to(leg), ends_at(leg)) == (None, None)
    assert ends_at(replace(leg, window_to=START)) is None
