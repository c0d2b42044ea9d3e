"""From requests to facts and answers, in batches (architecture D14).

One query reads what a batch names, the core decides one request after another, one call of ``append`` saves all their facts and
answers each by itself. Those that came too late, and only those, are decided again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from random import SystemRandom
from typing import Any

import structlog
from pydantic import JsonValue

from dealreg.service.ledger.cache import Seen, States
from dealreg.service.ledger.errors import Unstorable
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.outcomes import Broken, Decided, LateOutcome, Outcome, RefusedOutcome
from dealreg.service.ledger.recorded import Appended, PersonalRow, Saved, Statement
from dealreg.service.ledger.sitting import Core, Search, Sitting
from dealreg.service.ledger.task import Made, Task, digest_of
from dealreg.service.ledger.watermarks import WatermarkView
from dealreg.service.personal import refs
from dealreg.vocabulary.fact import Aggregate, Request
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.refused import Refused
from dealreg.vocabulary.situation import Situation

TRIES = 6
"""A late command is decided again at most five times (architecture D14)."""

STEP_ASIDE = 0.002
"""Seconds; doubled with each try, and up to that long a late command waits, so that those who collide do not collide in step."""

_RANDOM = SystemRandom()

log = structlog.get_logger(__name__)

Personal = Mapping[str, PersonalRow]
"""Personal values by ``ref``; one is kept only when a recorded fact names it."""


class Dispatch:
    """Decides batches. Threads may share one. Logs one line a request, ``command_decided``."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        decide: Callable[[Request, Situation], dict[str, JsonValue]],
        home: Callable[[Request], StreamId],
        home_kind: Callable[[Request], str],
        aggregates: Mapping[str, Aggregate[Any]],
        build: str,
        cache_size: int = 20_000,
        search: Search | None = None,
    ) -> None:
        """The core's three functions and its aggregates by name; ``build`` names this program in every fact.

        ``search`` finds customers that a description may mean; without it nobody is found but by identifier and equal name.
        """
        self.ledger = ledger
        self._core = Core(decide, home, home_kind, build)
        self._states = States(ledger, aggregates, cache_size)
        self._watermarks = WatermarkView(ledger)
        self._search = search

    def decide_batch(
        self, requests: Sequence[Request], personal: Personal | None = None, extra_sql: Sequence[Statement] = ()
    ) -> list[Outcome]:
        """The outcome of each request, in order.

        ``extra_sql`` is run once, in the transaction of the first save, whatever becomes of the requests. Raises ``Unavailable``
        (nothing is known of any request that was not answered before: ask again) and ``Unstorable`` (of ``extra_sql`` only).
        """
        started = time.perf_counter()
        outcomes: dict[int, Outcome] = {}
        tasks = self._tasks(requests, outcomes)
        tries = 0
        while (tasks or extra_sql) and tries < TRIES:
            if tries:
                time.sleep(_RANDOM.uniform(0, STEP_ASIDE * 2**tries))
            tries += 1
            tasks = self._try(tasks, outcomes, personal or {}, extra_sql)
            extra_sql = ()
        outcomes |= {task.number: LateOutcome(tries) for task in tasks}
        milliseconds = round((time.perf_counter() - started) * 1000, 3)
        for number, request in enumerate(requests):
            _tell(request, outcomes[number], tries=tries, batch=len(requests), milliseconds=milliseconds)
        return [outcomes[number] for number in range(len(requests))]

    def see(self, streams: Mapping[StreamId, str]) -> Seen:
        """Streams as they stand, for a shell that needs to know of one; ``streams`` maps each to its aggregate's name.

        Raises ``Unavailable``.
        """
        return self._states.see(streams)

    def _tasks(self, requests: Sequence[Request], outcomes: dict[int, Outcome]) -> list[Task]:
        """A task for each request whose home can be named."""
        tasks = []
        for number, request in enumerate(requests):
            try:
                home = self._core.home(request)
                wanted = {home: self._core.home_kind(request)}
                tasks.append(Task(number, request, home, digest_of(request), wanted))
            except Refused as refused:
                outcomes[number] = RefusedOutcome(refused)
            except Exception as error:  # noqa: BLE001 - it is set aside with its reason; its neighbours stand
                outcomes[number] = Broken(error)
        return tasks

    def _try(
        self, tasks: Sequence[Task], outcomes: dict[int, Outcome], personal: Personal, extra: Sequence[Statement]
    ) -> list[Task]:
        """Decide and save once; the tasks that came too late."""
        sitting = Sitting(self._states, self._core, self._watermarks.now(), self._search)
        made = sitting.decide(tasks) if tasks else []
        try:
            appended = self._save(made, personal, extra, sitting.head)
        except Unstorable as unstorable:
            return self._singly(tasks, outcomes, personal, extra, unstorable)
        late = {tasks[number].number for number in appended.late}
        lost = {fact.originator_id for number in appended.late for fact in made[number].facts}
        self._states.keep(
            {stream: held for one in made for stream, held in (one.after or {}).items() if stream not in lost}
        )
        seen = appended.before + sum(
            len(one.facts) for task, one in zip(tasks, made, strict=True) if task.number not in late
        )
        for task, one in zip(tasks, made, strict=True):
            if task.number not in late:
                outcomes[task.number] = _outcome(one, seen)
        return [task for task in tasks if task.number in late]

    def _save(self, made: Sequence[Made], personal: Personal, extra: Sequence[Statement], head: int) -> Appended:
        """One call of append; none when there is nothing to save."""
        if not extra and not any(one.facts for one in made):
            return Appended(head, frozenset())
        return self.ledger.append([_saved(one, personal) for one in made], extra)

    def _singly(
        self,
        tasks: Sequence[Task],
        outcomes: dict[int, Outcome],
        personal: Personal,
        extra: Sequence[Statement],
        unstorable: Unstorable,
    ) -> list[Task]:
        """One value that cannot be stored turns a whole save away: find whose it is, and let the others stand."""
        if extra:
            self.ledger.append([], extra)
        if len(tasks) == 1 and not extra:
            outcomes[tasks[0].number] = Broken(unstorable)
            return []
        return [late for task in tasks for late in self._try([task], outcomes, personal, ())]


def _saved(made: Made, personal: Personal) -> Saved:
    rows = [
        personal[ref]._replace(stream=fact.originator_id, program=fact.meta.program)
        for fact in (made.facts if personal else ())
        for ref in refs(fact.event)
        if ref in personal
    ]
    return Saved(made.facts, made.read, rows)


def _outcome(made: Made, seen: int) -> Outcome:
    if made.refused is not None:
        return RefusedOutcome(made.refused)
    if made.broken is not None:
        return Broken(made.broken)
    names = frozenset(fact.event.NAME for fact in made.facts)
    return Decided(made.answer or {}, len(made.facts), seen, repeated=made.after is None, names=names)


def _tell(request: Request, outcome: Outcome, **figures: Any) -> None:
    """The one line a request leaves in the log; no value that a person could be known by."""
    bound = log.bind(
        command=type(request.command).__name__,
        request=request.id,
        program=request.program,
        role=request.actor.role,
        caller=request.actor.caller,
        cause=request.cause,
        source=f"{request.source.stream}:{request.source.sequence}" if request.source else None,
        **figures,
    )
    match outcome:
        case Decided(facts=facts, seen=seen, repeated=repeated):
            bound.info("command_decided", outcome="repeated" if repeated else "decided", facts=facts, position=seen)
        case RefusedOutcome(refused=refused):
            kind = type(refused).__name__
            bound.info("command_decided", outcome="refused", refused=kind, clause=refused.clause, why=refused.reason)
        case Broken(exception=exception):
            bound.error("command_decided", outcome="broken", exc_info=exception)
        case LateOutcome():
            bound.warning("command_decided", outcome="late")
