"""Where a back-test reads the log: from the ledger, from a file of facts, or from facts in memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.mapper import decode, encode
from dealreg.service.ledger.recorded import Recorded, Row
from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.simulating.log import read_rows

PAGE = 5000
"""Facts fetched at once."""


class Log(Protocol):
    """A log that can be read from its beginning as often as is wanted."""

    def pages(self) -> Iterator[Sequence[Row]]:
        """Every fact in order, some at a time."""


@dataclass(frozen=True, slots=True)
class LedgerLog:
    """The ledger, up to a position; ``url`` and ``role`` let another process open it too."""

    url: str
    role: str
    head: int

    def pages(self) -> Iterator[Sequence[Row]]:
        """Raises ``Unavailable``."""
        with Ledger(self.url, role=self.role, pool_size=1) as ledger:
            after = 0
            while after < self.head and (rows := ledger.notifications(after, PAGE, up_to=self.head)):
                yield rows
                after = rows[-1].position


@dataclass(frozen=True, slots=True)
class FileLog:
    """A file of recorded facts, such as ``dealreg simulate --out`` writes."""

    path: Path

    def pages(self) -> Iterator[Sequence[Row]]:
        """Raises ``Malformed`` and ``OSError``."""
        rows = read_rows(self.path)
        while page := list(islice(rows, PAGE)):
            yield page


@dataclass(frozen=True, slots=True)
class MemoryLog:
    """Facts that are at hand."""

    rows: tuple[Row, ...]

    @classmethod
    def of(cls, facts: Iterable[Recorded]) -> "MemoryLog":
        """As they would be stored."""
        return cls(tuple(_row(place, fact) for place, fact in enumerate(facts, 1)))

    def pages(self) -> Iterator[Sequence[Row]]:
        """All at once."""
        yield self.rows


def read(row: Row) -> Recorded:
    """The fact of a row. Raises ``ValueError`` when this build cannot read it."""
    meta, event = decode(stored_names(), row.topic, row.state)
    return Recorded(row.stream, row.version, meta, event)


def _row(position: int, fact: Recorded) -> Row:
    state = encode(fact.meta, fact.event)
    at = datetime.fromtimestamp(position, UTC)
    return Row(position, fact.originator_id, fact.originator_version, fact.event.NAME, state, at, "memory")
