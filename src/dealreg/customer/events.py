"""Who an end customer is: one identity for all programs, held by the identifiers that name it (architecture D13)."""

from typing import ClassVar
from uuid import UUID

from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Key, Text


class CustomerOpened(Event):
    """A customer that no identifier knew. ``possible`` are those of an equal comparable name; a person tells, never the name."""

    AGGREGATE: ClassVar[str] = "customer"
    NAME: ClassVar[str] = "customer_opened.v1"
    customer: UUID
    name: Text | None
    country: Key | None
    place: Key | None
    possible: tuple[UUID, ...]


class IdentifierAssigned(Event):
    """The identifier, in canonical form, names this customer from here on."""

    AGGREGATE: ClassVar[str] = "identifier"
    NAME: ClassVar[str] = "identifier_assigned.v1"
    scheme: Key
    value: Key
    customer: UUID


class NameKeyUsed(Event):
    """A customer was opened under this coarse name key, so that two newcomers at one instant see each other."""

    AGGREGATE: ClassVar[str] = "name_key"
    NAME: ClassVar[str] = "name_key_used.v1"
    country: Key
    key: Key
    comparable: Text
    customer: UUID


EVENTS: tuple[type[Event], ...] = (CustomerOpened, IdentifierAssigned, NameKeyUsed)
