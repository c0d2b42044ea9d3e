"""What a simulated program came to, beside what is published of real ones."""

from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

from dealreg.conflict.events import ChallengerJoined, ConflictDetected, ConflictRuled
from dealreg.file.events import ClaimDeclined, LineApproved
from dealreg.registration.events import RegistrationClosed, RegistrationSubmitted
from dealreg.service.scenario.memory import Came
from dealreg.vocabulary.fact import Event

PUBLISHED: dict[str, dict[str, Any]] = {
    "in_conflict": {
        "published": 0.043,
        "aim": [0.03, 0.06],
        "says": "registrations that met another partner's claim, of all",
        "source": "Dell PartnerDirect 2008: 13 conflicts among 300 registrations of a week (channelinsider.com)",
    },
    "approved": {
        "published": 0.74,
        "aim": [0.68, 0.80],
        "says": "registrations of which a line was approved, of all",
        "source": "Dell PartnerDirect 2008: 74 % approved (channelinsider.com); 2014: more than a quarter rejected",
    },
}
"""What is published of real programs, and between what a simulation counts as like them."""


class Tally:
    """Counts while a simulation runs."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.decisions = 0
        self.refused = 0
        self.facts: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.clauses: Counter[str] = Counter()
        self.rulings: Counter[str] = Counter()
        self.first: datetime | None = None
        self.last: datetime | None = None
        self._filed: set[UUID] = set()
        self._approved: set[UUID] = set()
        self._met: set[UUID] = set()
        self._closed: set[UUID] = set()

    def heard(self, came: Came, at: datetime) -> None:
        """One asking and what came of it. A decision is an asking that recorded something."""
        self.asked[type(came.request.command).__name__] += 1
        self.refused += came.refused is not None
        self.decisions += bool(came.facts)
        self.first, self.last = self.first or at, at
        for fact in came.facts:
            self.facts[fact.event.NAME] += 1
            self._count(fact.event)

    def _count(self, event: Event) -> None:
        match event:
            case RegistrationSubmitted():
                self._filed.add(event.registration)
            case LineApproved():
                self._approved.add(event.registration)
            case ConflictDetected():
                self.kinds[event.kind.value] += 1
                self._met.add(event.challenger.registration)
            case ChallengerJoined():
                self._met.add(event.challenger.registration)
            case ClaimDeclined():
                self.clauses[event.clause] += 1
            case ConflictRuled():
                self.rulings["by the rulebook" if event.ruled_by == "rulebook" else "by the desk"] += 1
                self.rulings["departing from the proposal"] += event.departs
            case RegistrationClosed():
                self._closed.add(event.registration)
            case _:
                pass

    def shares(self) -> dict[str, float]:
        """Reached, by the names of ``PUBLISHED``."""
        filed = max(len(self._filed), 1)
        return {
            "in_conflict": round(len(self._met) / filed, 4),
            "approved": round(len(self._approved) / filed, 4),
        }

    def report(self) -> dict[str, Any]:
        """All of it, for ``--json``."""
        reached = self.shares()
        return {
            "registrations": len(self._filed),
            "never_completed": len(self._closed),
            "decisions": self.decisions,
            "asked": sum(self.asked.values()),
            "refused": self.refused,
            "facts": sum(self.facts.values()),
            "statistics": {name: {"reached": reached[name], **known} for name, known in PUBLISHED.items()},
            "conflicts": dict(sorted(self.kinds.items())),
            "rulings": dict(sorted(self.rulings.items())),
            "declined_under": dict(sorted(self.clauses.items())),
            "by_command": dict(sorted(self.asked.items())),
            "by_fact": dict(sorted(self.facts.items())),
        }
