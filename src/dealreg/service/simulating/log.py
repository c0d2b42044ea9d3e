"""Recorded facts as JSON lines: one fact a line, its stored bytes as they would lie in the ledger.

``{"stream": …, "version": …, "topic": …, "recorded_at": …, "state": {"meta": …, "data": …}}``; the number of the line is the position.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from dealreg.service.ledger.mapper import decode, encode
from dealreg.service.ledger.recorded import Recorded, Row
from dealreg.service.ledger.stored_names import stored_names
from dealreg.vocabulary.ids import StreamId

STATE = b',"state":'
RECORDED_BY = "simulation"
TICK = timedelta(microseconds=1)


class Malformed(Exception):
    """A file that is no log of recorded facts; the message names the line."""

    exit_code = 2


class LogWriter:
    """Writes facts in the order recorded. What one decision makes has one instant, and instants grow, as in the ledger."""

    def __init__(self, path: Path) -> None:
        """Raises ``OSError`` where the file cannot be made."""
        self._file = path.open("wb")
        self._last = datetime.min.replace(tzinfo=UTC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, facts: Sequence[Recorded], at: datetime) -> None:
        """The facts of one decision, recorded at its instant."""
        if not facts:
            return
        self._last = max(at, self._last + TICK)
        for fact in facts:
            head = {
                "stream": str(fact.originator_id),
                "version": fact.originator_version,
                "topic": fact.event.NAME,
                "recorded_at": self._last.isoformat(),
            }
            opened = json.dumps(head, separators=(",", ":")).encode()[:-1]
            self._file.write(opened + STATE + encode(fact.meta, fact.event) + b"}\n")


def read_rows(path: Path) -> Iterator[Row]:
    """Every line as the ledger would give it. Raises ``Malformed`` and ``OSError``."""
    with path.open("rb") as lines:
        for position, line in enumerate(lines, 1):
            yield _row(path, position, line)


def read_log(path: Path) -> Iterator[Recorded]:
    """Every line as a fact. Raises ``Malformed``, ``OSError``, and ``ValueError`` for a fact that this build cannot read."""
    names = stored_names()
    for row in read_rows(path):
        meta, event = decode(names, row.topic, row.state)
        yield Recorded(row.stream, row.version, meta, event)


def _row(path: Path, position: int, line: bytes) -> Row:
    opened, found, state = line.rstrip(b"\n").partition(STATE)
    try:
        head = json.loads(opened + b"}")
        stream, recorded_at = StreamId(UUID(head["stream"])), datetime.fromisoformat(head["recorded_at"])
        row = Row(position, stream, head["version"], head["topic"], state[:-1], recorded_at, RECORDED_BY)
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed(f"{path}: line {position} is no recorded fact: {error}") from error
    if not found:
        raise Malformed(f"{path}: line {position} has no state")
    return row
