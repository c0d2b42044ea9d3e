"""Up to which instant all messages of a source are decided (architecture D17).

A source without a word in the rulebook runs on the broker's clock: its watermark is the stored instant of the last message behind which
nothing is open, or the broker's present when nothing is open at all. Where the rulebook lets the source's own clock lead, it is the
highest commit time decided. A watermark only grows, and one that lags is safe: things fall due a little later.

A feed may lie in several parts (the partitions of a Kafka topic), and a source's messages in any of them, so that what is undecided in
one part holds back every source: the instant is the earliest of all parts'. A source's own clock counts, where there are several parts,
only once that instant has passed the message that told it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from dealreg.service.intake.brokers.channel import Part
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

    stream: str
    """The part of the feed in which it lies."""
    sequence: int
    stored_at: datetime
    program: str | None = None
    source: str | None = None
    committed_at: datetime | None = None


class Watermarks:
    """Follows one feed of the broker. Threads may share it."""

    def __init__(self, ledger: Ledger, feed: str, led: Led) -> None:
        """``feed``: its name, whichever broker carries it."""
        self._ledger, self._feed, self._led = ledger, feed, led
        self._floors: dict[str, int] = {}
        self._reached: dict[str, datetime] = {}
        self._apart = timedelta(0)
        self._marks: dict[tuple[str, int], Mark] = {}
        self._lock = Lock()

    def decided(self, marks: Sequence[Mark]) -> None:
        """Take note of decided messages; where a source leads, write at once: it must stand before they are acknowledged.

        Raises ``Unavailable``.
        """
        with self._lock:
            self._marks |= {(mark.stream, mark.sequence): mark for mark in marks}
            for stream in self._floors:
                while (stream, self._floors[stream] + 1) in self._marks:
                    self._floors[stream] += 1
            if any(mark.program and mark.source and self._led(mark.program, mark.source) for mark in marks):
                self._write()

    def settled(self, parts: Mapping[str, Part], apart: timedelta = timedelta(0)) -> None:
        """What the broker says of all parts that there are; ``apart``: how far the clocks that stamp messages may be apart.

        Raises ``Unavailable``.
        """
        with self._lock:
            self._apart = apart
            self._floors = {
                stream: max(part.floor, self._floors.get(stream, part.floor)) for stream, part in parts.items()
            }
            self._reached = {stream: at for stream, at in self._reached.items() if stream in parts}
            for stream, part in parts.items():
                if part.until is not None:
                    self._reach(stream, part.until)
            self._write()

    def _reach(self, stream: str, at: datetime) -> None:
        self._reached[stream] = max(at, self._reached.get(stream, at))

    def _write(self) -> None:
        """Bring the rows to the floors and forget the marks below them."""
        below = [
            mark for mark in self._marks.values() if mark.sequence <= self._floors.get(mark.stream, mark.sequence - 1)
        ]
        for mark in below:
            self._reach(mark.stream, mark.stored_at)
        if not self._floors or not self._floors.keys() <= self._reached.keys():
            return
        until = min(self._reached[stream] for stream in self._floors) - self._apart
        counted = [mark for mark in below if self._counts(mark, until)]
        told = _told(counted, until, self._led)
        self._ledger.run(_MOVE, {**told, "until": until, "stream": self._feed})
        for mark in counted:
            del self._marks[mark.stream, mark.sequence]

    def _counts(self, mark: Mark, until: datetime) -> bool:
        """Whether nothing that came before it can lie undecided in another part; of whose clock does not lead, that is in ``until``."""
        if len(self._floors) == 1 or mark.stored_at <= until or not (mark.program and mark.source):
            return True
        return not self._led(mark.program, mark.source)


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
