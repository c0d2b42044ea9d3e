from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dealreg.engagement.business import add_business_days, add_business_hours, business_day

BERLIN = ZoneInfo("Europe/Berlin")
EARLY, LATE = datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2032-01-01")
INSTANTS = st.datetimes(EARLY, LATE, timezones=st.just(UTC))


def at(text, zone=BERLIN):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize("hour", ["00:00", "09:30", "23:59"])
def test_five_business_days_from_any_hour_of_a_monday_end_with_the_monday_after(rules, hour):
    assert add_business_days(at(f"2026-11-23T{hour}"), 5, rules) == at("2026-12-01T00:00")


@pytest.mark.parametrize("notice", ["2026-11-27T12:00", "2026-11-28T12:00", "2026-11-29T12:00"])
def test_a_weekend_does_not_count(rules, notice):
    assert add_business_days(at(notice), 1, rules) == at("2026-12-01T00:00")


def test_public_holidays_do_not_count(rules):
    """Good Friday and Easter Monday 2026 are 3 and 6 April."""
    assert add_business_days(at("2026-04-02T12:00"), 1, rules) == at("2026-04-08T00:00")


def test_a_holiday_of_a_part_of_the_country_counts_there_only(rulebook):
    """6 January is one in Bavaria."""
    notice = at("2026-01-05T12:00")
    assert add_business_days(notice, 1, rulebook(calendar={"subdivision": "BY"})) == at("2026-01-08T00:00")
    assert add_business_days(notice, 1, rulebook()) == at("2026-01-07T00:00")


def test_weekends_are_those_of_the_country(rulebook):
    israel = rulebook(calendar={"country": "IL"}, time_zone="Asia/Jerusalem")
    assert business_day(date(2026, 11, 22), israel)
    assert not business_day(date(2026, 11, 20), israel)


def test_no_days_end_with_the_day_or_with_the_next_business_day(rules):
    assert add_business_days(at("2026-11-23T08:00"), 0, rules) == at("2026-11-24T00:00")
    assert add_business_days(at("2026-11-28T08:00"), 0, rules) == at("2026-12-01T00:00")


def test_the_day_of_the_notice_is_the_programs(rules):
    """23:30 UTC on Monday is Tuesday in Berlin."""
    assert add_business_days(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), 1, rules) == at("2026-11-26T00:00")


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-23T10:00", 16, "2026-11-25T10:00"),
        ("2026-11-23T10:00", 7, "2026-11-23T17:00"),
        ("2026-11-23T07:00", 1, "2026-11-23T10:00"),
        ("2026-11-23T18:00", 1, "2026-11-24T10:00"),
        ("2026-11-27T16:00", 2, "2026-11-30T10:00"),
        ("2026-11-28T12:00", 8, "2026-11-30T17:00"),
        ("2026-11-23T10:00", 0, "2026-11-23T10:00"),
        ("2026-11-28T10:00", 0, "2026-11-30T09:00"),
        ("2026-03-27T16:00", 2, "2026-03-30T10:00"),
    ],
)
def test_only_opening_hours_of_business_days_count(rules, start, hours, end):
    assert add_business_hours(at(start), hours, rules) == at(end)


def test_an_hour_that_the_clocks_skip_is_not_counted(rulebook):
    """On Friday 24 April 2026 Cairo's clocks go from 00:00 to 01:00, so hours from 00:00 to 04:00 are three."""
    calendar = {"country": "DE", "opens": "00:00", "closes": "04:00"}
    night, cairo = rulebook(calendar=calendar, time_zone="Africa/Cairo"), ZoneInfo("Africa/Cairo")
    assert add_business_hours(at("2026-04-23T03:00", cairo), 2, night) == at("2026-04-24T02:00", cairo)
    assert add_business_hours(at("2026-04-23T03:00", cairo), 4, night) == at("2026-04-24T04:00", cairo)


@given(start=INSTANTS, days=st.integers(0, 60))
def test_business_days_are_at_least_as_long_as_days_and_end_with_a_business_day(rules, start, days):
    end = add_business_days(start, days, rules)
    last = (end - timedelta(seconds=1)).astimezone(BERLIN).date()
    assert end > start + timedelta(days=days - 1)
    assert business_day(last, rules)
    first = start.astimezone(BERLIN).date()
    counted = sum(business_day(first + timedelta(days=day), rules) for day in range(1, (last - first).days + 1))
    assert counted == days or (days == 0 and counted == 1)


@given(start=INSTANTS, first=st.integers(0, 60), second=st.integers(1, 60))
def test_hours_after_hours_are_hours_together(rules, start, first, second):
    between = add_business_hours(start, first, rules)
    assert add_business_hours(between, second, rules) == add_business_hours(start, first + second, rules)


@pytest.mark.parametrize(
    ("calendar", "word"),
    [
        ({"country": "Germany"}, "two letters"),
        ({"subdivision": "XX"}, "use one of"),
        ({"opens": "17:00", "closes": "09:00"}, "not after"),
        ({"opens": "9 am"}, "pattern"),
    ],
)
def test_a_calendar_that_nobody_keeps_is_refused(rulebook, calendar, word):
    with pytest.raises(ValidationError, match=word):
        rulebook(calendar=calendar)
