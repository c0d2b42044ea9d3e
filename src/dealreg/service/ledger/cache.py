"""States of streams as they were last seen, brought up to date by reading only what came after (architecture D3).

A stream only ever grows, so a state once folded is right for ever as of its version; it is at worst old. Every decision reads
what came after it, and ``append`` refuses what rests on an old one, so two processes never need to tell each other anything.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Protocol

from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Recorded, Row
from dealreg.vocabulary.fact import Aggregate, Answered, Held
from dealreg.vocabulary.ids import StreamId

AnyHeld = Held[Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What streams hold now: ``at`` is the database's clock at the reading, ``head`` the newest position then.

    ``unreadable`` are the streams that this build cannot fold, with the reason; only who asks for one of them is stopped by it.
    """

    held: dict[StreamId, AnyHeld]
    at: datetime
    head: int
    unreadable: dict[StreamId, Exception] = field(default_factory=dict)


class Seeing(Protocol):
    """What a sitting asks for states."""

    def see(self, streams: Mapping[StreamId, str]) -> Seen:
        """Every stream as it stands."""

    def guess(self, stream: StreamId, kind: str) -> AnyHeld:
        """A stream as it is likely to stand."""


class States:
    """The least recently used states of a process. Threads may share one."""

    def __init__(self, ledger: Ledger, aggregates: Mapping[str, Aggregate[Any]], size: int = 20_000) -> None:
        """``aggregates`` by name; ``size``: how many streams are kept."""
        self._ledger = ledger
        self._aggregates = dict(aggregates)
        self._size = size
        self._kept: OrderedDict[StreamId, AnyHeld] = OrderedDict()
        self._lock = Lock()

    def see(self, streams: Mapping[StreamId, str]) -> Seen:
        """Every stream as it stands, read in one query; ``streams`` maps each to its aggregate's name.

        Raises ``Unavailable``, and ``KeyError`` for an aggregate that nobody has registered.
        """
        held = {stream: self.guess(stream, kind) for stream, kind in streams.items()}
        reading = self._ledger.read_many({stream: known.version for stream, known in held.items()})
        fresh: dict[StreamId, list[Row]] = {}
        for row in reading.rows:
            fresh.setdefault(row.stream, []).append(row)
        seen = Seen(held, reading.at, reading.head)
        for stream, rows in fresh.items():
            try:
                held[stream] = self._advanced(self._aggregates[streams[stream]], held[stream], rows)
            except Exception as error:  # noqa: BLE001 - whatever a fold raises concerns this stream only
                del held[stream]
                seen.unreadable[stream] = error
        self.keep({stream: held[stream] for stream in fresh if stream in held})
        return seen

    def keep(self, held: Mapping[StreamId, AnyHeld]) -> None:
        """Remember states that the ledger is known to hold; never one that is older than what is remembered."""
        with self._lock:
            for stream, state in held.items():
                known = self._kept.get(stream)
                if known is None or known.version <= state.version:
                    self._kept[stream] = state
                self._kept.move_to_end(stream)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def guess(self, stream: StreamId, kind: str) -> AnyHeld:
        """The stream as it was last seen, empty if it never was; asks nobody. Right for ever as of its version."""
        with self._lock:
            known = self._kept.get(stream)
            if known is not None:
                self._kept.move_to_end(stream)
                return known
        return Held(0, self._aggregates[kind].initial, {})

    def _advanced(self, aggregate: Aggregate[Any], held: AnyHeld, rows: Sequence[Row]) -> AnyHeld:
        state, answered = held.state, dict(held.answered)
        for row in rows:
            recorded = self._ledger.read(row)
            state = aggregate.evolve(state, recorded.event)
            remember(answered, recorded)
        return Held(rows[-1].version, state, answered)


def remember(answered: dict[tuple[str, str], Answered], recorded: Recorded) -> None:
    """Keep the answer that an event carries, if it carries one."""
    asked = recorded.meta.request
    if asked is not None and asked.answer is not None:
        answered[asked.caller, asked.id] = Answered(recorded.originator_version, asked.digest, asked.answer)
