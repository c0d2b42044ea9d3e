"""Amounts in program currency, by the rates that the rulebook records (architecture D12)."""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from pydantic import ValidationError

from dealreg.engagement.rulebook import Rate, RulebookDocument
from dealreg.engagement.windows import local_day
from dealreg.vocabulary.values import Money

PLACES = Decimal("0.0001")


def rate_at(rules: RulebookDocument, currency: str, at: datetime) -> Rate | None:
    """The newest rate from a currency into the program's that is not after the day of the instant; of two of a day the later listed."""
    day = local_day(at, rules.zone)
    usable = [
        rate
        for rate in rules.rates
        if (rate.from_currency, rate.to_currency) == (currency, rules.currency) and rate.day <= day
    ]
    return max(reversed(usable), key=lambda rate: rate.day, default=None)


def convert(money: Money, rules: RulebookDocument, at: datetime) -> Money | None:
    """The amount in program currency, half to even at 4 decimals; ``None`` without a rate: then a person is asked, never a guess.

    An amount too large to be stored is ``None`` too.
    """
    if money.currency == rules.currency:
        return money
    rate = rate_at(rules, money.currency, at)
    if rate is None:
        return None
    with localcontext(prec=50):
        amount = (money.amount * rate.rate).quantize(PLACES, ROUND_HALF_EVEN)
    try:
        return Money(amount=amount, currency=rules.currency)
    except ValidationError:
        return None


def exceeds(value: Money | None, limit: Decimal) -> bool:
    """Whether a value in program currency is above a limit; an unknown value is, so that a person decides (ROE-30)."""
    return value is None or value.amount > limit
