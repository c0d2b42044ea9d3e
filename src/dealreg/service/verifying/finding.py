"""What verification says: a line for each check, and each thing that is wrong with what to do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

SHOWN = 20
"""Findings of one check that are listed one by one; a ledger that was rewritten has as many as it has rows."""


KNOWS_MOST = "leaves"
"""The check that says what is wrong with a row, where others see that something is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is wrong: which check saw it, at which position of the ledger if it has one, what it is, and what to do next."""

    check: str
    position: int | None
    what: str
    next: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A check that was made: what it looked at, and how much is wrong. ``said`` is for people."""

    check: str
    said: str
    wrong: int = 0


@dataclass(slots=True)
class Findings:
    """What one check finds: all are counted, the first ``SHOWN`` are kept."""

    check: str
    next: str
    kept: list[Finding] = field(default_factory=list)
    count: int = 0

    def add(self, what: str, position: int | None = None, *, next: str | None = None) -> None:  # noqa: A002  # the field's name
        """One more thing that is wrong; ``next`` where there is something else to do than for the others."""
        self.count += 1
        if len(self.kept) < SHOWN:
            self.kept.append(Finding(self.check, position, what, next or self.next))

    def checked(self, said: str) -> Checked:
        """The line of this check."""
        return Checked(self.check, said, self.count)


@dataclass(frozen=True, slots=True)
class Report:
    """The whole answer. ``notes`` are no faults: what the reader of the answer must know to judge how much it is worth."""

    size: int
    root: str
    checks: Sequence[Checked]
    findings: Sequence[Finding]
    notes: Sequence[str] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not any(one.wrong for one in self.checks)

    @property
    def first(self) -> Finding | None:
        """The finding at the lowest position, of several there the one that knows most; the first of all where none has a position."""
        placed = [one for one in self.findings if one.position is not None]
        least = min(placed, key=lambda one: (one.position or 0, one.check != KNOWS_MOST), default=None)
        return least or next(iter(self.findings), None)


def listed(numbers: Sequence[int]) -> str:
    """Numbers in ascending order in words: ``3, 5 to 9 and 12``."""
    spans = [str(low) if low == high else f"{low} to {high}" for low, high in spans_of(numbers)]
    return " and ".join([", ".join(spans[:-1]), spans[-1]] if spans[:-1] else spans)


def spans_of(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of numbers in ascending order that follow one another."""
    low = high = None
    for number in numbers:
        if low is None or high is None:
            low = high = number
        elif number == high + 1:
            high = number
        else:
            yield low, high
            low = high = number
    if low is not None and high is not None:
        yield low, high
