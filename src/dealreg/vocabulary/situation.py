"""What a decision may look at, and what it has decided so far (architecture D3).

A decision is a function of what is true, what is asked and the time passed in. It asks the situation for the streams that it needs;
one that has not been read yet raises ``Unread``, the shell reads it and the decision is made again from the start. So the list
``read`` holds exactly the streams, with versions, that the decision rests on: no ruling falls on a stale partner or rulebook.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

from dealreg.vocabulary.fact import Aggregate, Event, Fact, Held
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.refused import Unknown

S = TypeVar("S")


class Unread(Exception):
    """The decision needs streams that were not read: ``streams`` maps each to its aggregate's name."""

    def __init__(self, streams: Mapping[StreamId, str]) -> None:
        """Name the streams, so that one query reads all of them."""
        super().__init__(f"{len(streams)} streams to read")
        self.streams = dict(streams)


class Watermarks(dict[str, datetime]):
    """The watermarks of a decision; ``seen`` are those that it looked at, as they were given."""

    def __init__(self, given: Mapping[str, datetime]) -> None:
        """Nothing is seen yet."""
        super().__init__(given)
        self.seen: dict[str, datetime] = {}
        self._given = given

    def get(self, source: str, default: Any = None) -> Any:
        """The watermark of a source. Noted: what it was is an input of the decision."""
        if source in self._given:
            self.seen[source] = self._given[source]
        return super().get(source, default)

    def __getitem__(self, source: str) -> datetime:
        if source in self._given:
            self.seen[source] = self._given[source]
        return super().__getitem__(source)


class Candidates:
    """Customers that may be meant, found by the shell in a table that may lag: they are compared here, never taken (ROE-24).

    ``seen`` is what the decision was given, ``wanted`` what it looked for and nobody has searched yet: then it goes on as if nobody were
    there, the shell searches, and where that finds anybody it is decided again.
    """

    def __init__(self, given: Mapping[str, tuple[UUID, ...]]) -> None:
        """``given`` maps what names a description to the customers found for it."""
        self.seen: dict[str, tuple[UUID, ...]] = {}
        self.wanted: dict[str, object] = {}
        self._given = given

    def near(self, named: str, description: object) -> tuple[UUID, ...]:
        """The customers found for a description that is ``named`` so. Noted: who they were is an input of the decision."""
        if named not in self._given:
            self.wanted[named] = description
            return ()
        if self._given[named]:
            self.seen[named] = self._given[named]
        return self._given[named]


TRIED = "tried"
"""The outcome of a clause that was in force and whose guard held: it had its say."""

OFF = "off"
"""The outcome of a clause that this version does not have in force."""


class Tried(NamedTuple):
    """A clause that came to be tried on a line of a registration, in the order of the decision.

    ``outcome`` is ``TRIED`` or ``OFF``, or None where its guard kept it from the claim; ``reason`` then says so.
    """

    clause: str
    outcome: str | None
    reason: str | None
    registration: UUID | None
    line: str | None


class Situation:
    """The states that one decision sees, the instant at which it falls, and the facts that it makes."""

    def __init__(
        self,
        program: str,
        at: datetime,
        held: Mapping[StreamId, Held[Any]],
        watermarks: Mapping[str, datetime] | None = None,
        candidates: Mapping[str, tuple[UUID, ...]] | None = None,
    ) -> None:
        """``held`` holds every stream read so far, empty ones (version 0) included; ``at`` is the instant of the decision.

        ``watermarks`` says for each fed source up to which instant all its messages are decided: nothing that rides on it falls due
        later than that (architecture D17). A source that is missing there is not bounded. ``asked_at`` stays the instant of the
        asking while ``at`` steps through what was due before: the time for an answer counts from the notice. ``candidates``: those that
        a search found for the descriptions of customers that the decision asked about.
        """
        self.program = program
        self.at = at
        self.asked_at = at
        self.began_at = at
        self.watermarks = Watermarks(watermarks or {})
        self.candidates = Candidates(candidates or {})
        self.tried: list[Tried] = []
        self.tracing = False
        self._held = held
        self._seen: dict[UUID, Any] = {}
        self._now: dict[StreamId, Any] = {}
        self._recorded: dict[StreamId, int] = {}
        self.read: dict[StreamId, int] = {}
        self.facts: list[Fact] = []

    def of(self, aggregate: Aggregate[S], stream: UUID) -> S:
        """The state of a stream, this decision's own facts included. Raises ``Unread`` when it was not read.

        Raises ``Unknown`` where the id names a thing of another kind: whoever asked took one id for another.
        """
        try:
            return cast("S", self._seen[stream])  # Asked for again and again: one look-up answers.
        except KeyError:
            self.need(aggregate.name, [stream])
        state: S = self._held[StreamId(stream)].state
        if type(state) is not type(aggregate.initial):
            raise Unknown(f"there is no such {aggregate.name}; check its id")
        self._seen[stream] = state
        return state

    def need(self, kind: str, streams: Iterable[UUID]) -> None:
        """Ask for several streams at once, so that the shell reads them in one query. Raises ``Unread``."""
        wanted = [StreamId(stream) for stream in streams]
        missing = {stream: kind for stream in wanted if stream not in self._held}
        if missing:
            raise Unread(missing)
        for stream in wanted:
            self.read.setdefault(stream, self._held[stream].version)

    def version(self, stream: UUID) -> int:
        """The version of a stream that was read, this decision's own facts included."""
        name = StreamId(stream)
        return self._held[name].version + self._recorded.get(name, 0)

    def record(self, aggregate: Aggregate[S], stream: UUID, event: Event, *, effective_at: datetime | None = None) -> S:
        """Make a fact: the stream's state moves on at once; ``effective_at`` is the decision's instant unless given."""
        if event.AGGREGATE != aggregate.name:
            raise TypeError(f"{event.NAME} is a fact of {event.AGGREGATE}, not of {aggregate.name}")
        state = aggregate.evolve(self.of(aggregate, stream), event)
        name = StreamId(stream)
        self._now[name] = self._seen[name] = state
        self._recorded[name] = self._recorded.get(name, 0) + 1
        self.facts.append(Fact(name, event, effective_at or self.at))
        return state

    def tries(
        self,
        clause: str,
        outcome: str | None = None,
        reason: str | None = None,
        *,
        registration: UUID | None = None,
        line: str | None = None,
    ) -> None:
        """Note that a clause came to be tried. It decides nothing: ``explain`` decides again with ``tracing`` to tell the order."""
        self.tried.append(Tried(clause, outcome, reason, registration, line))

    def led_by(self, at: datetime) -> None:
        """Decide at the instant that a trusted source wrote (rules.md section 1, Priority time)."""
        self.at = self.asked_at = at

    def states(self) -> dict[StreamId, Any]:
        """The states of the streams in which this decision made facts."""
        return dict(self._now)
