from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealreg.engagement.windows import (
    day_end,
    day_start,
    extended,
    first_instant,
    instant_of,
    last_day,
    moved_alike,
    resumed,
    window_end,
)

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [
        "Europe/Berlin",
        "America/Sao_Paulo",
        "Africa/Cairo",
        "America/Havana",
        "Europe/Lisbon",
        "Pacific/Apia",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Kwajalein",
        "America/Toronto",
        "Asia/Beirut",
        "UTC",
    ]
).map(ZoneInfo)
EARLY, LATE = datetime.fromisoformat("1919-01-01"), datetime.fromisoformat("2150-01-01")
INSTANTS = st.datetimes(EARLY, LATE, timezones=st.just(UTC))
DAYS = st.integers(0, 3660)


def at(text, zone=BERLIN):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize("hour", ["00:00:00", "00:00:01", "12:00:00", "23:59:59.999999"])
def test_sixty_days_from_any_hour_of_1_march_last_until_30_april(hour):
    to = window_end(at(f"2026-03-01T{hour}"), BERLIN, 60)
    assert to == at("2026-05-01T00:00")
    assert last_day(to, BERLIN) == date(2026, 4, 30)


def test_the_day_is_the_programs_and_not_that_of_utc():
    late = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    assert window_end(late, BERLIN, 60) == at("2026-05-01T00:00")
    assert window_end(late, ZoneInfo("UTC"), 60) == datetime(2026, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "first"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), datetime(2018, 11, 4, 3, tzinfo=UTC)),
        ("Africa/Cairo", date(2026, 4, 24), datetime(2026, 4, 23, 22, tzinfo=UTC)),
        ("Asia/Beirut", date(2022, 3, 27), datetime(2022, 3, 26, 22, tzinfo=UTC)),
        ("America/Toronto", date(1919, 3, 31), datetime(1919, 3, 31, 4, 30, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC)),
        ("Europe/Berlin", date(2028, 2, 29), datetime(2028, 2, 28, 23, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_its_midnight_or_at_the_first_instant_that_exists(zone, day, first):
    """Skipped (Sao Paulo, Cairo, Beirut), skipped from the day before (Toronto 23:30), no such day (Apia), midnight twice (Havana)."""
    assert first_instant(day, ZoneInfo(zone)) == first


def test_leap_days_are_days():
    assert window_end(at("2028-02-28T10:00"), BERLIN, 1) == at("2028-03-01T00:00")
    assert window_end(at("2027-02-28T10:00"), BERLIN, 1) == at("2027-03-02T00:00")
    assert window_end(at("2028-02-29T10:00"), BERLIN, 365) == at("2029-03-01T00:00")


def test_no_days_end_with_the_anchors_day():
    assert window_end(at("2026-03-01T00:00"), BERLIN, 0) == at("2026-03-02T00:00")


def test_an_activation_delay_is_over_at_the_start_of_a_day():
    assert day_start(at("2026-03-01T15:00"), BERLIN, 10) == at("2026-03-11T00:00")


def test_a_days_end_is_its_own_round_up():
    assert day_end(at("2026-05-01T00:00"), BERLIN) == at("2026-05-01T00:00")
    assert day_end(at("2026-05-01T00:00") + timedelta(microseconds=1), BERLIN) == at("2026-05-02T00:00")


def test_grace_adds_to_the_last_day():
    assert extended(at("2026-05-01T00:00"), BERLIN, 14) == at("2026-05-15T00:00")
    assert extended(at("2026-05-01T00:00"), BERLIN, 0) == at("2026-05-01T00:00")


def test_a_stopped_window_comes_back_with_what_was_left_rounded_up_to_a_days_end():
    end, stopped, returned = at("2026-05-01T00:00"), at("2026-04-21T18:00"), at("2026-06-10T09:00")
    new = resumed(end, stopped_at=stopped, returned_at=returned, zone=BERLIN)
    assert new == at("2026-06-20T00:00")
    stop = moved_alike(at("2026-11-27T00:00"), old_end=end, new_end=new, zone=BERLIN)
    assert stop == at("2027-01-16T00:00")
    assert (last_day(stop, BERLIN) - date(2026, 11, 26)).days == (last_day(new, BERLIN) - date(2026, 4, 30)).days == 50


def test_a_window_that_had_ended_when_it_stopped_ends_with_the_day_of_its_return():
    ended, later = at("2026-05-01T00:00"), at("2026-05-03T10:00")
    assert resumed(ended, stopped_at=later, returned_at=later, zone=BERLIN) == at("2026-05-04T00:00")


def test_an_hour_that_comes_twice_over_midnight_ends_with_the_next_day_and_never_before_itself():
    """On 7 November 2010 St John's set its clocks back from 00:01 to 23:01 of the day before."""
    zone, again = ZoneInfo("America/St_Johns"), datetime(2010, 11, 7, 3, tzinfo=UTC)
    assert again.astimezone(zone).date() == date(2010, 11, 6)
    assert first_instant(date(2010, 11, 7), zone) < again
    assert day_end(again, zone) == window_end(again, zone, 0) == first_instant(date(2010, 11, 8), zone)
    assert window_end(again, zone, 1) == first_instant(date(2010, 11, 8), zone)


@given(INSTANTS, ZONES, DAYS)
def test_a_window_ends_after_its_days_at_the_first_instant_of_a_day(anchor, zone, days):
    to = window_end(anchor, zone, days)
    wanted = anchor.astimezone(zone).date() + timedelta(days=days + 1)
    assert to > anchor
    assert to.astimezone(zone).date() >= wanted
    assert (to - timedelta(microseconds=1)).astimezone(zone).date() < wanted


@given(INSTANTS, ZONES, DAYS)
def test_every_instant_of_a_day_gives_the_same_end(anchor, zone, days):
    day = anchor.astimezone(zone).date()
    assert window_end(anchor, zone, days) == window_end(first_instant(day, zone), zone, days)


@given(INSTANTS, INSTANTS, ZONES, DAYS)
def test_a_later_anchor_never_ends_earlier(one, other, zone, days):
    first, second = sorted((one, other))
    assert window_end(first, zone, days) <= window_end(second, zone, days)


@given(INSTANTS, ZONES)
def test_rounding_up_is_idempotent_and_never_goes_back(instant, zone):
    end = day_end(instant, zone)
    assert end >= instant
    assert day_end(end, zone) == end


@given(st.datetimes(EARLY, LATE), ZONES)
def test_a_wall_clock_is_found_or_the_first_instant_after_it(wall, zone):
    found = instant_of(wall, zone)
    assert found.astimezone(zone).replace(tzinfo=None) >= wall
    assert (found - timedelta(microseconds=1)).astimezone(zone).replace(tzinfo=None) < wall
