"""Runs a case: every dated step through the real decisions, the clock at every instant at which something may fall due."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from dealreg.file.commands import BringFileToDue, BringOverrideToDue, BringRegistrationToDue
from dealreg.partner.state import PARTNER
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.scenario.checking import faults_of
from dealreg.service.scenario.expected import Then
from dealreg.service.scenario.form import NOTHING, Case, Step
from dealreg.service.scenario.memory import Came
from dealreg.service.scenario.naming import Unnamed
from dealreg.service.scenario.world import World
from dealreg.vocabulary.fact import Command, Request
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.refused import Refused


@dataclass(frozen=True, slots=True)
class Played:
    """A step that was taken: what came of it, every fact since the step before it, and what is not as the case says."""

    step: Step
    path: str
    facts: tuple[Recorded, ...]
    refused: Refused | None
    faults: tuple[str, ...]


@dataclass(slots=True)
class Result:
    """A case that was run."""

    case: Case
    world: World
    played: list[Played] = field(default_factory=list)
    commands: set[str] = field(default_factory=set)

    @property
    def faults(self) -> list[str]:
        """What is not as the case says; empty when all is."""
        return [fault for played in self.played for fault in played.faults]

    @property
    def events(self) -> set[str]:
        """The class names of every fact that was made, those that set out the world included."""
        return {type(fact.event).__name__ for fact in self.world.ledger.facts}


def run(case: Case, written: dict[str, Any], *, clock: bool = True) -> Result:
    """Run a case in its world. Raises ``Malformed`` and ``Unnamed`` for what cannot be understood.

    ``clock``: the clock role visits whenever something may fall due, as in production; without it, it was down throughout.
    """
    return Runner(case, written, clock=clock).run()


class Runner:
    """One case on its way."""

    def __init__(self, case: Case, written: dict[str, Any], *, clock: bool) -> None:
        """``written`` is the world as its file says it."""
        self._case = case
        self._world = World(written, case.rulebook, case.partners)
        self._result = Result(case, self._world)
        self._clock = clock
        self._visited = self._world.since
        self._asked = 0

    def run(self) -> Result:
        """Take every step in order."""
        self._world.set_out(self._result.commands)
        for number, step in enumerate(self._case.given):
            self._take(step, f"given.{number}", step.then or Then())
        if self._case.when is not None:
            self._take(self._case.when, "when", self._case.then)
        if self._case.together:
            self._take_together()
        for number, step in enumerate(self._case.story):
            self._take(step, f"story.{number}", step.then or Then())
        return self._result

    def run_leniently(self) -> Result:
        """Take every step that was given, in order; one that names what there is not in this program counts as refused."""
        self._world.set_out(self._result.commands)
        for number, step in enumerate(self._case.given):
            try:
                self._take(step, f"given.{number}", None)
            except Unnamed as unnamed:
                self._result.played.append(Played(step, f"given.{number}", (), Refused(str(unnamed)), ()))
        return self._result

    def _take(self, step: Step, path: str, then: Then | None) -> None:
        before = len(self._world.ledger.facts)
        at = self._world.filling.instant(step.at)
        self._pass_time(at, asked=step.command == NOTHING)
        came = None if step.command == NOTHING else self._ask(step, path, at)
        facts = tuple(self._world.ledger.facts[before:])
        self._played(step, path, facts, [came] if came else [], then or Then())
        if self._clock and any(fact.event.AGGREGATE == PARTNER.name for fact in facts):
            # A partner's standing is due in every file from its instant on; the clock role hears of it at once (ROE-16).
            self._visit(at)

    def _take_together(self) -> None:
        """Every request of the race is decided before any of them is recorded."""
        steps = self._case.together
        at = self._world.filling.instant(steps[0].at)
        before = len(self._world.ledger.facts)
        self._pass_time(at, asked=False)
        requests = [self._request(step, f"together.{number}") for number, step in enumerate(steps)]
        came = self._world.ledger.ask_together(requests, at)
        for step, one in zip(steps, came, strict=True):
            self._learn(step, one)
        facts = tuple(self._world.ledger.facts[before:])
        self._played(steps[-1], "together", facts, came, self._case.then or Then())

    def _played(self, step: Step, path: str, facts: tuple[Recorded, ...], came: list[Came], then: Then) -> None:
        refused = next((one.refused for one in came if one.refused is not None), None)
        own = tuple(fact for one in came for fact in one.facts)
        faults = [f"{path}: {fault}" for fault in faults_of(self._world.standing, then, facts, own, refused)]
        self._result.played.append(Played(step, path, facts, refused, tuple(faults)))

    def _request(self, step: Step, path: str) -> Request:
        command = self._world.filling.command(step.command, step.fields, path)
        self._result.commands.add(step.command)
        self._asked += 1
        return Request(
            id=step.request or step.name or f"step-{self._asked}",
            program=self._world.program,
            actor=self._world.actor(step.by, command, path),
            command=command,
            reason=step.reason,
            on_behalf_of=PartnerId(step.behalf) if step.behalf else None,
        )

    def _ask(self, step: Step, path: str, at: dt.datetime) -> Came:
        came = self._world.ledger.ask(self._request(step, path), at)
        self._learn(step, came)
        return came

    def _learn(self, step: Step, came: Came) -> None:
        names = self._world.names
        if step.name is not None:
            names.learn(step.name, came.facts)
        customer = step.fields.get("customer")
        if isinstance(customer, str):
            names.customers(customer, came.facts)
        names.entered(came.facts)

    def _pass_time(self, to: dt.datetime, *, asked: bool) -> None:
        """The clock role visits at every instant that a fact names, up to ``to``; at ``to`` itself where the case says so."""
        while self._clock:
            due = min((at for at in self._instants() if self._visited < at <= to), default=None)
            if due is None:
                break
            self._visit(due)
        if asked:
            self._visit(to)
        self._visited = max(self._visited, to)

    def _instants(self) -> Iterator[dt.datetime]:
        for fact in self._world.ledger.facts:
            yield from instants(fact.event)

    def _visit(self, at: dt.datetime) -> None:
        """Ask of every stream what the clock role asks; it is asked again until nothing more happens."""
        self._visited = at
        for command in (*self._world.to_bring(BringOverrideToDue), *self._world.to_bring(BringRegistrationToDue),
                        *self._world.to_bring(BringFileToDue)):  # fmt: skip
            self._bring(command, at)

    def _bring(self, command: Command, at: dt.datetime) -> None:
        self._asked += 1
        self._result.commands.add(type(command).__name__)
        request = Request(
            id=f"clock-{self._asked}", program=self._world.program, actor=self._world.people["clock"], command=command
        )
        came = self._world.ledger.ask(request, at)
        if came.refused is not None:
            raise came.refused
        self._world.names.entered(came.facts)


def instants(value: Any) -> Iterable[dt.datetime]:
    """Every instant inside a fact."""
    if isinstance(value, dt.datetime):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from instants(getattr(value, name))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from instants(one)
