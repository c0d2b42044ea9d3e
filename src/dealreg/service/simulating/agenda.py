"""What is going to be asked and when, in order; at one instant in the order in which it was put down."""

import heapq
from collections.abc import Callable
from datetime import datetime

from dealreg.vocabulary.fact import Request

Turn = Callable[[datetime], Request | None]
"""Asked when its instant has come; nothing where it has lost its point meanwhile."""


class Agenda:
    """A simulated calendar."""

    def __init__(self) -> None:
        self._turns: list[tuple[datetime, int, Turn]] = []
        self._put = 0

    def put(self, at: datetime, turn: Turn) -> None:
        """Put something down for an instant, in whole seconds (rules.md section 1, Priority time)."""
        self._put += 1
        heapq.heappush(self._turns, (at.replace(microsecond=0), self._put, turn))

    def next(self, before: datetime) -> tuple[datetime, Turn] | None:
        """Take what comes next; nothing once ``before`` is reached."""
        if not self._turns or self._turns[0][0] >= before:
            return None
        at, _, turn = heapq.heappop(self._turns)
        return at, turn
