"""What the seal says now, and how far outside it is: read and written by whoever carries checkpoints out of the house."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dealreg.service.proving.hashes import Run

_NEWEST = """
SELECT c.origin, c.size, c.root, c.note, c.sealed_at
FROM (SELECT s.origin FROM seal.standing AS s ORDER BY s.beat_at DESC LIMIT 1) AS now,
LATERAL (SELECT * FROM seal.checkpoints AS k WHERE k.origin = now.origin ORDER BY k.size DESC LIMIT 1) AS c
"""
_ORIGINS = "SELECT origin FROM seal.standing ORDER BY beat_at"
_BEHIND = "SELECT origin, size, root, note, sealed_at FROM seal.checkpoints WHERE origin = %s AND size > %s ORDER BY size LIMIT %s"
_CARRIED = "SELECT size, done_at FROM seal.carried WHERE errand = %s AND taker = %s AND origin = %s"
_DONE = """
INSERT INTO seal.carried AS c (errand, taker, origin, size, done_at) VALUES (%s, %s, %s, %s, clock_timestamp())
ON CONFLICT (errand, taker, origin) DO UPDATE
SET size = excluded.size, done_at = excluded.done_at, tried_at = clock_timestamp(), trouble = NULL
"""
_TROUBLE = """
INSERT INTO seal.carried AS c (errand, taker, origin, size, trouble) VALUES (%s, %s, %s, 0, %s)
ON CONFLICT (errand, taker, origin) DO UPDATE SET tried_at = clock_timestamp(), trouble = excluded.trouble
"""


class NotCarried(Exception):
    """A taker did not take it: the message says why. It is tried again, and shown meanwhile."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A checkpoint as it was signed."""

    origin: str
    size: int
    root: bytes
    note: str
    sealed_at: datetime

    @property
    def body(self) -> str:
        """What is signed, cosigned and stamped: the note without its signature lines."""
        return self.note.rpartition("\n\n")[0] + "\n"


@dataclass(frozen=True, slots=True)
class Carried:
    """How far one taker is."""

    size: int = 0
    done_at: datetime | None = None


def newest(run: Run) -> Sealed | None:
    """The newest checkpoint of the origin that the sealer goes on with; none before the first. Raises ``Unavailable``."""
    rows = run(_NEWEST, [])
    return Sealed(**rows[0]) if rows else None


def origins(run: Run) -> list[str]:
    """Every origin, the one that is gone on with last."""
    return [row["origin"] for row in run(_ORIGINS, [])]


def behind(run: Run, origin: str, size: int, limit: int) -> Sequence[Sealed]:
    """The checkpoints of an origin that are larger than a size, the smallest first."""
    return [Sealed(**row) for row in run(_BEHIND, [origin, size, limit])]


def carried(run: Run, errand: str, taker: str, origin: str) -> Carried:
    """How far a taker was when it was last written down."""
    rows: list[dict[str, Any]] = run(_CARRIED, [errand, taker, origin])
    return Carried(**rows[0]) if rows else Carried()


def note_done(run: Run, errand: str, taker: str, origin: str, size: int) -> None:
    """Write down that a taker has it up to this size."""
    run(_DONE, [errand, taker, origin, size])


def note_trouble(run: Run, errand: str, taker: str, origin: str, why: str) -> None:
    """Write down what stands in the way."""
    run(_TROUBLE, [errand, taker, origin, why[:500]])
