"""What falls due in a customer file: when, in which order at one instant, and what then happens (rules.md section 1, Due)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from dealreg.process.case import Case


class Rank(IntEnum):
    """The order of what is due at one instant; commands come last."""

    OVERRIDE = 0
    STAY = 1
    SUSPENSION = 2
    BEGIN = 3
    HOLD = 4
    END = 5
    RELEASE = 6
    QUEUE = 7
    ANSWER = 8
    REMINDER = 9


@dataclass(frozen=True, slots=True)
class Due:
    """Something that takes place at ``at`` by itself; ``entry`` keeps those of one rank in order of acceptance.

    ``source`` is the feed that it rides on, if any: nothing falls due beyond a source's watermark (architecture D17). Every due
    instant stands in a fact of the file, because the read model ``falling_due`` knows no rulebook.
    """

    at: datetime
    rank: Rank
    entry: int
    act: Callable[[Case], None]
    source: str | None = None

    @property
    def order(self) -> tuple[datetime, int, int]:
        """What comes first."""
        return (self.at, self.rank, self.entry)
