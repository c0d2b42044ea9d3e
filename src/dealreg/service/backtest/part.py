"""What one worker found: counts, changes and what it could not decide, to be put together with what the others found."""

from collections import Counter
from dataclasses import dataclass, field

from dealreg.service.backtest.report import Change, Counts, Unkept

MOST_BROKEN = 20
"""How many reasons are told; the rest is counted."""


@dataclass(slots=True)
class Part:
    """A share of a back-test. It crosses from one process to another."""

    counts: Counter[str] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)
    unkept: list[Unkept] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def broke(self, decision: str, why: str) -> None:
        """A decision that could not be made: what the core raised, or a command that this build cannot read."""
        self.counts["broken"] += 1
        if len(self.broken) < MOST_BROKEN:
            self.broken.append(f"{decision}: {why}")

    def add(self, other: "Part") -> None:
        """Take in what another found."""
        self.counts.update(other.counts)
        self.changes += other.changes
        self.unkept += other.unkept
        self.broken = (self.broken + other.broken)[:MOST_BROKEN]

    def total(self) -> Counts:
        """The counts of a report."""
        return Counts(**{name: self.counts[name] for name in Counts.model_fields})
