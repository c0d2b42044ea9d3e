"""One program in memory that a state machine asks for anything, and what is looked at after every asking (test_stories.py).

``Story`` asks; ``laws.py`` says what must hold. Both know commands and facts, and no rule of how they are decided.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from dealreg.engagement.rulebook import ProductLine, RulebookDocument, SourceRules, Territory
from dealreg.file.commands import BringFileToDue, BringOverrideToDue, BringRegistrationToDue
from dealreg.file.evolve import FILE
from dealreg.file.state import Claim, CustomerFile, Joining
from dealreg.opportunity.commands import FoldOpportunity
from dealreg.partner.commands import EnrolPartner
from dealreg.process import deciding
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.ledger.sitting import Core
from dealreg.service.scenario.memory import Came, MemoryLedger
from dealreg.vocabulary.fact import Actor, Command, Request, Role
from dealreg.vocabulary.ids import PartnerId, ProgramId, StreamId, file_stream

PROGRAM = ProgramId("stories")
START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
SINCE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TRUSTED, UNTRUSTED = "//crm.example/trusted", "//crm.example/untrusted"

PARTNERS: dict[str, dict[str, Any]] = {
    "master": {"track": "distributor", "tier": "master"},
    "north": {"track": "distributor", "tier": "authorized", "parents": ["master"]},
    "south": {"track": "distributor", "tier": "premier"},
    "anna": {"track": "dealer", "tier": "authorized", "parents": ["north"]},
    "bert": {"track": "dealer", "tier": "premier", "parents": ["north"]},
    "carl": {"track": "dealer", "tier": "authorized", "parents": ["south"]},
    "dora": {"track": "dealer", "tier": "elite", "parents": ["north", "south"]},
    "ina": {"track": "integrator", "tier": "authorized", "parents": ["south"]},
    "otto": {"track": "oem", "tier": "authorized"},
}
ROLES = {"master": Role.MASTER, "north": Role.DISTRIBUTOR, "south": Role.DISTRIBUTOR, "otto": Role.DISTRIBUTOR}
CUSTOMERS = {
    "acme": {"identifiers": [{"scheme": "domain", "value": "acme.example"}], "name": "Acme"},
    "brandt": {"identifiers": [{"scheme": "duns", "value": "080015718"}], "name": "Brandt"},
}
DESK, DIRK, DELLA = (Actor(role=Role.DEAL_DESK, subject=name) for name in ("dana", "dirk", "della"))
MARTA = Actor(role=Role.CHANNEL_MANAGER, subject="marta", region="world")
CRM = Actor(role=Role.CRM, subject="crm")
CLOCK = Actor(role=Role.CLOCK, subject="clock")

CONTACT = {"ref": "7d1f7a2e-1111-4222-8333-444455556666", "digest": "0" * 64}


def rules(clauses: dict[str, Any], sources: tuple[SourceRules, ...] = ()) -> RulebookDocument:
    """The reference program on a small map; ``clauses`` says what differs."""
    return RulebookDocument.model_validate(
        {
            "program": PROGRAM,
            "version": "1",
            "force_from": SINCE,
            "territories": [
                Territory(territory="world"),
                Territory(territory="DE", within="world"),
                Territory(territory="FR", within="world"),
            ],
            "product_lines": [ProductLine(line="drives"), ProductLine(line="relays")],
            "sources": [*sources, SourceRules.model_validate({"source": TRUSTED, "priority_clock": "source"})],
            "clauses": {"ROE-2": {"required": ["customer", "distributor", "value"]}, **clauses},
        }
    )


def actor_of(partner: str) -> Actor:
    """Somebody of a partner."""
    return Actor(role=ROLES.get(partner, Role.DEALER), subject=f"{partner}-sales", partner=PartnerId(partner))


class Story:
    """A program, its clock, and all that was asked. What is asked is asked twice: the second time decides nothing."""

    def __init__(self, clauses: dict[str, Any], sources: tuple[SourceRules, ...] = ()) -> None:
        """``clauses`` and trusted ``sources`` are what differs from the reference program."""
        self.rules = rules(clauses, sources)
        core = Core(deciding.decide, deciding.home, deciding.home_kind, "story")
        self.ledger = MemoryLedger(core, deciding.AGGREGATES)
        self.now = START
        self.customers: dict[UUID, None] = {}
        self.registrations: dict[UUID, str] = {}
        self.overrides: list[UUID] = []
        self.conflicts: dict[UUID, None] = {}
        self.prices: list[UUID] = []
        self.asked: list[tuple[Request, Came]] = []
        self.messages: list[FoldOpportunity] = []
        self.last: list[tuple[Request, Came, dict[StreamId, int]]] = []
        published = self.ask(PublishRulebook(document=self.rules))
        assert published.refused is None, published.refused
        for name, said in PARTNERS.items():
            enrolled = {"lines": ["drives", "relays"], "territories": ["world"], "effective_from": SINCE, **said}
            self.ask(EnrolPartner.model_validate({"partner": name, **enrolled}))

    def ask(self, command: Command, actor: Actor = DESK) -> Came:
        """Ask now."""
        request = Request(
            id=f"q{len(self.asked)}", program=PROGRAM, actor=actor, command=command, door_at=self.now, reason="drawn"
        )
        return self.put(request)

    def put(self, request: Request) -> Came:
        """Ask with a request that is there."""
        before = {stream: held.version for stream, held in self.ledger.states._held.items()}
        came = self.ledger.ask(request, self.now)
        self.last.append((request, came, before))
        self.asked.append((request, came))
        for fact in came.facts:
            self._learn(fact)
        return came

    def _learn(self, fact: Recorded) -> None:
        event = fact.event
        for name, known in (("customer", self.customers), ("conflict", self.conflicts)):
            value = getattr(event, name, None)
            if isinstance(value, UUID) and event.AGGREGATE in {"file", "conflict"}:
                known[value] = None
        if event.NAME == "registration_submitted.v1":
            self.registrations[event.registration] = event.filed_by  # type: ignore[attr-defined]  # known by its name
        if event.NAME == "special_price_requested.v1":
            self.prices.append(fact.originator_id)
        if event.NAME == "override_proposed.v1":
            self.overrides.append(event.override)  # type: ignore[attr-defined]  # known by its name

    def visit(self) -> None:
        """The clock role asks of everything what is due now."""
        for override in self.overrides:
            self.ask(BringOverrideToDue(override=override), CLOCK)
        for registration in list(self.registrations):
            self.ask(BringRegistrationToDue(registration=registration), CLOCK)
        for customer in list(self.customers):
            self.ask(BringFileToDue(customer=customer), CLOCK)

    def file(self, customer: UUID) -> CustomerFile:
        """A customer's file."""
        found: CustomerFile = self.ledger.states.state(FILE, file_stream(PROGRAM, customer))
        return found

    def files(self) -> list[CustomerFile]:
        """Every one."""
        return [self.file(customer) for customer in self.customers]

    def claims(self) -> list[Claim]:
        """The live ones, of all customers."""
        return [claim for file in self.files() for claim in file.living()]

    def claimed(self) -> list[Claim]:
        """Every claim, ended ones too."""
        return [claim for file in self.files() for claim in file.claims.values()]

    def joinings(self) -> list[Joining]:
        """Those that wait for an answer."""
        return [joining for file in self.files() for joining in file.joinings]

    def registration(self, registration: UUID) -> Registration:
        """What was said in one."""
        found: Registration = self.ledger.states.state(REGISTRATION, StreamId(registration))
        return found

    def edges(self) -> list[dt.datetime]:
        """Every instant to come that a file, an override, a conflict or a registration names: what may fall due."""
        kinds = ("file", "override", "conflict", "registration", "special_price")
        states = [state for kind in kinds for state in self.ledger.states.of_kind(kind)]
        return sorted({at for state in states for at in instants(state) if at > self.now})


def instants(value: Any) -> Iterator[dt.datetime]:
    """Every instant inside a state."""
    if isinstance(value, dt.datetime):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from instants(getattr(value, one.name))
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from instants(getattr(value, name))
    elif isinstance(value, dict):
        yield from _each(value.values())
    elif isinstance(value, list | tuple | frozenset):
        yield from _each(value)


def _each(values: Iterable[Any]) -> Iterator[dt.datetime]:
    for value in values:
        yield from instants(value)
