"""The intake over a test's own ledger, with a core that only folds opportunities."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dealreg.opportunity.decide import fold, repeated
from dealreg.opportunity.state import OPPORTUNITY
from dealreg.rulebook.state import RULEBOOK
from dealreg.service.intake.core import Intake
from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.mapping import load_mappings
from dealreg.service.intake.reading import Reading
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.ids import StreamId

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SOURCE = "//crm.example/acme"


def fold_only(request, situation):
    """The smallest core: the opportunity alone."""
    message = request.command.message
    state = situation.of(OPPORTUNITY, message.opportunity)
    event = None if repeated(state, message) else fold(state, message)
    if event is not None:
        situation.record(OPPORTUNITY, message.opportunity, event)
    return {"opportunity": str(message.opportunity), "folded": event is not None}


def folding(ledger: Ledger, decide: Callable = fold_only) -> Dispatch:
    return Dispatch(
        ledger,
        decide=decide,
        home=lambda request: StreamId(request.command.message.opportunity),
        home_kind=lambda _: OPPORTUNITY.name,
        aggregates={OPPORTUNITY.name: OPPORTUNITY, RULEBOOK.name: RULEBOOK},
        build="test",
    )


def event(number: int, data: dict, **attributes) -> bytes:
    """A CloudEvent; ``number`` orders it and names it."""
    envelope = {
        "specversion": "1.0",
        "type": "dealreg.opportunity.changed.v1",
        "source": SOURCE,
        "id": f"event-{number}",
        "time": (NOON + timedelta(seconds=number)).isoformat(),
        "sequence": f"{number:09d}",
        "data": data,
    }
    return json.dumps({**envelope, **attributes}).encode()


def delivered(body: bytes, sequence: int, headers: dict[str, str] | None = None, stream: str = "CRM") -> Delivery:
    """A message as a broker hands it over."""
    return Delivery(
        body, headers or {}, "crm.opportunity.cloudevents", stream, sequence, NOON + timedelta(minutes=sequence)
    )


def letters(ledger: Ledger) -> list[dict]:
    return ledger.run("SELECT * FROM intake.dead_letters ORDER BY id")


def facts(ledger: Ledger) -> list[Any]:
    return [ledger.read(row) for row in ledger.notifications(0, 100_000, ["opportunity_changed.v1"])]


@pytest.fixture
def reading() -> Reading:
    return Reading(load_mappings(), "acme")


@pytest.fixture
def intake(ledger: Ledger, reading: Reading) -> Intake:
    return Intake(folding(ledger), reading)
