"""One sitting: a batch of requests decided once, one after another, each on the states that the ones before it left."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import JsonValue

from dealreg.service.ledger.cache import AnyHeld, States
from dealreg.service.ledger.task import Made, Task, left_by, sealed
from dealreg.service.ledger.watermarks import Watermarks
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.refused import Refused, Reused
from dealreg.vocabulary.situation import Situation, Unread

ROUNDS = 16
"""How often in a row a decision may find that it needs more streams; real ones need three or four."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Core:
    """What the shell knows of the core: it is handed in, so that a test can hand in another."""

    decide: Callable[[Request, Situation], dict[str, JsonValue]]
    home: Callable[[Request], StreamId]
    home_kind: Callable[[Request], str]
    build: str


@dataclass(slots=True)
class Sitting:
    """Decides tasks on states that were read, reading more in rounds; it saves nothing.

    ``now`` are the streams as the decisions so far leave them, ``head`` is the newest position when they were read.
    """

    states: States
    core: Core
    watermarks: Watermarks = field(default_factory=dict)
    now: dict[StreamId, AnyHeld] = field(default_factory=dict)
    unreadable: dict[StreamId, Exception] = field(default_factory=dict)
    at: datetime = _NEVER
    head: int = 0

    def decide(self, tasks: Sequence[Task]) -> list[Made]:
        """What becomes of each task, in order; one query a round for all of them. Raises ``Unavailable``."""
        self._see({stream: kind for task in tasks for stream, kind in task.wanted.items()})
        made: list[Made] = []
        in_vain = 0
        while True:
            done = len(made)
            missing = self._go_on(tasks, made)
            if len(made) == len(tasks):
                return made
            in_vain = in_vain + 1 if len(made) == done else 0
            if in_vain == ROUNDS:
                made.append(
                    Made({}, broken=RuntimeError(f"the decision asked for more streams {ROUNDS} times in a row"))
                )
            self._see(missing)

    def _go_on(self, tasks: Sequence[Task], made: list[Made]) -> dict[StreamId, str]:
        """Decide until one needs more streams; ask those behind it only what they will need, so that one query reads it all."""
        missing: dict[StreamId, str] = {}
        for task in tasks[len(made) :]:
            try:
                one = self._one(task)
            except Unread as unread:
                task.wanted.update(unread.streams)
                missing.update(unread.streams)
                continue
            if not missing:
                made.append(one)
                self.now.update(one.after or {})
        return missing

    def _see(self, streams: Mapping[StreamId, str]) -> None:
        seen = self.states.see({stream: kind for stream, kind in streams.items() if stream not in self.now})
        self.now.update(seen.held)
        self.unreadable.update(seen.unreadable)
        self.at, self.head = max(self.at, seen.at), seen.head

    def _one(self, task: Task) -> Made:
        """One decision on the states as they are now. Raises ``Unread`` when it needs a stream that can be read."""
        situation = Situation(
            task.request.program, task.request.door_at or self.at, self.now, self.watermarks.get(task.request.program)
        )
        try:
            return self._answer(task, situation)
        except Unread as unread:
            reasons = [self.unreadable[stream] for stream in unread.streams if stream in self.unreadable]
            if not reasons:
                raise
            return Made({}, broken=reasons[0])
        except Refused as refused:
            return Made(self._rests_on(task, situation), refused=refused)
        except Exception as error:  # noqa: BLE001 - it is set aside with its reason; its neighbours stand
            return Made(self._rests_on(task, situation), broken=error)

    def _answer(self, task: Task, situation: Situation) -> Made:
        """The answer given before, or a new one with its facts. Raises ``Reused`` and whatever the core raises."""
        if task.home not in self.now:
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
