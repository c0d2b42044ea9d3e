"""Which worker decides what: decisions that share a file, a registration or a conflict stay together, in order.

Only ids are looked at, so that the log is split in a small part of the time that deciding it takes. Partners, rulebooks and the
identities of customers are shared: whoever decides on one of them reads its facts.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from pydantic_core import from_json

from dealreg.service.backtest.course import SHARED
from dealreg.service.ledger.recorded import Row
from dealreg.service.ledger.stored_names import stored_names

NOBODY = -1

MOST_WORKERS = 8
"""One bit each."""


@dataclass(frozen=True, slots=True)
class Shares:
    """For each fact of a log, in order: the worker that decides it again (``NOBODY``: of another program), and a bit for each that reads it.

    ``last`` is the instant of the program's last decision.
    """

    owners: "array[int]"
    readers: "array[int]"
    decisions: int
    last: datetime | None


@dataclass(slots=True)
class Splitter:
    """Takes the log once."""

    program: str
    _parent: dict[str, str] = field(default_factory=dict)
    _shared: set[str] = field(default_factory=set)
    _streams: list[str] = field(default_factory=list)
    _of: "array[int]" = field(default_factory=lambda: array("l"))
    _reads: list[tuple[str, ...]] = field(default_factory=list)
    _last: tuple[str, str, tuple[str, ...]] | None = None
    _at: str | None = None

    def take(self, rows: Iterable[Row]) -> None:
        """Note who has to do with whom."""
        kinds = _kinds()
        for row in rows:
            meta = from_json(row.state)["meta"]
            stream = str(row.stream)
            self._streams.append(stream)
            if kinds.get(row.topic) in SHARED:
                self._shared.add(stream)
            asked = meta.get("request")
            if asked is None or meta["program"] != self.program:
                self._of.append(NOBODY)
                self._last = None
                continue
            reads = tuple(meta["read"])
            this = (asked["caller"], asked["id"], reads)
            if this != self._last:
                self._last = this
                self._reads.append(reads)
            self._of.append(len(self._reads) - 1)
            if (content := asked.get("content")) is not None:
                self._at = content["at"]

    @property
    def decisions(self) -> int:
        """How many decisions of the program there are."""
        return len(self._reads)

    def shares(self, workers: int) -> Shares:
        """The log in as many shares of about equal numbers of decisions."""
        written = set(self._streams)
        owned = [[one for one in reads if one not in self._shared and one in written] for reads in self._reads]
        for streams in owned:
            for other in streams[1:]:
                self._join(streams[0], other)
        worker_of = self._workers([self._root(streams[0]) if streams else None for streams in owned], workers)
        readers = self._readers(worker_of)
        owners = array("b", (worker_of[one] if one != NOBODY else NOBODY for one in self._of))
        needs = array(
            "B", (readers.get(stream, 0) | _bit(owner) for stream, owner in zip(self._streams, owners, strict=True))
        )
        last = datetime.fromisoformat(self._at) if self._at is not None else None
        return Shares(owners, needs, len(self._reads), last)

    def _workers(self, groups: list[str | None], workers: int) -> list[int]:
        """The biggest group first, each to the one that has least to do; what belongs to no group is the first one's."""
        load: list[int] = [0] * workers
        chosen: dict[str | None, int] = {None: 0}
        for group, size in Counter(groups).most_common():
            least = chosen.setdefault(group, min(range(workers), key=load.__getitem__))
            load[least] += size
        return [chosen[group] for group in groups]

    def _readers(self, worker_of: list[int]) -> dict[str, int]:
        """Of each stream the workers whose decisions look at it."""
        found: dict[str, int] = {}
        for reads, worker in zip(self._reads, worker_of, strict=True):
            for stream in reads:
                found[stream] = found.get(stream, 0) | _bit(worker)
        return found

    def _root(self, stream: str) -> str:
        parent = self._parent
        while (above := parent.get(stream, stream)) != stream:
            parent[stream] = parent.get(above, above)
            stream = above
        return stream

    def _join(self, one: str, other: str) -> None:
        a, b = self._root(one), self._root(other)
        if a != b:
            self._parent[b] = a


def _bit(worker: int) -> int:
    return 0 if worker == NOBODY else 1 << worker


def _kinds() -> dict[str, str]:
    """Of each stored name the aggregate whose fact it is."""
    names = stored_names()
    return {name: names.newest(name).AGGREGATE for name in names.names}
