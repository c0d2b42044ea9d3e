"""From a row of the ledger to its leaf in the log."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from dealreg.proof.verify import leaf_hash, leaf_text, payload_digest

COLUMNS = "position, originator_id, originator_version, topic, state, recorded_at, recorded_by, salt"
"""What is read of ``ledger.events`` for an ``Entry``, in its order. The session's time zone is UTC."""


class Entry(NamedTuple):
    """A fact as it is stored, with all that its leaf is made of. ``recorded_at`` is aware and in UTC."""

    position: int
    stream: UUID
    version: int
    topic: str
    state: bytes
    recorded_at: datetime
    recorded_by: str
    salt: bytes


def instant_text(at: datetime) -> str:
    """An instant of UTC as a leaf writes it: ``2026-09-01T12:00:00.000000Z``."""
    return f"{at.isoformat(timespec='microseconds')[:26]}Z"


def text_of(entry: Entry) -> bytes:
    """The leaf of a fact, as anybody can hash it."""
    return leaf_text(
        entry.position,
        str(entry.stream),
        entry.version,
        instant_text(entry.recorded_at),
        entry.recorded_by,
        entry.topic,
        payload_digest(entry.salt, entry.state),
    )


def leaf_of(entry: Entry) -> bytes:
    """The hash of a fact's leaf."""
    return leaf_hash(text_of(entry))
