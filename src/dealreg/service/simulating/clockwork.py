"""The clock role: it visits what names an instant, once that instant has come (architecture D17)."""

from datetime import datetime
from functools import partial
from uuid import UUID

from dealreg.conflict.events import ConflictEvent
from dealreg.file.commands import BringFileToDue, BringOverrideToDue, BringRegistrationToDue
from dealreg.file.events import FileEvent, LineEvent
from dealreg.file.evolve import FILE
from dealreg.override.events import OverrideEvent
from dealreg.process.bring_to_due import all_due
from dealreg.process.case import Case
from dealreg.registration.events import RegistrationFoundIncomplete, RegistrationReturned
from dealreg.service.deciding_again.past import Past
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.scenario.running import instants
from dealreg.service.simulating.people import CLOCK
from dealreg.service.simulating.stage import Stage
from dealreg.vocabulary.fact import Command, Event, Request
from dealreg.vocabulary.ids import file_stream


class Clockwork:
    """Puts a visit down for every instant to come that a fact names."""

    def __init__(self, stage: Stage) -> None:
        """It asks as the role ``clock``."""
        self._stage = stage
        self._put: set[tuple[type[Command], UUID, datetime]] = set()
        self._customers: dict[UUID, UUID] = {}

    def heard(self, fact: Recorded, at: datetime) -> None:
        """Something was recorded."""
        event = fact.event
        customer = getattr(event, "customer", None)
        if isinstance(event, ConflictEvent) and customer is not None:
            self._customers[event.conflict] = customer
        asked = self._asked(event)
        if asked is None:
            return
        command, named = asked
        for instant in instants(event):
            key = (command, named, instant)
            if instant > at and key not in self._put:
                self._put.add(key)
                self._stage.agenda.put(instant, partial(self._visit, key))

    def _asked(self, event: Event) -> tuple[type[Command], UUID] | None:
        if isinstance(event, FileEvent | LineEvent):
            return BringFileToDue, event.customer
        if isinstance(event, ConflictEvent) and event.conflict in self._customers:
            return BringFileToDue, self._customers[event.conflict]
        if isinstance(event, OverrideEvent):
            return BringOverrideToDue, event.override
        if isinstance(event, RegistrationFoundIncomplete | RegistrationReturned):
            return BringRegistrationToDue, event.registration
        return None

    def _visit(self, key: tuple[type[Command], UUID, datetime], at: datetime) -> Request | None:
        self._put.discard(key)
        kind, named, _ = key
        if kind is BringFileToDue and not self._is_due(named, at):
            return None
        command: Command
        if kind is BringFileToDue:
            command = BringFileToDue(customer=named)
        elif kind is BringOverrideToDue:
            command = BringOverrideToDue(override=named)
        else:
            command = BringRegistrationToDue(registration=named)
        return self._stage.pen.request(at, CLOCK, command)

    def _is_due(self, customer: UUID, at: datetime) -> bool:
        """Whether anything in the file has fallen due: an instant that a fact named may have been overtaken by a later fact."""
        program = self._stage.plan.program
        if not self._stage.states.state(FILE, file_stream(program, customer)).customer:
            return True
        past = Past()
        past.held = self._stage.states.held
        return any(due.at <= at for due in all_due(Case.at(past.situation(program, at, {}), customer)))
