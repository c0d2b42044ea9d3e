"""Who an end customer is: one identity for all programs, held by the identifiers that name it (architecture D13)."""

from typing import ClassVar
from uuid import UUID

from dealreg.customer.likeness import Likeness
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Count, Instant, Key, Model, Text


class KnownIdentifier(Model):
    """An identifier in canonical form."""

    scheme: Key
    value: Key


class CustomerEvent(Event):
    """A fact of one end customer."""

    AGGREGATE: ClassVar[str] = "customer"
    customer: UUID


class CustomerOpened(CustomerEvent):
    """A customer that no identifier knew. ``possible`` are those that a person must tell from it, never the name (ROE-24).

    They are customers of an equal comparable name whose identifiers do not tell them apart; ``alike`` is how many there are, of which
    ``possible`` names the first few where a name is so common that it says nothing: then the question is who this customer is at all.
    ``readers`` are those who may read that question. ``shared`` are domains that name other customers too, and so say nothing by themselves.
    """

    NAME: ClassVar[str] = "customer_opened.v1"
    name: Text | None
    country: Key | None
    place: Key | None
    possible: tuple[UUID, ...]
    alike: Count = 0
    identifiers: tuple[KnownIdentifier, ...] = ()
    readers: tuple[UUID, ...] = ()
    street: Key | None = None
    postcode: Key | None = None
    shared: tuple[KnownIdentifier, ...] = ()


class CustomerRecognised(CustomerEvent):
    """A request described the customer otherwise than it is known, and a comparison said that it is the same (ROE-24).

    Never on name and place alone: a domain, or the house (street, number, postcode), agreed too and no number of one register differed.
    """

    NAME: ClassVar[str] = "customer_recognised.v1"
    name: Text | None
    country: Key | None
    place: Key | None
    street: Key | None
    postcode: Key | None
    identifiers: tuple[KnownIdentifier, ...]
    likeness: Likeness


class CustomerIdentified(CustomerEvent):
    """A further identifier names the customer from here on."""

    NAME: ClassVar[str] = "customer_identified.v1"
    scheme: Key
    value: Key


class IdentityQuestioned(CustomerEvent):
    """The two may be one customer: of an equal name, alike, or one request gave identifiers of both. A person tells (ROE-24).

    ``ground``: ``name``, ``likeness`` or ``identifiers``; ``likeness`` is what a comparison said where there was one.
    """

    NAME: ClassVar[str] = "identity_questioned.v1"
    other: UUID
    ground: Key
    readers: tuple[UUID, ...]
    likeness: Likeness | None = None


class CustomersToldApart(CustomerEvent):
    """A person said that the two are different; they are not asked again. Without ``other``: from all of its name."""

    NAME: ClassVar[str] = "customers_told_apart.v1"
    other: UUID | None
    reason: Text
    told_by: Key
    told_at: Instant


class CustomersMerged(CustomerEvent):
    """The two are one customer: ``absorbed`` answers with ``into`` from here on. On both streams.

    ``identifiers`` and ``possible`` (what was still asked) come along; ``steps`` is how many merges lie below ``into`` now, at most 5.
    """

    NAME: ClassVar[str] = "customers_merged.v1"
    absorbed: UUID
    into: UUID
    identifiers: tuple[KnownIdentifier, ...]
    possible: tuple[UUID, ...]
    steps: Count
    reason: Text
    merged_by: Key
    merged_at: Instant


class MergeUndone(CustomerEvent):
    """They are two customers after all, and told apart. On both streams (C45)."""

    NAME: ClassVar[str] = "merge_undone.v1"
    absorbed: UUID
    into: UUID
    identifiers: tuple[KnownIdentifier, ...]
    reason: Text
    undone_by: Key
    undone_at: Instant


class CustomerSplit(CustomerEvent):
    """It was two customers from the beginning: what is named went to ``to``, and the two are told apart. On both streams.

    ``identifiers`` name ``to`` from here on; ``registrations`` are filed on it from here on, with what they claim in their file.
    """

    NAME: ClassVar[str] = "customer_split.v1"
    parted: UUID
    to: UUID
    identifiers: tuple[KnownIdentifier, ...]
    registrations: tuple[UUID, ...]
    reason: Text
    split_by: Key
    split_at: Instant


class ParentCompanyNamed(CustomerEvent):
    """The company above it from ``held_from`` on; none: it stands by itself (ROE-24, reach). On both streams."""

    NAME: ClassVar[str] = "parent_company_named.v1"
    parent: UUID | None
    held_from: Instant


class IdentifierAssigned(Event):
    """The identifier, in canonical form, names this customer from here on."""

    AGGREGATE: ClassVar[str] = "identifier"
    NAME: ClassVar[str] = "identifier_assigned.v1"
    scheme: Key
    value: Key
    customer: UUID


class IdentifierShared(Event):
    """A domain names this customer too: two with numbers of their own in one register use it, or a person must tell (ROE-24).

    A group's domain is that of every company of the group: it makes none of them another.
    """

    AGGREGATE: ClassVar[str] = "identifier"
    NAME: ClassVar[str] = "identifier_shared.v1"
    scheme: Key
    value: Key
    customer: UUID


class IdentifierReassigned(Event):
    """The identifier names another customer from here on: a merge, its undoing, or a split."""

    AGGREGATE: ClassVar[str] = "identifier"
    NAME: ClassVar[str] = "identifier_reassigned.v1"
    scheme: Key
    value: Key
    customer: UUID
    was: UUID


class NameKeyUsed(Event):
    """A customer goes by this name under its coarse key, so that two newcomers at one instant see each other.

    ``identifiers`` are those that it has; said again when it has more.
    """

    AGGREGATE: ClassVar[str] = "name_key"
    NAME: ClassVar[str] = "name_key_used.v1"
    country: Key
    key: Key
    comparable: Text
    customer: UUID
    identifiers: tuple[KnownIdentifier, ...] = ()


EVENTS: tuple[type[Event], ...] = (
    CustomerOpened,
    CustomerRecognised,
    CustomerIdentified,
    IdentityQuestioned,
    CustomersToldApart,
    CustomersMerged,
    MergeUndone,
    CustomerSplit,
    ParentCompanyNamed,
    IdentifierAssigned,
    IdentifierShared,
    IdentifierReassigned,
    NameKeyUsed,
)
