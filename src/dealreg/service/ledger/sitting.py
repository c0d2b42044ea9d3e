"""One sitting: a batch of requests decided once, one after another, each on the states that the ones before it left."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from dealreg.service.ledger.cache import AnyHeld, Seeing
from dealreg.service.ledger.task import Made, Task, left_by, sealed
from dealreg.service.ledger.watermarks import Watermarks
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.refused import Refused, Reused
from dealreg.vocabulary.situation import Situation, Unread

ROUNDS = 16
"""How often a decision may find that it looked at other streams than those that were read; real ones do once or twice."""

AT_ONCE = 200
"""How many streams that nobody has read a decision may look at before they are read."""

Search = Callable[[Sequence[Any]], Sequence[tuple[UUID, ...]]]
"""For each description of a customer, those that it may be: found in a table that may lag behind the ledger."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Core:
    """What the shell knows of the core: it is handed in, so that a test can hand in another."""

    decide: Callable[[Request, Situation], dict[str, JsonValue]]
    home: Callable[[Request], StreamId]
    home_kind: Callable[[Request], str]
    build: str


class _Guessing(Situation):
    """A situation that guesses what it has not read, so that a decision need not stop at each stream it comes to."""

    def __init__(self, *given: Any, guess: Callable[[dict[StreamId, str]], None]) -> None:
        super().__init__(*given)
        self._guess = guess

    def need(self, kind: str, streams: Iterable[UUID]) -> None:
        wanted = [StreamId(stream) for stream in streams]
        missing = {stream: kind for stream in wanted if stream not in self._held}
        if missing:
            self._guess(missing)
        super().need(kind, wanted)


@dataclass(slots=True)
class Sitting:
    """Decides tasks on states that were read; it saves nothing.

    A stream that a decision comes to and that was not read is guessed: as it was last seen, or empty. Then all that was guessed
    is read in one query. Where a guess was right the decision is the one it would have been; where one was wrong everything is
    decided again on what was read. So decisions run once or twice, not once for each stream that they come to. Customers that a
    decision asks about are ``search``ed in the same way: it goes on as if nobody were there, and again where somebody is.

    ``now`` are the streams as the decisions so far leave them, ``head`` is the newest position when they were read.
    """

    states: Seeing
    core: Core
    watermarks: Watermarks = field(default_factory=dict)
    search: Search | None = None
    now: dict[StreamId, AnyHeld] = field(default_factory=dict)
    unreadable: dict[StreamId, Exception] = field(default_factory=dict)
    at: datetime = _NEVER
    head: int = 0
    _read: dict[StreamId, AnyHeld] = field(default_factory=dict)
    _guessed: dict[StreamId, str] = field(default_factory=dict)
    _versions: dict[StreamId, int] = field(default_factory=dict)
    _kinds: dict[StreamId, str] = field(default_factory=dict)
    _near: dict[str, tuple[UUID, ...]] = field(default_factory=dict)
    _wanted: dict[str, object] = field(default_factory=dict)

    def decide(self, tasks: Sequence[Task]) -> list[Made]:
        """What becomes of each task, in order; one query for what they are known to need and one for what they came to.

        Raises ``Unavailable``.
        """
        self._see({stream: kind for task in tasks for stream, kind in task.wanted.items()})
        for _ in range(ROUNDS):
            made = self._round(tasks, AT_ONCE)
            if (not self._guessed or self._guessed_right()) and not self._found_more():
                return made
        return self._round(tasks, 0)

    def _round(self, tasks: Sequence[Task], at_once: int) -> list[Made]:
        """Decide every task, each on what those before it leave."""
        self.now, self._guessed, self._versions, self._wanted = dict(self._read), {}, {}, {}
        made = []
        for task in tasks:
            one = self._one(task, at_once)
            self.now.update(one.after or {})
            task.wanted.update({stream: self._kinds[stream] for stream in one.read})
            made.append(one)
        return made

    def _guessed_right(self) -> bool:
        """Read what was guessed; did it stand as guessed?"""
        guessed = self._guessed
        self._see(guessed)
        return all(stream in self._read and self._read[stream].version == self._versions[stream] for stream in guessed)

    def _found_more(self) -> bool:
        """Search for the customers that the decisions asked about; is there anybody whom they did not look at?

        Raises ``Unavailable``.
        """
        if self.search is None or not self._wanted:
            return False
        found = self.search(list(self._wanted.values()))
        self._near.update(zip(self._wanted, found, strict=True))
        return any(found)

    def _see(self, streams: Mapping[StreamId, str]) -> None:
        seen = self.states.see({stream: kind for stream, kind in streams.items() if stream not in self._read})
        self._read.update(seen.held)
        self._kinds.update(streams)
        self.unreadable.update(seen.unreadable)
        self.at, self.head = max(self.at, seen.at), seen.head

    def _one(self, task: Task, at_once: int) -> Made:
        """One decision on the states as they are now; guesses at most ``at_once`` streams."""
        request, left = task.request, at_once

        def guess(missing: dict[StreamId, str]) -> None:
            nonlocal left
            left -= len(missing)
            if left < 0 or self.unreadable.keys() & missing:
                raise Unread(missing)
            for stream, kind in missing.items():
                self.now[stream] = self.states.guess(stream, kind)
                self._guessed[stream] = self._kinds[stream] = kind
                self._versions[stream] = self.now[stream].version

        # In UTC whatever the zone of the server: what is told of it is then the same when it is decided again.
        instant = (request.door_at or self.at).astimezone(UTC)
        marks = self.watermarks.get(request.program)
        situation = _Guessing(request.program, instant, self.now, marks, self._near, guess=guess)
        try:
            return self._answer(task, situation)
        except Unread as unread:
            reasons = [self.unreadable[stream] for stream in unread.streams if stream in self.unreadable]
            stuck = RuntimeError(f"the decision asked for more streams {ROUNDS} times in a row")
            return Made(self._rests_on(task, situation), broken=reasons[0] if reasons else stuck)
        except Refused as refused:
            return Made(self._rests_on(task, situation), refused=refused)
        except Exception as error:  # noqa: BLE001 - it is set aside with its reason; its neighbours stand
            return Made(self._rests_on(task, situation), broken=error)
        finally:
            self._wanted |= situation.candidates.wanted

    def _answer(self, task: Task, situation: Situation) -> Made:
        """The answer given before, or a new one with its facts. Raises ``Reused`` and whatever the core raises."""
        if task.home in self.unreadable:
            raise Unread({task.home: task.wanted[task.home]})
        request = task.request
        before = self.now[task.home].answered.get((request.actor.caller, request.id))
        if before is not None:
            if before.digest != task.digest:
                raise Reused(f"request {request.id} was used before with another content; use a new request id")
            return Made(self._rests_on(task, situation), answer=before.answer)
        answer = self.core.decide(request, situation)
        read = self._rests_on(task, situation)
        facts = sealed(task, situation, read, answer, self.core.build)
        return Made(read, answer, facts, left_by(self.now, situation, facts))

    def _rests_on(self, task: Task, situation: Situation) -> dict[StreamId, int]:
        home = {task.home: self.now[task.home].version} if task.home in self.now else {}
        return home | situation.read
