"""Up to which instant all messages of a source are decided (architecture D17).

A source without a word in the rulebook runs on the broker's clock: its watermark is the stored instant of the last message behind which
nothing is open, or the broker's present when nothing is open at all. Where the rulebook lets the source's own clock lead, it is the
highest commit time decided. A watermark only grows, and one that lags is safe: things fall due a little later.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from dealreg.service.ledger.ledger import Ledger

Led = Callable[[str, str], bool]
"""Whether a program lets a source's own clock lead."""

_MOVE = """
WITH told AS (SELECT * FROM unnest(%(programs)s::text[], %(sources)s::text[], %(untils)s::timestamptz[], %(led)s::boolean[])
    AS t (program, source, until, led)),
moved AS (
    UPDATE intake.watermarks AS w SET until = %(until)s, at = clock_timestamp()
    WHERE w.stream = %(stream)s AND NOT w.led AND w.until < %(until)s
        AND NOT EXISTS (SELECT 1 FROM told AS t WHERE t.program = w.program AND t.source = w.source)
)
INSERT INTO intake.watermarks AS w (program, source, until, led, stream)
SELECT program, source, until, led, %(stream)s FROM told
ON CONFLICT (program, source) DO UPDATE SET
    until = CASE WHEN w.led = excluded.led THEN greatest(w.until, excluded.until) ELSE excluded.until END,
    led = excluded.led, stream = excluded.stream, at = clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A message that is decided; ``source`` is missing where it could not be read."""

    sequence: int
    stored_at: datetime
    program: str | None = None
    source: str | None = None
    committed_at: datetime | None = None


class Watermarks:
    """Follows one stream of the broker. Threads may share it."""

    def __init__(self, ledger: Ledger, stream: str, led: Led) -> None:
        """``stream``: its name in the broker."""
        self._ledger, self._stream, self._led = ledger, stream, led
        self._floor: int | None = None
        self._marks: dict[int, Mark] = {}
        self._lock = Lock()

    def decided(self, marks: Sequence[Mark]) -> None:
        """Take note of decided messages; where a source leads, write at once: it must stand before they are acknowledged.

        Raises ``Unavailable``.
        """
        with self._lock:
            self._marks |= {mark.sequence: mark for mark in marks}
            if self._floor is not None:
                while self._floor + 1 in self._marks:
                    self._floor += 1
            if any(mark.program and mark.source and self._led(mark.program, mark.source) for mark in marks):
                self._write(None)

    def settled(self, floor: int, idle_at: datetime | None = None) -> None:
        """What the broker says: all up to sequence ``floor`` is acknowledged; nothing at all was open at ``idle_at``, if given.

        Raises ``Unavailable``.
        """
        with self._lock:
            self._floor = max(floor, self._floor or 0)
            self._write(idle_at)

    def _write(self, idle_at: datetime | None) -> None:
        """Bring the rows to the floor and forget the marks below it."""
        below = [mark for sequence, mark in self._marks.items() if self._floor is not None and sequence <= self._floor]
        until = max(
            [mark.stored_at for mark in below] + [idle_at] if idle_at else [mark.stored_at for mark in below],
            default=None,
        )
        if until is None:
            return
        told = _told(below, until, self._led)
        self._ledger.run(_MOVE, {**told, "until": until, "stream": self._stream})
        for mark in below:
            del self._marks[mark.sequence]


def _told(below: Sequence[Mark], until: datetime, led: Led) -> dict[str, list[Any]]:
    """A row for each source that was heard of: the broker's instant, or the highest of its own."""
    own: dict[tuple[str, str], datetime] = {}
    for mark in below:
        if mark.program and mark.source and mark.committed_at:
            key = (mark.program, mark.source)
            own[key] = max(own.get(key, mark.committed_at), mark.committed_at)
    rows = [(program, source, led(program, source), highest) for (program, source), highest in own.items()]
    return {
        "programs": [row[0] for row in rows],
        "sources": [row[1] for row in rows],
        "led": [row[2] for row in rows],
        "untils": [row[3] if row[2] else until for row in rows],
    }
