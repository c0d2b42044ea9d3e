"""Whatever was recorded says who, what, when, why, from which message and under which rule version (requirement 22)."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from dealreg.process.deciding import COMMANDS
from dealreg.service.composition import build
from dealreg.service.deciding_again.decision import Decision, decisions
from dealreg.service.intake.core import Intake
from dealreg.service.intake.mapping import load_mappings
from dealreg.service.intake.reading import Reading
from dealreg.service.ledger import auditing
from dealreg.service.ledger.mapper import decode
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.scenario import reading
from dealreg.service.scenario.running import run
from dealreg.vocabulary.fact import Meta, Role
from dealreg.vocabulary.ids import StreamId, rulebook_stream
from tests.fix_golden import example_event
from tests.fix_intake import delivered, event
from tests.fix_web import PROGRAM

FOLDER = reading.folder()
WORLD = reading.text_of(FOLDER / reading.WORLD)
FOLDERS = sorted({path.parent for path in reading.found([FOLDER])})


def unanswered(decision: Decision) -> Iterator[str]:
    """What the facts of a decision do not say. Recorded instant, position and login are the ledger's columns: it gives them."""
    content = decision.content
    for fact in decision.facts:
        said, meta = fact.event.NAME, fact.meta
        if not meta.actor.subject or not meta.program:
            yield f"{said}: who, in which program"
        if meta.effective_at.tzinfo is None:
            yield f"{said}: from when it counts"
        if not meta.build:
            yield f"{said}: which program decided"
        if meta.request is None or not meta.request.id or not meta.request.digest:
            yield f"{said}: which request, with which content"
        if content is None or content.command not in COMMANDS:
            yield f"{said}: what was asked"
        if not _why(fact, decision):
            yield f"{said}: why"
        if getattr(fact.event, "clause", None) and not meta.read.get(str(rulebook_stream(meta.program))):
            yield f"{said}: under which version of which rulebook"
        if getattr(fact.event, "rulebook_version", "") is None:
            yield f"{said}: the name of the version"


def _why(fact: Recorded, decision: Decision) -> bool:
    """A reason in words, the clause of the rulebook, or the command that somebody gave; of what fell due, the clock asked it."""
    content = decision.content
    said = getattr(fact.event, "reason", None) or fact.meta.reason or getattr(fact.event, "clause", None)
    return bool(said or (content is not None and content.command))


def _found(facts: Sequence[Recorded]) -> list[str]:
    return [fault for decision in decisions(facts) for fault in unanswered(decision)]


@pytest.mark.parametrize("folder", FOLDERS, ids=[path.name for path in FOLDERS])
def test_requirement_22_every_fact_of_every_scenario_answers_who_what_when_and_why(folder: Path):
    """All events of the aggregates occur in some case (test_rulebook_covered), so this is over every type of them."""
    found = {
        path.name: _found(run(reading.case_of(path), WORLD).world.ledger.facts) for path in reading.found([folder])
    }
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_requirement_22_what_is_sealed_with_every_fact_has_room_for_every_answer():
    """Who, when and which build are demanded of every fact of every type; the schema of its bytes says so."""
    needed = {name for name, field in Meta.model_fields.items() if field.is_required()}
    assert needed == {"program", "actor", "effective_at", "build"}
    assert {"reason", "request", "cause", "source", "read", "on_behalf_of"} <= set(Meta.model_fields)
    for name in stored_names().names:
        whole = json.loads((Path(__file__).parents[1] / "golden" / f"{name}.json").read_bytes())
        for missing in needed:
            meta = {key: value for key, value in whole["meta"].items() if key != missing}
            with pytest.raises(ValueError, match=missing):
                decode(stored_names(), name, json.dumps({"meta": meta, "data": whole["data"]}).encode())


AUDIT = {name: cls for name, cls in stored_names().classes.items() if cls.AGGREGATE == "audit"}


@pytest.mark.parametrize("name", AUDIT)
def test_requirement_22_a_fact_of_the_trail_itself_answers_who_when_and_why(name: str):
    """Nobody's command makes it and no clause decides it, so it has neither request nor version: it names who, why and the build."""
    made = auditing.fact(StreamId(uuid4()), example_event(AUDIT[name]), by="login:mia", reason="complaint 17")
    meta, back = decode(stored_names(), made.topic, made.state)
    assert (meta.actor.subject, meta.reason, meta.build) == ("login:mia", "complaint 17", build())
    assert abs((datetime.now(UTC) - meta.effective_at).total_seconds()) < 3600
    assert (type(back), meta.request, meta.read) == (AUDIT[name], None, {})


SAID = {
    "record": "0061", "name": "Pumps", "stage": "Proposal", "partner": "ALPHA", "distributor": "NORTH", "lines": ["storage"], "territory": "DE",
    "customer_name": "Acme GmbH", "country": "DE", "identifiers": {"domain": "acme.de"}, "amount": "48000", "currency": "EUR",
    "close_on": "2027-03-31", "contact": "Erika Mustermann",
}  # fmt: skip


def test_requirement_22_what_the_crm_said_names_its_message_by_place_and_digest(seeded):
    """Every fact that a message made: which stream of the broker, which place in it, and SHA-256 of the very bytes."""
    intake = Intake(seeded.house.dispatch, Reading(load_mappings(), PROGRAM))
    bodies = {
        7: event(1, SAID),
        9: event(2, {"record": "0061", "stage": "Negotiation"}),
    }
    intake.process([delivered(body, place) for place, body in bodies.items()])
    facts = [seeded.house.ledger.read(row) for row in seeded.house.ledger.notifications(0, 10_000)]
    from_crm = [fact for fact in facts if fact.meta.actor.role is Role.CRM]
    kinds = {fact.event.NAME for fact in from_crm}
    assert {"opportunity_changed.v1", "registration_submitted.v1", "claim_entered.v1"} <= kinds, kinds
    for fact in from_crm:
        source = fact.meta.source
        assert source is not None, fact.event.NAME
        assert (source.stream, source.digest) == ("CRM", hashlib.sha256(bodies[source.sequence]).hexdigest())
    assert {fact.meta.source.sequence for fact in from_crm if fact.meta.source} == set(bodies)
    assert _found([fact for fact in facts if fact.event.AGGREGATE != "audit"]) == []
    assert {fact.meta.build for fact in facts} == {build()}


def test_the_check_finds_what_is_missing():
    """Each answer taken away from a real decision is missed."""
    path = next(path for path in reading.found([FOLDER]) if path.stem == "first_complete_claim_is_protected")
    facts = run(reading.case_of(path), WORLD).world.ledger.facts
    decision = next(one for one in decisions(facts) if any(fact.event.NAME == "line_approved.v1" for fact in one.facts))
    assert list(unanswered(decision)) == []

    def missing(**update) -> set[str]:
        changed = tuple(replace(fact, meta=fact.meta.model_copy(update=update)) for fact in decision.facts)
        return {fault.partition(": ")[2] for fault in unanswered(Decision(changed))}

    assert missing(read={}) == {"under which version of which rulebook"}
    assert missing(build="") == {"which program decided"}
    assert missing(effective_at=datetime(2026, 1, 1)) == {"from when it counts"}  # noqa: DTZ001 - that is the fault
    assert missing(actor=decision.meta.actor.model_copy(update={"subject": ""})) == {"who, in which program"}
    assert {"which request, with which content", "what was asked", "why"} <= missing(request=None)
