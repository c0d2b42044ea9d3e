"""An event with its place in its stream: what the library calls a domain event, and the row that it becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from dealreg.vocabulary.fact import Event, Meta
from dealreg.vocabulary.ids import StreamId


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event, its place, and all that is sealed with it; ``originator_id`` and ``originator_version`` are the library's words."""

    originator_id: StreamId
    originator_version: int
    meta: Meta
    event: Event


class Row(NamedTuple):
    """A fact as it is stored: ``state`` is the JSON of ``{"meta": …, "data": …}``, ``topic`` the stored name."""

    position: int
    stream: StreamId
    version: int
    topic: str
    state: bytes
    recorded_at: datetime
    recorded_by: str


class PersonalRow(NamedTuple):
    """A personal value that goes beside the ledger when a fact names its ``ref`` (architecture D15).

    ``stream`` and ``program`` are those of the fact; a legal hold and a retention ask for them.
    """

    ref: str
    subject: str
    value: str
    salt: bytes
    stream: UUID | None = None
    program: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What one command saves: its facts, the versions of the streams that it read, and the personal values its facts name."""

    facts: Sequence[Recorded]
    read: Mapping[StreamId, int]
    personal: Sequence[PersonalRow] = ()


@dataclass(frozen=True, slots=True)
class Appended:
    """What came of a save: the position before it, and the indexes of the commands that came too late and were left out."""

    before: int
    late: frozenset[int]


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows of streams in the order recorded, and the instant at which they were read: the database's clock, never before the last fact."""

    rows: Sequence[Row]
    at: datetime
    head: int


Statement = tuple[str, Sequence[Any]]
"""SQL with its parameters, to be run in the transaction of a save."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The lists that ``ledger.append`` takes."""

    commands: list[int] = field(default_factory=list)
    ids: list[StreamId] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    states: list[bytes] = field(default_factory=list)
    read_commands: list[int] = field(default_factory=list)
    read_ids: list[StreamId] = field(default_factory=list)
    read_versions: list[int] = field(default_factory=list)

    def write(self, command: int, stream: StreamId, version: int, topic: str, state: bytes) -> None:
        """One fact of a command."""
        self.commands.append(command)
        self.ids.append(stream)
        self.versions.append(version)
        self.topics.append(topic)
        self.states.append(state)

    def read(self, command: int, streams: Mapping[StreamId, int]) -> None:
        """The streams that a command rests on, with the versions it saw."""
        self.read_commands.extend([command] * len(streams))
        self.read_ids.extend(streams)
        self.read_versions.extend(streams.values())

    def lists(self) -> tuple[list[Any], ...]:
        """In the order of the function's parameters."""
        return (
            self.commands, self.ids, self.versions, self.topics, self.states,
            self.read_commands, self.read_ids, self.read_versions,
        )  # fmt: skip
