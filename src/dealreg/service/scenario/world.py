"""The world that a case is set in: one program with its rulebook, partners, people and customers (``scenarios/world.yaml``)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.file.commands import BringFileToDue, BringOverrideToDue, BringRegistrationToDue
from dealreg.file.evolve import FILE
from dealreg.override.state import OVERRIDE, Life
from dealreg.partner.commands import EnrolPartner
from dealreg.process import deciding
from dealreg.registration.state import REGISTRATION
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.ledger.sitting import Core
from dealreg.service.scenario.filling import Filling, Malformed
from dealreg.service.scenario.memory import MemoryLedger
from dealreg.service.scenario.naming import Names
from dealreg.service.scenario.reading import merged
from dealreg.service.scenario.standing import Standing
from dealreg.vocabulary.fact import Actor, Command, Request, Role
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Track

CORE = Core(deciding.decide, deciding.home, deciding.home_kind, "scenario")


class World:
    """One program, set out anew for each case, and the ledger of that case."""

    def __init__(self, written: Mapping[str, Any], rulebook: Mapping[str, Any], partners: Mapping[str, Any]) -> None:
        """``written`` is the world's file; ``rulebook`` and ``partners`` are what the case lays over it."""
        self.program = written["program"]
        self.rules = merged(written["rulebook"], rulebook)
        self.zone = ZoneInfo(self.rules["time_zone"])
        self.names = Names()
        self.filling = Filling(self.zone, written["customers"], self.names, deciding.COMMANDS, self.document)
        self.since = self.filling.instant(written["since"])
        self.partners: Mapping[str, Any] = merged(written["partners"], partners)
        self.people = {name: self._person(name, said) for name, said in written["people"].items()}
        self._asks: Mapping[str, str] = written["asks"]
        self.ledger = MemoryLedger(CORE, deciding.AGGREGATES)
        self.standing = Standing(self.program, self.ledger, self.names, self.local)

    def local(self, instant: datetime) -> datetime:
        """The wall clock of the program's zone."""
        return instant.astimezone(self.zone)

    def document(self, over: Mapping[str, Any]) -> dict[str, Any]:
        """A rulebook of this program: the case's, with what ``over`` says of this version."""
        force_from = {"program": self.program, "force_from": self.since.astimezone(UTC).isoformat()}
        said: dict[str, Any] = without_none(merged({**force_from, **self.rules}, over))
        try:
            RulebookDocument.model_validate(said)
        except ValidationError as error:
            faults = [f"rulebook.{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
            raise Malformed("\n".join(faults)) from error
        return said

    def set_out(self, commands: set[str]) -> None:
        """Publish the rulebook and enrol every partner, those above before those below."""
        self._ask(PublishRulebook.model_validate({"document": self.document({})}))
        for name in self.partners:
            self._ask(self._enrolment(name))
        commands |= {PublishRulebook.__name__, EnrolPartner.__name__}

    def _enrolment(self, name: str) -> EnrolPartner:
        said = self.partners[name]
        unknown = set(said) - {"track", "tier", "above", "lines", "territories", "specialisations"}
        if unknown:
            raise Malformed(f"partners.{name}.{min(unknown)}: no such key")
        every_line = [line["line"] for line in self.rules["product_lines"]]
        return EnrolPartner.model_validate(
            {
                "partner": name,
                "track": said["track"],
                "tier": said["tier"],
                "lines": said.get("lines", every_line),
                "territories": said["territories"],
                "specialisations": said.get("specialisations", []),
                "parents": said.get("above", []),
            }
        )

    def _ask(self, command: Command) -> None:
        request = Request(
            id=f"world-{len(self.ledger.facts)}", program=self.program, actor=self.people["dana"], command=command
        )
        came = self.ledger.ask(request, self.since)
        if came.refused is not None:
            raise Malformed(f"the world cannot be set out: {came.refused}")

    def _person(self, name: str, said: Mapping[str, Any]) -> Actor:
        return Actor(
            role=Role(said["role"]),
            subject=name,
            region=said.get("region"),
            level=said.get("level"),
            team=said.get("team"),
        )

    def actor(self, by: str | None, command: Command, path: str) -> Actor:
        """Who asks: the one named, else the partner that the command names, else whoever asks that kind of thing."""
        name = by or getattr(command, "filed_by", None) or getattr(command, "partner", None)
        name = name or self._asks.get(type(command).__name__)
        if name is None:
            raise Malformed(f"{path}: say by whom this is asked, such as 'by: bauer'")
        return self.who(name, f"{path}.by")

    def who(self, name: str, path: str) -> Actor:
        """Somebody of this world by name. Raises ``Malformed`` with the path."""
        if name in self.people:
            return self.people[name]
        if name not in self.partners:
            raise Malformed(f"{path}: nobody is called {name!r}")
        return Actor(role=self._role(name), subject=f"{name}-desk", partner=PartnerId(name))

    def _role(self, name: str) -> Role:
        said = self.partners[name]
        if said["track"] not in {Track.DISTRIBUTOR, Track.OEM}:
            return Role.DEALER
        return Role.MASTER if said["tier"] == "master" else Role.DISTRIBUTOR

    def to_bring(self, kind: type[Command]) -> list[Command]:
        """What the clock role asks: every stream in which something may fall due."""
        if kind is BringOverrideToDue:
            states = self.ledger.states.of_kind(OVERRIDE.name)
            return [
                BringOverrideToDue(override=state.proposed.override)
                for state in states
                if state.proposed is not None and state.life is not Life.ENDED
            ]
        if kind is BringRegistrationToDue:
            waiting = [state for state in self.ledger.states.of_kind(REGISTRATION.name) if not state.closed]
            return [BringRegistrationToDue(registration=state.submitted.registration) for state in waiting]
        files = self.ledger.states.of_kind(FILE.name)
        return [BringFileToDue(customer=state.customer) for state in files if state.customer is not None]


def without_none(value: Any) -> Any:
    """``none`` in a rulebook means that the parameter has no value: no late stage, no limit."""
    if isinstance(value, Mapping):
        return {key: without_none(one) for key, one in value.items()}
    if isinstance(value, list):
        return [without_none(one) for one in value]
    return None if value == "none" else value
