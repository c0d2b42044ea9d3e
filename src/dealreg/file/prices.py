"""A special price as the customer file knows it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class HeldPrice:
    """A special price of a claim: awaited while ``price_to`` is missing, then in force up to it (ROE-33)."""

    special_price: UUID
    claim: tuple[UUID, str]
    distributor: str | None
    review_to: datetime | None = None
    price_to: datetime | None = None
