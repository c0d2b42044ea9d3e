"""Facts as they lie in the ledger, salt and bytes included, page by page: what leaves the house and what comes back."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from dealreg.proof.verify import leaf_hash, leaf_text, payload_digest
from dealreg.service.exporting.wanted import Wanted
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.sealing.leaves import COLUMNS, instant_text

PAGE = 200
"""Facts at hand at a time: one has a few kilobytes, the largest about a megabyte."""

_LOG = f"""
SELECT {COLUMNS} FROM ledger.events
WHERE position > %s AND position <= %s AND (%s::text IS NULL OR convert_from(state, 'UTF8')::jsonb #>> '{{meta,program}}' = %s)
ORDER BY position LIMIT %s
"""  # noqa: S608 - constants
_SOME = f"SELECT {COLUMNS} FROM ledger.events WHERE position = ANY (%s::bigint[]) ORDER BY position"  # noqa: S608 - constants
_OF_STREAMS = """
SELECT position FROM ledger.events
WHERE originator_id = ANY (%s::uuid[]) AND position > %s AND position <= %s ORDER BY position
"""


class Stored(NamedTuple):
    """A fact with everything that its leaf is made of; ``recorded_at`` in the leaf's own words."""

    position: int
    stream: str
    version: int
    topic: str
    state: bytes
    recorded_at: str
    recorded_by: str
    salt: bytes

    @property
    def leaf(self) -> bytes:
        """The hash of its leaf."""
        digest = payload_digest(self.salt, self.state)
        return leaf_hash(
            leaf_text(self.position, self.stream, self.version, self.recorded_at, self.recorded_by, self.topic, digest)
        )


def instant(at: datetime) -> str:
    """An instant as the leaf says it: UTC with six digits."""
    return instant_text(at.astimezone(UTC))


def stored(ledger: Ledger, wanted: Wanted) -> Iterator[Stored]:
    """The facts wanted in the order recorded. Raises ``Unavailable``."""
    return _whole(ledger, wanted) if wanted.streams is None else _of(ledger, wanted, sorted(wanted.streams))


def _whole(ledger: Ledger, wanted: Wanted) -> Iterator[Stored]:
    after = wanted.after
    while page := ledger.run(_LOG, [after, wanted.up_to, wanted.program, wanted.program, PAGE]):
        yield from map(of_row, page)
        after = page[-1]["position"]


def _of(ledger: Ledger, wanted: Wanted, streams: list[UUID]) -> Iterator[Stored]:
    positions = [row["position"] for row in ledger.run(_OF_STREAMS, [streams, wanted.after, wanted.up_to])]
    for start in range(0, len(positions), PAGE):
        yield from map(of_row, ledger.run(_SOME, [positions[start : start + PAGE]]))


def of_row(row: dict[str, Any]) -> Stored:
    """A row of ``COLUMNS``, in their order."""
    position, stream, version, topic, state, at, by, salt = row.values()
    return Stored(position, str(stream), version, topic, bytes(state), instant(at), by, bytes(salt))
