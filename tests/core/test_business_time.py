"""A clock that stands keeps its business time: what was left when it stopped is what it goes on with (ROE-15)."""

import datetime as dt
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from dealreg.engagement.business import add_business_hours, add_business_time, business_time
from tests.properties.test_one_holder import RULES

BERLIN = ZoneInfo("Europe/Berlin")
INSTANTS = st.datetimes(dt.datetime.fromisoformat("2026-01-01"), dt.datetime.fromisoformat("2027-12-31"), timezones=st.just(dt.UTC))  # fmt: skip


def at(wall: str) -> dt.datetime:
    return dt.datetime.fromisoformat(wall).replace(tzinfo=BERLIN)


def test_nights_weekends_and_holidays_are_no_business_time() -> None:
    thursday, wednesday = at("2026-04-02 15:00"), at("2026-04-08 15:00")
    assert business_time(thursday, wednesday, RULES) == dt.timedelta(hours=16)
    assert business_time(at("2026-04-02 17:00"), at("2026-04-07 09:00"), RULES) == dt.timedelta(0)


def test_none_lies_before_its_beginning() -> None:
    assert business_time(at("2026-04-08 15:00"), at("2026-04-02 15:00"), RULES) == dt.timedelta(0)
    assert business_time(at("2026-04-08 15:00"), at("2026-04-08 11:00"), RULES) == dt.timedelta(0)


def test_the_days_on_which_the_clocks_change_have_their_hours() -> None:
    for friday, monday in (("2026-03-27 12:00", "2026-03-30 12:00"), ("2026-10-23 12:00", "2026-10-26 12:00")):
        assert business_time(at(friday), at(monday), RULES) == dt.timedelta(hours=8)


@given(start=INSTANTS, hours=st.integers(0, 60), share=st.floats(0, 1))
def test_a_clock_that_stood_ends_as_much_later_as_it_stood(start: dt.datetime, hours: int, share: float) -> None:
    """Stopped anywhere on its way and resumed at once, it ends when it would have ended."""
    end = add_business_hours(start, hours, RULES)
    stopped = start + (end - start) * share
    left = business_time(stopped, end, RULES)
    again = add_business_time(stopped, left, RULES)
    assert business_time(start, stopped, RULES) + left == dt.timedelta(hours=hours)
    assert business_time(again, end, RULES) == dt.timedelta(0) == business_time(end, again, RULES)
