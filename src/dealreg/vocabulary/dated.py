"""What held from which instant on: the history of one property, asked at an instant."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Dated(Generic[V]):
    """Values with the instant from which each holds, in order of that instant; of two at one instant the later said holds."""

    steps: tuple[tuple[datetime, V], ...] = ()

    def then(self, held_from: datetime, value: V) -> "Dated[V]":
        """The history with one more value; it may be said before or after others that hold later."""
        place = bisect_right(self.steps, held_from, key=lambda step: step[0])
        before = self.steps[:place]
        kept = before[:-1] if before and before[-1][0] == held_from else before
        return Dated((*kept, (held_from, value), *self.steps[place:]))

    def at(self, instant: datetime) -> V | None:
        """The value that holds at the instant, or ``None`` before the first."""
        place = bisect_right(self.steps, instant, key=lambda step: step[0])
        return self.steps[place - 1][1] if place else None

    def since(self, instant: datetime) -> tuple[V, ...]:
        """The value that holds at the instant, then every one that holds later."""
        place = bisect_right(self.steps, instant, key=lambda step: step[0])
        return tuple(value for _, value in self.steps[max(place - 1, 0) :])
