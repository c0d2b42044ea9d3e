"""The clock of a course that never was: it visits what falls due there, at the instant at which it does (rules.md section 1, Due)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from uuid import UUID

from dealreg.file.commands import BringFileToDue, BringRegistrationToDue
from dealreg.process.bring_to_due import all_due
from dealreg.process.case import Case
from dealreg.registration.state import REGISTRATION
from dealreg.service.deciding_again.past import Past
from dealreg.service.timekeeping import CLOCK
from dealreg.vocabulary.fact import Command, Fact, Request
from dealreg.vocabulary.ids import ProgramId
from dealreg.vocabulary.refused import Refused

Planned = tuple[datetime, int, Command]


@dataclass(slots=True)
class Visiting:
    """What is to be visited next. ``watermarks`` are the newest that a decision was seen to look at."""

    watermarks: dict[str, datetime] = field(default_factory=dict)
    _planned: list[Planned] = field(default_factory=list)
    _customers: set[UUID] = field(default_factory=set)
    _program: str = ""
    _count: int = 0

    def plan(self, past: Past, program: str, facts: Iterable[Fact], at: datetime) -> None:
        """Look when something falls due next in each file and registration that got a fact."""
        self._program = program
        facts = list(facts)
        for customer in {fact.event.customer for fact in facts if fact.event.AGGREGATE == "file"}:  # type: ignore[attr-defined]  # every fact of a file names its customer
            self._customers.add(customer)
            due = self._next_due(past, program, customer, at)
            if due is not None:
                self._add(max(due, at), BringFileToDue(customer=customer))
        for fact in facts:
            if fact.event.AGGREGATE == REGISTRATION.name:
                state = past.state(REGISTRATION, fact.stream)
                if state.closes_at is not None and not state.closed and state.closes_at > at:
                    self._add(state.closes_at, BringRegistrationToDue(registration=fact.stream))

    def next(self, at: datetime) -> tuple[datetime, Request] | None:
        """The next visit up to an instant, earliest first; ``None`` when there is none left."""
        if not self._planned or self._planned[0][0] > at:
            return None
        instant, number, command = heappop(self._planned)
        asked = f"backtest:{number}"
        return instant, Request(id=asked, program=ProgramId(self._program), actor=CLOCK, command=command)

    def everything(self, at: datetime) -> None:
        """Plan a last visit to every file that took another way: what a feed's watermark held back may be free by then."""
        for customer in sorted(self._customers):
            self._add(at, BringFileToDue(customer=customer))

    def _add(self, at: datetime, command: Command) -> None:
        self._count += 1
        heappush(self._planned, (at, self._count, command))

    def _next_due(self, past: Past, program: str, customer: UUID, at: datetime) -> datetime | None:
        situation = past.situation(program, at, self.watermarks)
        try:
            return min((due.at for due in all_due(Case.at(situation, customer))), default=None)
        except Refused:
            return None
