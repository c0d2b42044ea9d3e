"""Facts about the ledger itself, which enter through ``ledger.append_audit`` (architecture D1, D10, D15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import ClassVar

from dealreg.service.ledger.mapper import encode
from dealreg.vocabulary.fact import Actor, Event, Meta, Role
from dealreg.vocabulary.ids import ProgramId, StreamId, derived
from dealreg.vocabulary.values import Digest, Key, Text

INSTALLATION = ProgramId("installation")
"""The program of facts that belong to no program."""

MIGRATIONS = StreamId(derived("audit", "migrations"))
"""The stream of the migrations of this database."""

BUILD = "dealreg"


class Migrated(Event):
    """A migration was applied: its file's name without the ending, and SHA-256 of its text."""

    NAME: ClassVar[str] = "audit.migrated.v1"
    AGGREGATE: ClassVar[str] = "audit"

    migration: Key
    digest: Digest


class SubjectErased(Event):
    """All that was held about a person was deleted: which refs name nothing any more. Who it was is not said (architecture D15)."""

    NAME: ClassVar[str] = "audit.subject_erased.v1"
    AGGREGATE: ClassVar[str] = "audit"

    refs: tuple[Key, ...]


EVENTS: tuple[type[Event], ...] = (Migrated, SubjectErased)


@dataclass(frozen=True, slots=True)
class AuditFact:
    """A fact of audit, ready to be appended."""

    stream: StreamId
    topic: str
    state: bytes


def migrated(migration: str, text: bytes, *, login: str) -> AuditFact:
    """The fact that a migration was applied by a login."""
    event = Migrated(migration=migration, digest=sha256(text).hexdigest())
    return _fact(MIGRATIONS, event, f"login:{login}", None)


def subject_erased(refs: Sequence[str], *, by: str, reason: Text) -> AuditFact:
    """The fact that values were deleted, in a stream of its own."""
    stream = StreamId(derived("audit", "erasure", *sorted(refs)))
    return _fact(stream, SubjectErased(refs=tuple(sorted(refs))), by, reason)


def _fact(stream: StreamId, event: Event, subject: str, reason: Text | None) -> AuditFact:
    actor = Actor(role=Role.AUDITOR, subject=subject)
    meta = Meta(program=INSTALLATION, actor=actor, reason=reason, effective_at=datetime.now(UTC), build=BUILD)
    return AuditFact(stream, event.NAME, encode(meta, event))
