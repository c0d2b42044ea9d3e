"""What was asked and decided of a special price (ROE-33); when it binds and ends stands in the customer file."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Money, Text

Discount = Annotated[Decimal, Field(gt=0, le=1, max_digits=5, decimal_places=4)]
"""A part of the list price: 0.15 is fifteen per cent off."""


class PriceDecision(StrEnum):
    """What a level may do with what is asked."""

    APPROVE = "approve"
    CHANGE = "change"
    REJECT = "reject"


class SpecialPriceEvent(Event):
    """A fact of one special price."""

    AGGREGATE: ClassVar[str] = "special_price"
    special_price: UUID


class SpecialPriceRequested(SpecialPriceEvent):
    """A partner asked for a discount on a line of its registration; ``size`` is in program currency.

    ``levels`` must approve, in this order and each by another person. ``distributor`` is the one that the price will be bound to (C11).
    ``readers`` are those of the registration's own legs and of its region; nobody else reads it.
    """

    NAME: ClassVar[str] = "special_price_requested.v1"
    registration: UUID
    customer: UUID
    line: Key
    asked_by: PartnerId
    distributor: PartnerId | None
    discount: Discount
    size: Money
    competitor: Text | None
    levels: tuple[Key, ...]
    rulebook_version: Key
    requested_by: Key
    requested_at: Instant
    dealers: tuple[UUID, ...]
    distributors: tuple[UUID, ...]
    managers: tuple[UUID, ...]


class SpecialPriceLevelDecided(SpecialPriceEvent):
    """One level decided; ``discount`` is what it approves, ``levels_left`` are those that must follow."""

    NAME: ClassVar[str] = "special_price_level_decided.v1"
    level: Key
    decision: PriceDecision
    discount: Discount
    levels_left: tuple[Key, ...]
    decided_by: Key
    reason: Text
    decided_at: Instant


class SpecialPriceGranted(SpecialPriceEvent):
    """The last level approved: the price holds from here up to ``price_to``, or as long as its claim, whichever is shorter."""

    NAME: ClassVar[str] = "special_price_granted.v1"
    discount: Discount
    price_to: Instant
    granted_at: Instant


class SpecialPriceRejected(SpecialPriceEvent):
    """A level rejected it; the partner may ask anew."""

    NAME: ClassVar[str] = "special_price_rejected.v1"
    level: Key
    reason: Text
    rejected_at: Instant


class SpecialPriceEnded(SpecialPriceEvent):
    """Its date came, its claim ended, its distributor changed, another replaced it, or it was never decided."""

    NAME: ClassVar[str] = "special_price_ended.v1"
    reason: Text
    ended_at: Instant


EVENTS: tuple[type[Event], ...] = (
    SpecialPriceRequested,
    SpecialPriceLevelDecided,
    SpecialPriceGranted,
    SpecialPriceRejected,
    SpecialPriceEnded,
)
