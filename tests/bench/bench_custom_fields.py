"""What it costs that a CRM's own fields are learned: deciding and projecting the same messages with and without the kinds of their values.

Sixty fields a message, as an organisation of Salesforce has; a batch is what the feed's consumer decides in one save. Without kinds nothing
is learned and the stream of the schema is not even looked at: that is how messages were before fields had types.
"""

import statistics
import time
from datetime import UTC, datetime, timedelta

import pytest

from dealreg.opportunity.commands import FoldOpportunity, OpportunityMessage
from dealreg.service.composition import House
from dealreg.service.projecting.projector import Projector
from dealreg.vocabulary.crm_record import Change
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.field_types import FieldType
from dealreg.vocabulary.values import CustomField
from tests.bench.measuring import Figure, Report
from tests.bench.program import PROGRAM

FIELDS, BATCH, ROUNDS = 60, 100, 12
KINDS = list(FieldType)
VALUES = {FieldType.TEXT: "Steel", FieldType.WHOLE: "12", FieldType.NUMBER: "0.5", FieldType.TRUTH: "true",
          FieldType.INSTANT: "2026-03-01T10:00:00Z", FieldType.DAY: "2026-03-01"}  # fmt: skip
AT = datetime(2026, 3, 2, tzinfo=UTC)
MODELS = ("my_deals", "network_deals", "protected_customers", "custom_fields")


def _batch(source: str, number: int, *, typed: bool) -> list[Request]:
    requests = []
    for place in range(number * BATCH, (number + 1) * BATCH):
        custom = tuple(
            CustomField(name=f"Field_{n}__c", value=VALUES[KINDS[n % 6]], kind=KINDS[n % 6] if typed else None)
            for n in range(FIELDS)
        )
        message = OpportunityMessage(
            source=source, record=f"r{place}", digest=f"{place:064x}", order=f"{place:020d}", change=Change.CREATED,
            changed_at=AT + timedelta(seconds=place), custom=custom,
        )  # fmt: skip
        actor = Actor(role=Role.CRM, subject=source)
        requests.append(
            Request(id=message.digest, program=PROGRAM, actor=actor, command=FoldOpportunity(message=message))
        )
    return requests


@pytest.mark.timeout(600)
def test_what_learning_costs(house: House, report: Report) -> None:
    """Both ways in turns, so that a busy machine is busy for both."""
    took: dict[tuple[str, bool], list[float]] = {}
    projector = Projector(house.settings.database_url("projector"), models=MODELS)
    for number in range(ROUNDS):
        for typed in (False, True):
            requests = _batch(f"crm-{typed}", number, typed=typed)
            began = time.perf_counter()
            house.dispatch.decide_batch(requests)
            decided = time.perf_counter()
            projector.catch_up()
            projected = time.perf_counter()
            if number:  # The first learns everything.
                took.setdefault(("decided", typed), []).append(decided - began)
                took.setdefault(("projected", typed), []).append(projected - decided)
    rows: list[dict[str, Figure]] = []
    for what in ("decided", "projected"):
        without, known = (statistics.median(took[what, typed]) / BATCH * 1e3 for typed in (False, True))
        rows.append(
            {
                "a message": what,
                "nothing learned, ms": round(without, 3),
                "all known, ms": round(known, 3),
                "ratio": round(known / without, 2),
            }
        )
    report.say(f"Messages of {FIELDS} fields of the CRM's own, {BATCH} a save", rows)
