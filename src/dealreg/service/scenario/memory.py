"""The ledger of one case, in memory: the real sitting of the dispatcher decides, only the rows are not in a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from dealreg.customer.state import CUSTOMER
from dealreg.matching.blocking import keys
from dealreg.matching.profile import Profile
from dealreg.process.compare_customers import known_as, nearest
from dealreg.service.ledger.cache import AnyHeld, Seen, remember
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.ledger.sitting import Core, Sitting
from dealreg.service.ledger.task import Made, Task, digest_of
from dealreg.vocabulary.fact import Aggregate, Held, Request
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.refused import Refused

NEAREST = 10
"""How many customers a description is compared with, as the table of keys gives."""

BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a request: an answer and facts, or a refusal."""

    request: Request
    answer: dict[str, JsonValue] | None
    facts: tuple[Recorded, ...]
    refused: Refused | None = None
    decided_again: bool = False


class MemoryStates:
    """Every stream of one case as it stands at an instant that the case names."""

    def __init__(self, aggregates: Mapping[str, Aggregate[Any]]) -> None:
        """``aggregates`` by name."""
        self.at = BEGINNING
        self._aggregates = dict(aggregates)
        self._held: dict[StreamId, AnyHeld] = {}
        self._kinds: dict[StreamId, str] = {}
        self._keyed: dict[int, dict[StreamId, None]] = {}

    @property
    def held(self) -> dict[StreamId, AnyHeld]:
        """Every stream that has a fact."""
        return self._held

    def see(self, streams: Mapping[StreamId, str]) -> Seen:
        """Every stream named, empty ones at version 0, and the case's instant as the clock."""
        empty = {stream: Held(0, self._aggregates[kind].initial, {}) for stream, kind in streams.items()}
        return Seen({stream: self._held.get(stream, empty[stream]) for stream in streams}, self.at, 0)

    def guess(self, stream: StreamId, kind: str) -> AnyHeld:
        """A stream as it stands: nobody else writes here."""
        return self._held.get(stream, Held(0, self._aggregates[kind].initial, {}))

    def keep(self, held: Mapping[StreamId, AnyHeld]) -> None:
        """Nothing: what is held here is what was appended."""

    def near(self, profiles: Sequence[Profile]) -> list[tuple[UUID, ...]]:
        """For each description the customers that share a key with it, as the table of keys would find them; the most alike first."""
        return [self._near(profile) for profile in profiles]

    def _near(self, profile: Profile) -> tuple[UUID, ...]:
        found = dict.fromkeys(one for key in keys(profile) for one in self._keyed.get(key, ()))
        scored = {one: nearest(profile, self.state(CUSTOMER, StreamId(one))).score for one in found}
        return tuple(sorted(found, key=lambda one: -scored[one])[:NEAREST])

    def append(self, facts: Sequence[Recorded]) -> None:
        """Fold the facts into their streams."""
        for fact in facts:
            aggregate = self._aggregates[fact.event.AGGREGATE]
            held = self._held.get(fact.originator_id, Held(0, aggregate.initial, {}))
            answered = dict(held.answered)
            remember(answered, fact)
            state = aggregate.evolve(held.state, fact.event)
            self._kinds[fact.originator_id] = aggregate.name
            self._held[fact.originator_id] = Held(fact.originator_version, state, answered)
            if aggregate.name == CUSTOMER.name:
                for key in (key for known in known_as(state) for key in keys(known)):
                    self._keyed.setdefault(key, {})[fact.originator_id] = None

    def version(self, stream: StreamId) -> int:
        """How many facts a stream has."""
        return self._held[stream].version if stream in self._held else 0

    def state(self, aggregate: Aggregate[Any], stream: StreamId) -> Any:
        """The state of a stream."""
        return self._held[stream].state if stream in self._held else aggregate.initial

    def of_kind(self, name: str) -> list[Any]:
        """The states of every stream of one aggregate."""
        return [self._held[stream].state for stream, kind in self._kinds.items() if kind == name]


class MemoryLedger:
    """Decides requests one after another, or two from the same reading, and keeps every fact in order."""

    def __init__(self, core: Core, aggregates: Mapping[str, Aggregate[Any]], *, searches: bool = True) -> None:
        """``core`` decides; ``aggregates`` by name; ``searches``: customers are found by likeness too, as by tables that never lag."""
        self.core = core
        self._searches = searches
        self.states = MemoryStates(aggregates)
        self.facts: list[Recorded] = []

    def ask(self, request: Request, at: datetime) -> Came:
        """Decide at an instant and record. Raises what the core raises when it is no answer."""
        return self._record(request, self._made(request, at))

    def ask_together(self, requests: Sequence[Request], at: datetime) -> list[Came]:
        """Every request is decided before any is recorded; one that rests on what has moved by then is decided again."""
        made = [self._made(request, at) for request in requests]
        return [self._record_if_current(request, one, at) for request, one in zip(requests, made, strict=True)]

    def _record_if_current(self, request: Request, made: Made, at: datetime) -> Came:
        moved = any(self.states.version(stream) != version for stream, version in made.read.items())
        if moved:
            made = self._made(request, at)
        return self._record(request, made, decided_again=moved)

    def _made(self, request: Request, at: datetime) -> Made:
        self.states.at = at
        home = self.core.home(request)
        task = Task(0, request, home, digest_of(request), {home: self.core.home_kind(request)})
        made = Sitting(self.states, self.core, search=self.states.near if self._searches else None).decide([task])[0]
        if made.broken is not None:
            raise made.broken
        return made

    def _record(self, request: Request, made: Made, *, decided_again: bool = False) -> Came:
        facts = tuple(made.facts)
        self.states.append(facts)
        self.facts.extend(facts)
        return Came(request, made.answer, facts, made.refused, decided_again)
