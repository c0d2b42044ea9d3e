"""ROE-33: a special price is asked on a registration and approved by levels, each another person.

``levels``: from the lowest to the highest; each approves up to its discount (a part of one) and size (program currency), the last
without bound where it names none; ``business_hours``: over all levels together; ``valid_days``: days an approved price holds. Source:
rules.md ROE-33; domain.md C11, C52.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from dealreg.engagement.clauses.shape import Clause, Hours, Length
from dealreg.vocabulary.values import Amount, Key, Model


class PriceLevel(Model):
    """Who approves up to which discount and which size; ``None`` is without bound."""

    level: Key
    discount_up_to: Annotated[Decimal, Field(gt=0, le=1, max_digits=5, decimal_places=4)] | None = None
    size_up_to: Amount | None = None


REFERENCE_LEVELS = (
    PriceLevel(level="channel_manager", discount_up_to=Decimal("0.10"), size_up_to=Decimal(50_000)),
    PriceLevel(level="regional_director", discount_up_to=Decimal("0.20"), size_up_to=Decimal(250_000)),
    PriceLevel(level="pricing_manager", discount_up_to=Decimal("0.30")),
    PriceLevel(level="finance"),
)
"""Rules.md ROE-33, reference."""


class SpecialPrice(Clause):
    """The parameters of ROE-33."""

    levels: Annotated[tuple[PriceLevel, ...], Field(min_length=1, max_length=10)] = REFERENCE_LEVELS
    business_hours: Hours = 16
    valid_days: Length = 90
