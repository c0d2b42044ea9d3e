"""The rows of special prices as they are answered (``projections/special_prices``)."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field

from dealreg.vocabulary.values import Instant
from dealreg.web.rows import Row


class Price(Row):
    """A special price, as the partners whose legs the registration has read it."""

    special_price: UUID
    program: str
    registration: UUID
    line: str
    asked_by: str
    distributor: str | None = Field(description="The distributor that it is bound to.")
    discount: Decimal = Field(description="A part of one.", examples=["0.15"])
    size_amount: Decimal
    size_currency: str
    state: str = Field(description="`requested`, `granted`, `rejected` or `ended`.")
    reason: str | None
    requested_at: Instant
    price_to: Instant | None = Field(description="The first instant at which it does not bind.")


class PriceToDecide(Price):
    """A special price, as those who decide read it."""

    customer: UUID
    competitor: str | None
    levels_left: list[str] = Field(description="Who must still approve, in order; the first has its turn.")
    decisions: list[dict[str, Any]]
    review_to: Instant | None = Field(description="When all levels together are due.")
    escalated_to: str | None
