"""What the CRM said about an account, and what came of it for end customers (decision record 24)."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from dealreg.vocabulary.crm_record import Change, Identifier, names_given
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Count, CustomField, Digest, Instant, Key, Model, Text


class AccountSaid(Model):
    """The fields of an account; ``None`` is "not said". All of them are a company's, so they stand in the clear.

    ``parent`` is the record of the account above it, ``merged_into`` the record that an account which is gone lives on in: both of the
    same source. ``street`` carries the house number, ``country`` is ISO 3166 alpha-2 where the CRM knows it.
    """

    name: Text | None = None
    country: Key | None = None
    place: Key | None = None
    street: Text | None = None
    postcode: Key | None = None
    parent: Key | None = None
    merged_into: Key | None = None
    identifiers: Annotated[tuple[Identifier, ...], Field(max_length=50)] = ()
    custom: Annotated[tuple[CustomField, ...], Field(max_length=1000)] = ()


FIELDS = tuple(name for name in AccountSaid.model_fields if name not in {"custom", "identifiers"})
"""The declared fields with one value each, in the order written."""

NAMING = frozenset({"name", "country", "place", "street", "postcode"})
"""The declared fields that say who the company is."""


def names_of(said: AccountSaid) -> tuple[str, ...]:
    """The names of the fields with a value: declared ones, ``identifier:<scheme>`` and ``custom:<name>``."""
    return names_given(said, FIELDS)


class Unusable(Model):
    """What an account says under ``field`` that cannot be used, and why."""

    field: Key
    reason: Text


class AccountEvent(Event):
    """A fact of one account."""

    AGGREGATE: ClassVar[str] = "account"
    account: UUID


class AccountChanged(AccountSaid, AccountEvent):
    """A message told something newer than was known; only fields that it changed are given, ``nulled`` names those it emptied.

    ``message``, ``order``, ``late`` as with an opportunity. ``unusable`` names identifiers that are none of their scheme, such as the
    domain of a mail provider: they are kept as they were said, and name nobody.
    """

    NAME: ClassVar[str] = "account_changed.v1"

    source: Key
    record: Key
    message: Digest
    order: Key
    change: Change
    changed_at: Instant
    nulled: tuple[Key, ...] = ()
    late: tuple[Key, ...] = ()
    unusable: tuple[Unusable, ...] = ()


class AccountWentStale(AccountEvent):
    """The CRM says that the record changed, and not how: what is known of the company may be old until it is read whole (ROE-22)."""

    NAME: ClassVar[str] = "account_went_stale.v1"

    source: Key
    record: Key
    message: Digest
    order: Key
    changed_at: Instant
    why: Text | None = None


class AccountResolved(AccountEvent):
    """From here on it is known which end customer the account is: the one that its id in the CRM names."""

    NAME: ClassVar[str] = "account_resolved.v1"

    source: Key
    record: Key
    customer: UUID


class AccountAwaited(AccountEvent):
    """Another account names this one as its parent, or as the one it was merged into, before anything is known of it."""

    NAME: ClassVar[str] = "account_awaited.v1"

    source: Key
    record: Key
    awaited_by: Key


class AccountFollowed(AccountEvent):
    """The account is known, and those of ``records``, which waited for that, have followed."""

    NAME: ClassVar[str] = "account_followed.v1"

    records: tuple[Key, ...]


class AccountPlaced(AccountEvent):
    """What accounts say of the company above their end customer has taken effect, from ``held_from`` on; none: it stands by itself.

    On the stream of the account whose word it is. ``turn`` counts the placings of one customer, the highest is in force.
    """

    NAME: ClassVar[str] = "account_placed.v1"

    customer: UUID
    parent: UUID | None
    held_from: Instant
    turn: Count


class AccountMerged(AccountEvent):
    """The CRM merged the account into another, so their end customers were merged (ROE-24)."""

    NAME: ClassVar[str] = "account_merged.v1"

    merged_into: Key
    absorbed: UUID
    into: UUID


class AccountParted(AccountEvent):
    """The CRM brought a merged account back, so the merge of the end customers was undone (ROE-24, C45)."""

    NAME: ClassVar[str] = "account_parted.v1"

    absorbed: UUID
    into: UUID


class AccountLinkRefused(AccountEvent):
    """What the account says under ``field`` of another account, ``named``, was not done, and why."""

    NAME: ClassVar[str] = "account_link_refused.v1"

    field: Key
    named: Key
    reason: Text


class AccountLinkSettled(AccountEvent):
    """What the account says under ``field`` is no longer refused: others said something that took the reason away."""

    NAME: ClassVar[str] = "account_link_settled.v1"

    field: Key


EVENTS: tuple[type[Event], ...] = (
    AccountChanged,
    AccountWentStale,
    AccountResolved,
    AccountAwaited,
    AccountFollowed,
    AccountPlaced,
    AccountMerged,
    AccountParted,
    AccountLinkRefused,
    AccountLinkSettled,
)
