"""A rulebook to vary, and streams in memory that a decision reads and writes as the ledger would have it."""

from datetime import UTC, datetime

import pytest

from dealreg.customer.state import CUSTOMER, IDENTIFIER, NAME_KEY
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.partner.state import PARTNER
from dealreg.rulebook.state import RULEBOOK
from dealreg.vocabulary.fact import Actor, Held, Request, Role
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.situation import Situation, Unread

AGGREGATES = {known.name: known for known in (PARTNER, RULEBOOK, CUSTOMER, IDENTIFIER, NAME_KEY)}


class Streams:
    """What is true so far; each decision starts with nothing read and is made again until it has what it asks for."""

    def __init__(self, program="reference"):
        self.program = program
        self.states = {}
        self.versions = {}
        self.facts = []
        self.search = None

    def decide(self, decision, at):
        held: dict[StreamId, Held] = {}
        near: dict[str, tuple] = {}
        while True:
            situation = Situation(self.program, at, held, candidates=near)
            try:
                answer = decision(situation)
            except Unread as unread:
                if not unread.streams.keys().isdisjoint(held):
                    raise AssertionError("asked again for what was read") from unread
                held |= {stream: self._held(stream, kind) for stream, kind in unread.streams.items()}
                continue
            if self.search is not None and situation.candidates.wanted:
                near |= {name: self.search(one) for name, one in situation.candidates.wanted.items()}
                continue
            for fact in situation.facts:
                self.versions[fact.stream] = self.versions.get(fact.stream, 0) + 1
            self.states |= situation.states()
            self.facts += situation.facts
            return answer

    def _held(self, stream, kind):
        return Held(self.versions.get(stream, 0), self.states.get(stream, AGGREGATES[kind].initial), {})

    def ask(self, decide, command, at, role=Role.DEAL_DESK):
        request = Request(id="r-1", program=self.program, actor=Actor(role=role, subject="dana"), command=command)
        return self.decide(lambda situation: decide(command, request, situation), at)

    def of(self, aggregate, stream):
        return self.states.get(stream, aggregate.initial)

    @property
    def events(self):
        return [fact.event for fact in self.facts]


@pytest.fixture
def streams():
    return Streams()


@pytest.fixture(scope="session")
def new_streams():
    """For a property that starts anew with every example."""
    return Streams


REFERENCE = {
    "program": "reference",
    "version": "1",
    "force_from": datetime(2026, 1, 1, tzinfo=UTC),
    "territories": [
        {"territory": "EMEA"},
        {"territory": "DE", "within": "EMEA"},
        {"territory": "DE-SOUTH", "within": "DE"},
        {"territory": "FR", "within": "EMEA"},
    ],
    "product_lines": [
        {"line": "drives"},
        {"line": "safety", "specialisation": "functional-safety"},
        {"line": "robotics", "tracks": ["distributor", "integrator"]},
        {"line": "spares"},
    ],
}


@pytest.fixture(scope="session")
def rulebook():
    """The reference program, with what the test says instead."""
    return lambda **said: RulebookDocument.model_validate({**REFERENCE, **said})


@pytest.fixture(scope="session")
def rules(rulebook):
    return rulebook()
