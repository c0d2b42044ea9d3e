"""What has fallen due by an instant that a file names: the clock asks the same of a running service, by its own clock."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

from dealreg.file.commands import BringFileToDue, BringRegistrationToDue
from dealreg.file.events import ClaimEntered
from dealreg.registration.events import RegistrationFoundIncomplete
from dealreg.service.ingest.seeding import facts_of
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.fact import Actor, Command, Event, Request, Role
from dealreg.vocabulary.ids import ProgramId

BATCH = 200
PAGE = 2000
CLOCK = Actor(role=Role.CLOCK, subject="file")

E = TypeVar("E", bound=Event)


def events_of(ledger: Ledger, program: str, kind: type[E]) -> Iterator[E]:
    """Every event of one kind of a program, in the order recorded. Raises ``Unavailable``."""
    after = 0
    while rows := ledger.notifications(after, PAGE, topics=[kind.NAME]):
        for row in rows:
            recorded = ledger.read(row)
            if recorded.meta.program == program and isinstance(recorded.event, kind):
                yield recorded.event
        after = rows[-1].position


def bring_to_due(dispatch: Dispatch, program: str, at: datetime) -> int:
    """Let take place what was due by ``at`` in files and registrations that nothing touched since; how many facts that made.

    Asked again it finds nothing left to do. Raises ``Unavailable``.
    """
    ledger = dispatch.ledger
    files = {event.customer for event in events_of(ledger, program, ClaimEntered)}
    waiting = {event.registration for event in events_of(ledger, program, RegistrationFoundIncomplete)}
    commands: list[Command] = [BringFileToDue(customer=customer) for customer in sorted(files)]
    commands += [BringRegistrationToDue(registration=registration) for registration in sorted(waiting)]
    made = 0
    for start in range(0, len(commands), BATCH):
        part = [_request(program, at, command) for command in commands[start : start + BATCH]]
        outcomes = dispatch.decide_batch(part)
        made += sum(facts_of(request, outcome) for request, outcome in zip(part, outcomes, strict=True))
    return made


def _request(program: str, at: datetime, command: Command) -> Request:
    named = "-".join(str(value) for value in command.model_dump().values())
    asked = f"due:{type(command).__name__}:{named}:{at.isoformat()}"
    return Request(id=asked, program=ProgramId(program), actor=CLOCK, command=command, door_at=at)
