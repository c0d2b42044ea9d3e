"""What happens to the ledger itself and to those who look at it: the facts of audit, recorded in the ledger like any other (audit D10)."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Count, Digest, Instant, Key, Text, Whole


class AuditFactEvent(Event):
    """A fact about the ledger; ``meta`` says who and why."""

    AGGREGATE: ClassVar[str] = "audit"


class Migrated(AuditFactEvent):
    """A migration was applied: its file's name without the ending, and SHA-256 of its text."""

    NAME: ClassVar[str] = "audit.migrated.v1"

    migration: Key
    digest: Digest


class Attempt(StrEnum):
    """What was to delete personal values."""

    ERASURE = "erasure"
    RETENTION = "retention"


class HoldKind(StrEnum):
    """What a legal hold is laid on."""

    SUBJECT = "subject"
    DEAL = "deal"
    CUSTOMER = "customer"
    CONFLICT = "conflict"
    PROGRAM = "program"


class SubjectErased(AuditFactEvent):
    """All that was held about a person was deleted: which refs name nothing any more, which dead letters lost their bytes, under which basis.

    ``pseudonym`` is SHA-256(salt then subject): whoever asked was given the salt, and it is kept nowhere (architecture D15).
    """

    NAME: ClassVar[str] = "audit.subject_erased.v1"

    refs: tuple[Key, ...]
    letters: tuple[Whole, ...] = ()
    pseudonym: Digest | None = None
    basis: Text | None = None


class ErasureRefused(AuditFactEvent):
    """Values were to be deleted and were not, because legal holds stand over ``covered`` of them."""

    NAME: ClassVar[str] = "audit.erasure_refused.v1"

    holds: tuple[UUID, ...]
    attempt: Attempt = Attempt.ERASURE
    covered: Count = 0


class HoldPlaced(AuditFactEvent):
    """A legal hold: nothing that it covers is deleted before it is lifted.

    ``about`` is the id of a deal, a customer or a conflict, the name of a program, or the pseudonym of a person: SHA-256(salt then subject).
    """

    NAME: ClassVar[str] = "audit.hold_placed.v1"

    hold: UUID
    matter: Key
    kind: HoldKind
    about: Key


class HoldLifted(AuditFactEvent):
    """A legal hold ended."""

    NAME: ClassVar[str] = "audit.hold_lifted.v1"

    hold: UUID
    matter: Key


class RetentionApplied(AuditFactEvent):
    """What was older than its class is kept was deleted: of which class, from when on it is kept, how many; ``held`` stay under legal holds."""

    NAME: ClassVar[str] = "audit.retention_applied.v1"

    kept_class: Key
    kept_from: Instant
    deleted: Whole
    held: Whole = 0
    refs: tuple[Key, ...] = ()
    letters: tuple[Whole, ...] = ()


class StreamHeadsSealed(AuditFactEvent):
    """The map of the newest version of every stream at a size of the log: how many streams, and the root of the tree over them."""

    NAME: ClassVar[str] = "audit.stream_heads_sealed.v1"

    log_size: Whole
    streams: Whole
    root: Digest


class LogRestored(AuditFactEvent):
    """Sealed positions were lost, by a promotion or a restored backup: a new origin goes on from what stands of the old one.

    ``size`` and ``root`` are the newest that was signed under ``old_origin``; ``kept`` is up to which size its tree still holds.
    """

    NAME: ClassVar[str] = "audit.log_restored.v1"

    origin: Key
    old_origin: Key
    size: Whole
    root: Digest
    kept: Whole


class LogKeyRotated(AuditFactEvent):
    """The log signs with another key (C2SP verifier keys): from ``from_size`` on the new one counts."""

    NAME: ClassVar[str] = "audit.log_key_rotated.v1"

    origin: Key
    old: Text
    new: Text
    from_size: Whole


class LogKeyRevoked(AuditFactEvent):
    """A key counts no more for checkpoints of ``from_size`` and beyond."""

    NAME: ClassVar[str] = "audit.log_key_revoked.v1"

    origin: Key
    key: Text
    from_size: Whole


class Face(StrEnum):
    """Through which door somebody looked."""

    CLI = "cli"
    HTTP = "http"


class TrailRead(AuditFactEvent):
    """Somebody asked a question of the trail: which one, about what, through which door. The answer is not recorded."""

    NAME: ClassVar[str] = "audit.trail_read.v1"

    question: Key
    about: Text
    face: Face


class Exported(AuditFactEvent):
    """Something left the house for others to check: in which form, about what, of how long a log, how many facts, and SHA-256 of it."""

    NAME: ClassVar[str] = "audit.exported.v1"

    form: Key
    about: Text
    log_size: Whole
    facts: Whole
    digest: Digest


class LogImported(AuditFactEvent):
    """The ledger was taken in from an export: so many facts with this root, from a file with this SHA-256."""

    NAME: ClassVar[str] = "audit.log_imported.v1"

    size: Whole
    root: Digest
    file: Digest


class Change(StrEnum):
    """What was seen; ``watch_lost``: changes may have been made that nobody saw."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    TRUNCATE = "truncate"
    WATCH_LOST = "watch_lost"


class TamperingSeen(AuditFactEvent):
    """A change of what nobody may change was seen in the database's own log of changes."""

    NAME: ClassVar[str] = "audit.tampering_seen.v1"

    change: Change
    table: Key
    where: Text


EVENTS: tuple[type[Event], ...] = (
    Migrated, SubjectErased, ErasureRefused, HoldPlaced, HoldLifted, RetentionApplied, StreamHeadsSealed, LogRestored,
    LogKeyRotated, LogKeyRevoked, TrailRead, Exported, LogImported, TamperingSeen,
)  # fmt: skip
