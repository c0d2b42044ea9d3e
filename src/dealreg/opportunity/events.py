"""What the CRM said about an opportunity, one fact a message that told us something newer (architecture D4)."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from dealreg.vocabulary.crm_record import Change, Identifier, names_given
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Amount, Currency, CustomField, Day, Digest, Instant, Key, Model, Sealed, Text


class Outcome(StrEnum):
    """How the opportunity stands in the CRM."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Owner(StrEnum):
    """Whose the opportunity is: the manufacturer's own sales team's, or a partner's."""

    DIRECT = "direct"
    PARTNER = "partner"


class Said(Model):
    """The fields of an opportunity; ``None`` is "not said". Partners are named by their ids in the program.

    ``partner`` is the dealer; ``filed_by`` is missing where the CRM does not say who of them filed. ``owner`` is ``direct`` where the
    manufacturer's own team owns it (ROE-19). ``amount`` and ``currency`` change separately in a CRM, so they are two fields here.
    ``contact`` is a person, hence sealed.
    """

    name: Text | None = None
    stage: Key | None = None
    outcome: Outcome | None = None
    customer_ref: Key | None = None
    customer_name: Text | None = None
    country: Key | None = None
    place: Key | None = None
    street: Key | None = None
    postcode: Key | None = None
    identifiers: Annotated[tuple[Identifier, ...], Field(max_length=50)] = ()
    partner: PartnerId | None = None
    distributor: PartnerId | None = None
    master: PartnerId | None = None
    filed_by: PartnerId | None = None
    owner: Owner | None = None
    lines: Annotated[tuple[Key, ...], Field(max_length=200)] | None = None
    territory: Key | None = None
    amount: Amount | None = None
    currency: Currency | None = None
    close_on: Day | None = None
    contact: Sealed | None = None
    custom: Annotated[tuple[CustomField, ...], Field(max_length=1000)] = ()


FIELDS = tuple(name for name in Said.model_fields if name not in {"custom", "identifiers"})
"""The declared fields with one value each, in the order written."""


def names_of(said: Said) -> tuple[str, ...]:
    """The names of the fields with a value: declared ones, ``identifier:<scheme>`` and ``custom:<name>``."""
    return names_given(said, FIELDS)


class OpportunityChanged(Said, Event):
    """A message told something newer than was known; only fields that it changed are given, ``nulled`` names those it emptied.

    ``message`` is the digest of the message's identity, ``order`` its place among the source's changes of this record (compared as
    text). ``late`` names the fields that it carried too late: a newer value was known. A name in ``nulled`` or ``late`` is that of a
    declared field, or ``custom:`` with the CRM's own name, or ``identifier:`` with the scheme.
    """

    NAME: ClassVar[str] = "opportunity_changed.v1"
    AGGREGATE: ClassVar[str] = "opportunity"

    opportunity: UUID
    source: Key
    record: Key
    message: Digest
    order: Key
    change: Change
    changed_at: Instant
    nulled: tuple[Key, ...] = ()
    late: tuple[Key, ...] = ()


class OpportunityWentStale(Event):
    """The CRM says that the record changed, and not how: until it is read whole, nothing but hard stops ends what rides on it (ROE-22)."""

    NAME: ClassVar[str] = "opportunity_went_stale.v1"
    AGGREGATE: ClassVar[str] = "opportunity"

    opportunity: UUID
    source: Key
    record: Key
    message: Digest
    order: Key
    changed_at: Instant
    why: Text | None = None


EVENTS: tuple[type[Event], ...] = (OpportunityChanged, OpportunityWentStale)
