"""Facts about the ledger itself, which enter through ``ledger.append_audit`` (architecture D1, D10, D15)."""

import importlib.metadata
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from dealreg.service.ledger.audit_facts import Migrated
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.mapper import encode
from dealreg.vocabulary.fact import Actor, Event, Meta, Role
from dealreg.vocabulary.ids import ProgramId, StreamId, derived
from dealreg.vocabulary.values import Text

INSTALLATION = ProgramId("installation")
"""The program of facts that belong to no program."""

MIGRATIONS = StreamId(derived("audit", "migrations"))
"""The stream of the migrations of this database."""

BUILD = f"dealreg-{importlib.metadata.version('dealreg')}"
"""The program that recorded it, as every other fact names it."""


APPEND = "SELECT before, late FROM ledger.append_audit(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[])"


@dataclass(frozen=True, slots=True)
class AuditFact:
    """A fact of audit, ready to be appended."""

    stream: StreamId
    topic: str
    state: bytes


def fact(
    stream: StreamId,
    event: Event,
    *,
    by: str,
    reason: Text | None = None,
    role: Role = Role.AUDITOR,
    program: ProgramId = INSTALLATION,
) -> AuditFact:
    """A fact of audit in a stream: ``by`` is the pseudonym of who did it, ``login:…`` or ``role:…`` where nobody in person."""
    actor = Actor(role=role, subject=by)
    meta = Meta(program=program, actor=actor, reason=reason, effective_at=datetime.now(UTC), build=BUILD)
    return AuditFact(stream, event.NAME, encode(meta, event))


def record(ledger: Ledger, *facts: AuditFact) -> int:
    """Append facts of audit, all or none, each behind what its stream holds; the position of the last.

    ``ledger`` is of a role that may (auditor, sealer, watcher). Somebody else's fact in one of the streams at the same moment is met
    by trying again. Raises ``Unavailable``.
    """
    while True:
        heads = {one.stream: 0 for one in facts}
        for row in ledger.read_many(heads).rows:
            heads[row.stream] = max(heads[row.stream], row.version)
        versions = []
        for one in facts:
            heads[one.stream] += 1
            versions.append(heads[one.stream])
        lists: list[Any] = [
            [one.stream for one in facts], versions, [one.topic for one in facts], [one.state for one in facts]
        ]  # fmt: skip
        done = ledger.run(APPEND, lists)[0]
        if not done["late"]:
            return int(done["before"]) + len(facts)


def migrated(migration: str, text: bytes, *, login: str) -> AuditFact:
    """The fact that a migration was applied by a login."""
    event = Migrated(migration=migration, digest=sha256(text).hexdigest())
    return fact(MIGRATIONS, event, by=f"login:{login}")
