"""What a conflict, a ruling or an appeal does to the claims of a customer file, and when its limits fall due (rules.md section 3)."""

from typing import ClassVar
from uuid import UUID

from dealreg.file.claim_events import FileEvent
from dealreg.file.line_events import LineEvent
from dealreg.file.words import Against
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Scope, Text


class ConflictClockSet(LineEvent):
    """What falls due next in a conflict: the end of evidence, a ruling, the end of a stay, the end of the time for an appeal."""

    NAME: ClassVar[str] = "conflict_clock_set.v1"
    conflict: UUID
    parties: tuple[UUID, ...]
    evidence_to: Instant | None = None
    ruling_to: Instant | None = None
    stay_to: Instant | None = None
    appeal_to: Instant | None = None


class ScopeNarrowed(FileEvent):
    """The claim is of a part of its scope only, at its old time: by its partner or by a ruling ``split_lines``."""

    NAME: ClassVar[str] = "scope_narrowed.v1"
    scope: Scope
    clause: Key
    reason: Text
    narrowed_at: Instant


class ClaimSetBeside(FileEvent):
    """By a ruling ``share`` the claim and those ``beside`` it do not exclude one another; newcomers meet each of them."""

    NAME: ClassVar[str] = "claim_set_beside.v1"
    beside: tuple[UUID, ...]
    clause: Key
    reason: Text


class ClaimRestored(FileEvent):
    """An end that was no end: on appeal the claim waits for its decision again, at its old time (ROE-29)."""

    NAME: ClassVar[str] = "claim_restored.v1"
    clause: Key
    reason: Text
    restored_at: Instant


class AppealLodged(FileEvent):
    """A partner asks another person to judge a decline, a release or a refused extension again (ROE-29)."""

    NAME: ClassVar[str] = "appeal_lodged.v1"
    against: Against
    appealed_by: PartnerId
    decided_by: Key
    reason: Text
    ruling_to: Instant
    appealed_at: Instant
    managers: tuple[UUID, ...]


class AppealOverdue(FileEvent):
    """The judge's decision was due at ``due_at``: the role is told, and again at ``again_at``; silence decides nothing."""

    NAME: ClassVar[str] = "appeal_overdue.v1"
    escalate_to: Key
    due_at: Instant
    again_at: Instant


class AppealRuled(FileEvent):
    """Whether the decision stands (ROE-29); what follows from ``reversed`` is recorded beside it."""

    NAME: ClassVar[str] = "appeal_ruled.v1"
    against: Against
    reversed: bool
    ruled_by: Key
    reason: Text
    ruled_at: Instant


CONFLICT_EVENTS = (
    ConflictClockSet,
    ScopeNarrowed,
    ClaimSetBeside,
    ClaimRestored,
    AppealLodged,
    AppealOverdue,
    AppealRuled,
)
