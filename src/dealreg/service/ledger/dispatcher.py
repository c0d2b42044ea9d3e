"""Concurrent callers share a commit (architecture D14): who comes while a batch is being decided is in the next one.

There is no thread of its own. The first caller decides; when it is done it hands the turn to the first of those who came
meanwhile, who decides for all of them. Alone, a caller decides at once.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock

from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.outcomes import Busy, Outcome
from dealreg.service.ledger.recorded import PersonalRow
from dealreg.vocabulary.fact import Request

QUEUE = 1000
"""How many commands may wait (architecture D14)."""

OLD = 2.0
"""Seconds after which a waiting command is sent away (architecture D14)."""

TOGETHER = 100
"""How many commands share a commit at most: the last of them waits for the decisions of all."""


@dataclass(eq=False, slots=True)
class _Waiting:
    request: Request
    personal: Sequence[PersonalRow]
    since: float
    woken: Event = field(default_factory=Event)
    leads: bool = False
    outcome: Outcome | None = None
    error: Exception | None = None


class Dispatcher:
    """The queue in front of a dispatch, for callers that ask one thing at a time. Threads share one."""

    def __init__(
        self, dispatch: Dispatch, *, queue: int = QUEUE, old: float = OLD, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``old`` in seconds by ``clock``."""
        self._dispatch = dispatch
        self._limit, self._old, self._clock = queue, old, clock
        self._queue: deque[_Waiting] = deque()
        self._deciding = False
        self._lock = Lock()

    @property
    def waiting(self) -> int:
        """How many commands wait now."""
        return len(self._queue)

    def submit(self, request: Request, personal: Sequence[PersonalRow] = (), timeout: float = 10.0) -> Outcome:
        """The outcome of a request. Raises ``Busy``, and ``Unavailable`` also when ``timeout`` seconds were not enough.

        After ``Unavailable`` it may have been decided: the same request id finds the answer.
        """
        mine = _Waiting(request, personal, self._clock())
        with self._lock:
            if len(self._queue) >= self._limit:
                raise Busy(f"{self._limit} commands are waiting")
            self._queue.append(mine)
            if not self._deciding:
                self._deciding = mine.leads = True
        if not mine.leads:
            self._wait(mine, timeout)
        if mine.leads:
            self._lead()
        if mine.error is not None:
            raise mine.error
        if mine.outcome is None:
            raise RuntimeError("the batch was left without an outcome")
        return mine.outcome

    def _wait(self, mine: _Waiting, timeout: float) -> None:
        if mine.woken.wait(timeout):
            return
        with self._lock:
            if mine.woken.is_set():
                return
            if mine in self._queue:
                self._queue.remove(mine)
                mine.error = Busy(f"not begun within {timeout:g} s")
            else:
                mine.error = Unavailable(f"not decided within {timeout:g} s; ask again with the same request id")
            mine.woken.set()

    def _lead(self) -> None:
        """Decide everything that waits, this caller's own request first, then hand the turn on."""
        with self._lock:
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), TOGETHER))]
        try:
            self._decide(batch)
        finally:
            with self._lock:
                for one in batch:
                    one.woken.set()
                following = self._queue[0] if self._queue else None
                self._deciding = following is not None
                if following is not None:
                    following.leads = True
                    following.woken.set()

    def _decide(self, batch: Sequence[_Waiting]) -> None:
        now = self._clock()
        fresh = [one for one in batch if now - one.since <= self._old]
        for one in batch:
            if one not in fresh:
                one.error = Busy(f"waited more than {self._old:g} s")
        if not fresh:
            return
        personal = {row.ref: row for one in fresh for row in one.personal}
        try:
            outcomes = self._dispatch.decide_batch([one.request for one in fresh], personal)
        except Exception as error:  # noqa: BLE001 - whoever leads, each caller is told
            for one in fresh:
                one.error = Unavailable(str(error)) if isinstance(error, Unavailable) else error
            return
        for one, outcome in zip(fresh, outcomes, strict=True):
            one.outcome = outcome
