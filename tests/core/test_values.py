from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from dealreg.vocabulary.values import Amount, Day, Instant, Key, Ratio, Text, Whole


@pytest.mark.parametrize(
    "instant",
    ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z"],
)
def test_an_instant_outside_1900_to_2200_is_refused_and_never_a_crash(instant):
    with pytest.raises(ValidationError, match="1900 to 2200"):
        TypeAdapter(Instant).validate_python(instant)


def test_an_instant_is_held_in_utc_whatever_its_own_year():
    eve = TypeAdapter(Instant).validate_python("1899-12-31T23:00:00-02:00")
    assert eve == datetime(1900, 1, 1, 1, tzinfo=UTC)
    assert eve.tzinfo is UTC
    assert TypeAdapter(Instant).validate_python("2200-01-01T00:00:00+01:00").year == 2199


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_python("2026-01-01T00:00:00")


@pytest.mark.parametrize(
    ("day", "fits"), [("1899-12-31", False), ("1900-01-01", True), ("2199-12-31", True), ("2200-01-01", False)]
)
def test_a_day_has_the_same_bounds(day, fits):
    if fits:
        assert TypeAdapter(Day).validate_python(day) == date.fromisoformat(day)
    else:
        with pytest.raises(ValidationError, match="1900 to 2200"):
            TypeAdapter(Day).validate_python(day)


@given(st.datetimes(timezones=st.timezones()))
def test_any_instant_is_taken_or_refused(instant):
    try:
        found = TypeAdapter(Instant).validate_python(instant)
    except ValidationError:
        return
    assert found == instant.astimezone(UTC)
    assert 1900 <= found.year < 2200


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Text, "a\x00b"),
        (Key, "a\x00b"),
        (Text, "x" * 4001),
        (Key, ""),
        (Key, "  "),
        (Whole, 2**63),
        (Amount, "1E+200000"),
        (Amount, "NaN"),
        (Amount, "0.00001"),
        (Ratio, "0"),
    ],
)
def test_what_no_column_can_hold_is_refused(kind, value):
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)
