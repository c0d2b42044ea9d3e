from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dealreg.engagement.minimum import below_minimum
from dealreg.engagement.money import convert, exceeds, rate_at
from dealreg.vocabulary.values import Money

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def euros(amount):
    return Money(amount=Decimal(amount), currency="EUR")


def rate(amount, day, currency="USD"):
    return {"from_currency": currency, "to_currency": "EUR", "rate": amount, "day": day, "source": "test"}


@pytest.mark.parametrize(
    ("amount", "refused"), [("9999.9999", True), ("10000", False), ("10000.0001", False), ("0", True)]
)
def test_below_the_minimum_is_declined_and_the_minimum_itself_is_not(rules, amount, refused):
    refusal = below_minimum(rules, euros(amount))
    assert (refusal is not None) is refused
    if refusal is not None:
        assert (refusal.clause, refusal.code) == ("ROE-3", "below_minimum")
        assert "10000 EUR" in refusal.reason


def test_an_unknown_value_is_not_this_clauses_matter(rules):
    assert below_minimum(rules, None) is None


def test_a_clause_that_is_off_refuses_nothing(rulebook):
    assert below_minimum(rulebook(clauses={"ROE-3": {"in_force": False}}), euros("1")) is None


def test_another_currency_is_never_compared(rules):
    with pytest.raises(ValueError, match="convert it"):
        below_minimum(rules, Money(amount=Decimal(1), currency="USD"))


def test_the_newest_rate_that_is_not_later_counts(rulebook):
    rules = rulebook(rates=[rate("0.9", "2026-01-01"), rate("0.8", "2026-06-01"), rate("0.7", "2026-06-02")])
    assert convert(Money(amount=Decimal(100), currency="USD"), rules, NOON) == euros("80")
    before = datetime(2026, 5, 31, 21, 59, tzinfo=UTC)
    assert convert(Money(amount=Decimal(100), currency="USD"), rules, before) == euros("90")


def test_the_day_of_a_rate_is_the_programs(rulebook):
    """23:00 UTC on 31 May is 1 June in Berlin."""
    rules = rulebook(rates=[rate("0.9", "2026-01-01"), rate("0.8", "2026-06-01")])
    late = datetime(2026, 5, 31, 23, tzinfo=UTC)
    assert convert(Money(amount=Decimal(100), currency="USD"), rules, late) == euros("80")


def test_of_two_rates_of_a_day_the_later_listed_counts(rulebook):
    rules = rulebook(rates=[rate("0.9", "2026-01-01"), rate("0.8", "2026-01-01")])
    found = rate_at(rules, "USD", NOON)
    assert found is not None
    assert found.rate == Decimal("0.8")


def test_without_a_rate_there_is_no_amount(rulebook):
    rules = rulebook(rates=[rate("0.9", "2026-06-02"), rate("0.006", "2026-01-01", "JPY")])
    assert convert(Money(amount=Decimal(100), currency="USD"), rules, NOON) is None
    assert convert(euros("100"), rules, NOON) == euros("100")


def test_a_rate_has_the_decimals_that_a_yen_needs(rulebook):
    rules = rulebook(rates=[rate("0.005637891", "2026-01-01", "JPY")])
    assert convert(Money(amount=Decimal(1_000_000), currency="JPY"), rules, NOON) == euros("5637.8910")


def test_halves_go_to_the_even_neighbour(rulebook):
    rules = rulebook(rates=[rate("0.5", "2026-01-01")])
    assert convert(Money(amount=Decimal("0.0001"), currency="USD"), rules, NOON) == euros("0.0000")
    assert convert(Money(amount=Decimal("0.0003"), currency="USD"), rules, NOON) == euros("0.0002")


def test_an_amount_that_cannot_be_stored_is_none(rulebook):
    rules = rulebook(rates=[rate("999999999", "2026-01-01")])
    assert convert(Money(amount=Decimal(10) ** 13 * 9, currency="USD"), rules, NOON) is None


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "0.0000000001"])
def test_a_rate_is_a_positive_number(rulebook, amount):
    with pytest.raises(ValidationError):
        rulebook(rates=[rate(amount, "2026-01-01")])


def test_above_a_limit_or_unknown_a_person_decides():
    assert not exceeds(euros("100000"), Decimal(100_000))
    assert exceeds(euros("100000.0001"), Decimal(100_000))
    assert exceeds(None, Decimal(100_000))


@given(amount=st.decimals(0, 10**10, places=4), factor=st.decimals("0.000000001", "1000", places=9))
def test_conversion_keeps_order(rulebook, amount, factor):
    rules = rulebook(rates=[rate(str(factor), "2026-01-01")])
    small = convert(Money(amount=amount, currency="USD"), rules, NOON)
    large = convert(Money(amount=amount + 1, currency="USD"), rules, NOON)
    assert small is not None
    assert large is not None
    assert small.amount <= large.amount
