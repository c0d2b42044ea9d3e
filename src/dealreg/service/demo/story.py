"""The shipped program as data: rulebook, partners, customers, and ninety days in the order in which they arrived.

A line of the story is one of three things: what the CRM said of a deal (``at`` is when it committed that; lines stand in the order of
their arrival, so one may be late or come twice), what a person asked (``ask``, ``by``, ``with``), or bytes that are no message.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from importlib import resources
from typing import Annotated, Any

import yaml
from pydantic import Field

from dealreg.engagement.document import load
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.service.intake.publishing import Outgoing, cloud_event
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.values import Instant, Key, Model, PartnerTier, Text, Track

SOURCE = "demo-crm"
SCHEMES = ("duns", "domain")


class DemoPartner(Model):
    """A partner as it is enrolled; ``above``: through whom it buys."""

    name: Text
    track: Track
    tier: PartnerTier = PartnerTier.AUTHORIZED
    above: tuple[Key, ...] = ()
    territories: tuple[Key, ...]
    specialisations: tuple[Key, ...] = ()


class Person(Model):
    """One of the manufacturer's people."""

    role: Role
    region: Key | None = None


class Shown(Model):
    """Of which deal's customer three views are shown, and whose; ``challenger`` is the deal whose conflict is explained."""

    deal: Key
    dealer: Key
    distributor: Key
    manager: Key
    challenger: Key


class Cast(Model):
    """Who is there, from when."""

    since: Instant
    partners: Mapping[Key, DemoPartner]
    people: Mapping[Key, Person]
    shown: Shown


class DemoCustomer(Model):
    """An end customer with all its spellings."""

    territory: Key
    country: Key
    place: Key
    contact: Key
    written: Annotated[tuple[str, ...], Field(min_length=1)]
    duns: Key | None = None
    domain: Key | None = None

    def said(self, spelling: int) -> dict[str, Any]:
        """What a message says of it, in one of its spellings."""
        known = {scheme: getattr(self, scheme) for scheme in SCHEMES if getattr(self, scheme) is not None}
        told = {"customer_name": self.written[spelling - 1], "country": self.country, "place": self.place}
        return {
            **told,
            "territory": self.territory,
            "contact": self.contact,
            **({"identifiers": known} if known else {}),
        }


class Heard(Model):
    """What the CRM said of a deal."""

    at: Instant
    deal: Key
    said: dict[str, Any]


class Asking(Model):
    """What a person asked; ``given`` are the command's fields, in which ``@kind:name`` stands for an id."""

    number: int
    at: Instant
    by: Key
    command: Key
    given: dict[str, Any]
    name: Key | None = None


class Broken(Model):
    """Bytes that are no message."""

    bytes: str


Step = Heard | Asking | Broken


class Story:
    """All of it, read from the package."""

    @cached_property
    def rules(self) -> RulebookDocument:
        """The rulebook."""
        return load(_text("rulebook.yaml"))

    @cached_property
    def cast(self) -> Cast:
        """Partners and people."""
        return Cast.model_validate(yaml.safe_load(_text("partners.yaml")))

    @cached_property
    def customers(self) -> dict[str, DemoCustomer]:
        """End customers by their key."""
        written = yaml.safe_load(_text("customers.yaml"))
        return {key: DemoCustomer.model_validate(one) for key, one in written.items()}

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every line in the order of arrival."""
        lines = [json.loads(line) for line in _text("story.jsonl").splitlines()]
        return tuple(_step(number, line) for number, line in enumerate(lines, 1))

    @property
    def program(self) -> str:
        """Its name."""
        return self.rules.program

    @cached_property
    def ends_at(self) -> datetime:
        """The last instant of which it tells."""
        return max(step.at for step in self.steps if not isinstance(step, Broken))

    def message(self, step: Heard | Broken) -> Outgoing:
        """The step as the CRM sends it. It carries no id for the broker: what comes twice is to reach the intake twice."""
        if isinstance(step, Broken):
            return Outgoing(step.bytes.encode())
        data = {"record": step.deal, **self._said(step.said)}
        name = sha256(json.dumps([step.at.isoformat(), data], sort_keys=True).encode()).hexdigest()[:12]
        event = cloud_event(SOURCE, f"{step.deal}:{name}", data, at=step.at, program=self.program)
        return Outgoing(event.body, event.headers)

    def _said(self, said: Mapping[str, Any]) -> dict[str, Any]:
        customer, _, spelling = str(said.get("customer", "")).partition("/")
        known = self.customers[customer].said(int(spelling or 1)) if customer else {}
        return {**known, **{name: value for name, value in said.items() if name != "customer"}}


def _text(name: str) -> str:
    return (resources.files("dealreg") / "demo_program" / name).read_text(encoding="utf-8")


def _step(number: int, line: dict[str, Any]) -> Step:
    if "bytes" in line:
        return Broken(bytes=line["bytes"])
    if "ask" in line:
        return Asking(
            number=number,
            at=line["at"],
            by=line["by"],
            command=line["ask"],
            given=line["with"],
            name=line.get("name"),
        )
    said = {name: value for name, value in line.items() if name not in {"at", "deal"}}
    return Heard(at=line["at"], deal=line["deal"], said=said)
