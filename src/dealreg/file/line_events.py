"""What became of a product line whoever claims it: overrides and conflicts."""

from typing import ClassVar
from uuid import UUID

from dealreg.file.words import Verb
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Scope, Text


class LineEvent(Event):
    """A fact of one customer file about one product line, whoever claims it."""

    AGGREGATE: ClassVar[str] = "file"
    customer: UUID
    line: Key


class OverrideBegan(LineEvent):
    """An override acts on the line from here to ``override_to`` (ROE-21)."""

    NAME: ClassVar[str] = "override_began.v1"
    override: UUID
    verb: Verb
    ground: Key
    scope: Scope
    partner: PartnerId | None
    stops_clock: bool
    override_to: Instant


class OverrideLifted(LineEvent):
    """The override no longer acts: its date came, it was revoked, or a later one replaced it."""

    NAME: ClassVar[str] = "override_lifted.v1"
    override: UUID
    reason: Text
    lifted_at: Instant


class ConflictOpened(LineEvent):
    """A conflict over the line is open: its parties, incumbent first."""

    NAME: ClassVar[str] = "conflict_opened.v1"
    conflict: UUID
    parties: tuple[UUID, ...]


class ConflictSettled(LineEvent):
    """The conflict over the line was ruled or closed."""

    NAME: ClassVar[str] = "conflict_settled.v1"
    conflict: UUID
