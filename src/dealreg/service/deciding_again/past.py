"""The states of every stream up to a place in the log, and a situation as a decision there found it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from dealreg.process.deciding import AGGREGATES
from dealreg.service.ledger.recorded import Recorded
from dealreg.vocabulary.fact import Aggregate, Fact, Held
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.situation import Situation

S = TypeVar("S")
States = dict[StreamId, Held[Any]]


class Past:
    """States that move on as facts are folded into them. Keeps one state a stream, not its answers: nothing is asked twice here."""

    def __init__(self) -> None:
        """Nothing was recorded yet."""
        self.held: States = {}

    def fold(self, facts: Iterable[Recorded]) -> None:
        """Go past these facts. What is of no aggregate (a fact of audit) changes no state."""
        for fact in facts:
            aggregate = AGGREGATES.get(fact.event.AGGREGATE)
            if aggregate is None:
                continue
            held = self.held.get(fact.originator_id)
            state = aggregate.evolve(aggregate.initial if held is None else held.state, fact.event)
            self.held[fact.originator_id] = Held(fact.originator_version, state, {})

    def adopt(self, facts: Iterable[Recorded], states: Mapping[StreamId, Any]) -> None:
        """Go past facts that were just decided again to the letter: their states are known."""
        for fact in facts:
            self.held[fact.originator_id] = Held(fact.originator_version, states[fact.originator_id], {})

    def go_on(self, fact: Fact) -> None:
        """Go past a fact that was decided here and recorded nowhere."""
        aggregate = AGGREGATES[fact.event.AGGREGATE]
        held = self.held.get(fact.stream) or Held(0, aggregate.initial, {})
        self.held[fact.stream] = Held(held.version + 1, aggregate.evolve(held.state, fact.event), {})

    def version(self, stream: UUID) -> int:
        """How many facts a stream has here."""
        held = self.held.get(StreamId(stream))
        return held.version if held is not None else 0

    def state(self, aggregate: Aggregate[S], stream: UUID) -> S:
        """The state of a stream here."""
        held = self.held.get(StreamId(stream))
        state: S = held.state if held is not None else aggregate.initial
        return state

    def situation(
        self,
        program: str,
        at: datetime,
        watermarks: Mapping[str, datetime],
        candidates: Mapping[str, tuple[UUID, ...]] | None = None,
    ) -> Situation:
        """What a decision finds here; ``candidates`` are those that were found for it."""
        return _Finding(program, at, self.held, watermarks, candidates)


class _Finding(Situation):
    """A situation in which every stream is read: one that is not there is empty."""

    def __init__(
        self,
        program: str,
        at: datetime,
        held: States,
        watermarks: Mapping[str, datetime],
        candidates: Mapping[str, tuple[UUID, ...]] | None,
    ) -> None:
        super().__init__(program, at, held, watermarks, candidates)
        self._states = held

    def need(self, kind: str, streams: Iterable[UUID]) -> None:
        wanted = [StreamId(stream) for stream in streams]
        for stream in wanted:
            if stream not in self._states:
                self._states[stream] = Held(0, AGGREGATES[kind].initial, {})
        super().need(kind, wanted)
