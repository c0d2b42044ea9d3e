"""Events, commands, requests, and the record of who asked and why that travels with every fact (architecture D3, D5, D16)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import Field, JsonValue

from dealreg.vocabulary.ids import PartnerId, ProgramId, StreamId
from dealreg.vocabulary.values import Count, Digest, Instant, Key, Model, Text

S = TypeVar("S")


def _is_none(value: object) -> bool:
    """What most facts do not have is not written."""
    return value is None


def _is_empty(value: dict[str, Any]) -> bool:
    return not value


class Event(Model):
    """Something that happened. ``NAME`` is how it is stored, for ever; ``AGGREGATE`` says whose fact it is."""

    NAME: ClassVar[str]
    AGGREGATE: ClassVar[str]


class Command(Model):
    """Something that is asked. It carries no clock: the instant comes with the situation."""


@dataclass(frozen=True, slots=True)
class Fact:
    """An event in its stream, with the business instant from which it counts."""

    stream: StreamId
    event: Event
    effective_at: Instant


class Role(StrEnum):
    """What a caller may do and see (rules.md section 4)."""

    DEALER = "dealer"
    DISTRIBUTOR = "distributor"
    MASTER = "master_distributor"
    CHANNEL_MANAGER = "channel_manager"
    DEAL_DESK = "deal_desk"
    AUDITOR = "auditor"
    CRM = "crm"
    CLOCK = "clock"


PARTNER_ROLES = frozenset({Role.DEALER, Role.DISTRIBUTOR, Role.MASTER})


DIRECT_TEAM = "direct"
"""The ``team`` of the manufacturer's people who sell direct; they do not rule on their own opportunities (ROE-19)."""


class Actor(Model):
    """Who asks: a pseudonymous subject, a role, and the partner or region it acts for. Never a person's name (D15).

    ``level`` is a level of approval for special prices that the person holds beside its role (ROE-33). ``team`` is the
    manufacturer's team it belongs to, where that matters: ``direct`` sells direct (ROE-19).
    """

    role: Role
    subject: Key
    partner: PartnerId | None = None
    region: Key | None = None
    level: Key | None = Field(default=None, exclude_if=_is_none)
    team: Key | None = Field(default=None, exclude_if=_is_none)

    @property
    def caller(self) -> str:
        """Whose request ids these are: ids of different callers never meet (ROE-28)."""
        return f"partner:{self.partner}" if self.partner is not None else f"{self.role}:{self.subject}"


class Source(Model):
    """The message that brought the fact: where it lay in the broker, and SHA-256 of its bytes."""

    stream: Key
    sequence: Count
    digest: Digest


class Request(Model):
    """A command with all that is recorded about the asking.

    ``door_at`` is the instant at which our door first had it (the broker's stored instant for the feed); ``None`` means the
    database's clock at the decision. ``source_at`` is the commit time that the CRM's server wrote: it leads only where the rulebook
    trusts that source (rules.md section 1, Priority time). ``cause`` is the id ``<stream>:<version>`` of the event that a policy answers to.
    """

    id: Key
    program: ProgramId
    actor: Actor
    command: Any
    on_behalf_of: PartnerId | None = None
    reason: Text | None = None
    cause: Key | None = None
    source: Source | None = None
    door_at: Instant | None = None
    source_at: Instant | None = None


class Content(Model):
    """What was asked, whole, and what was passed in from outside the ledger: with the facts before it, enough to decide it again.

    ``body`` is the ``command`` without what it leaves at its default, seals as they were drawn. ``at`` is the instant with which the
    decision began, ``source_at`` the request's, ``watermarks`` those that the decision looked at (a source that is missing was not
    bounded), ``candidates`` the customers that a search found for the descriptions that it asked about (one that is missing found nobody).
    """

    command: Key
    body: dict[str, JsonValue]
    at: Instant
    source_at: Instant | None = Field(default=None, exclude_if=_is_none)
    watermarks: dict[str, Instant] = Field(default={}, exclude_if=_is_empty)
    candidates: dict[str, tuple[UUID, ...]] = Field(default={}, exclude_if=_is_empty)


class Asked(Model):
    """The request as the event keeps it: whose, which id, the digest of its content, and the answer that was given.

    One fact of each decision carries the ``content`` too: the one with the answer, else the last.
    """

    caller: Key
    id: Key
    digest: Digest
    answer: dict[str, JsonValue] | None = None
    content: Content | None = Field(default=None, exclude_if=_is_none)


class Meta(Model):
    """All that is sealed with an event beside its data; nothing of it is a column (architecture D16)."""

    program: ProgramId
    actor: Actor
    on_behalf_of: PartnerId | None = None
    reason: Text | None = None
    request: Asked | None = None
    cause: Key | None = None
    source: Source | None = None
    effective_at: Instant
    read: dict[str, int] = {}
    build: Key


@dataclass(frozen=True, slots=True)
class Aggregate(Generic[S]):
    """A kind of stream: its name, the state before its first event, and how an event changes the state."""

    name: str
    initial: S
    evolve: Callable[[S, Event], S]


@dataclass(frozen=True, slots=True)
class Held(Generic[S]):
    """A stream as it stood: how many events, the state they make, and ``answered``: caller and request id → version."""

    version: int
    state: S
    answered: "dict[tuple[str, str], Answered]"


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that this stream has decided: at which version, with which content, and what was answered."""

    version: int
    digest: str
    answer: dict[str, JsonValue] | None


def event_id(stream: UUID, version: int) -> str:
    """The id of an event: known before the save, the same for ever."""
    return f"{stream}:{version}"
