"""What special prices do in a customer file: one is awaited, binds, ends (ROE-33)."""

from typing import ClassVar
from uuid import UUID

from dealreg.file.claim_events import FileEvent
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Text


class PriceEvent(FileEvent):
    """A fact about a special price of a claim."""

    special_price: UUID


class PriceAwaited(PriceEvent):
    """A special price is asked; all its levels together decide by ``review_to`` (ROE-15, ROE-33)."""

    NAME: ClassVar[str] = "price_awaited.v1"
    distributor: PartnerId | None
    review_to: Instant


class PriceReviewBreached(PriceEvent):
    """Not decided in time: ``escalate_to`` is told; the request stands."""

    NAME: ClassVar[str] = "price_review_breached.v1"
    escalate_to: Key
    breached_at: Instant


class PriceTookForce(PriceEvent):
    """Granted: it binds to ``price_to``, or as long as its claim."""

    NAME: ClassVar[str] = "price_took_force.v1"
    price_to: Instant


class PriceLeft(PriceEvent):
    """It is awaited no more, or no longer binds."""

    NAME: ClassVar[str] = "price_left.v1"
    reason: Text
    left_at: Instant


EVENTS: tuple[type[Event], ...] = (PriceAwaited, PriceReviewBreached, PriceTookForce, PriceLeft)
