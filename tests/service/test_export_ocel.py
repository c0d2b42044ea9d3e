"""The log as OCEL 2.0: pm4py reads it with nothing lost and discovers a process in it."""

import io
import json
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from dealreg.mirror.events import CustomFieldLearned, CustomFieldTypeChanged
from dealreg.opportunity.events import OpportunityChanged
from dealreg.service.exporting import ocel
from dealreg.service.exporting.objects import KINDS, NO_OBJECTS, related
from dealreg.service.exporting.wanted import Wanted
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Saved
from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.simulating.plan import plan
from dealreg.service.simulating.simulation import Simulation
from dealreg.vocabulary.crm_record import Change
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.field_types import Entity, FieldType
from dealreg.vocabulary.ids import PartnerId, crm_schema_id, opportunity_id
from dealreg.vocabulary.values import CustomField, Sealed
from tests.fix_histories import PROGRAM, START, History

READER = """
import json, sys, warnings
warnings.simplefilter("ignore")
import pm4py
log = pm4py.read_ocel2_json(sys.argv[1])
graph = pm4py.discover_ocdfg(log)
net = pm4py.discover_oc_petri_net(pm4py.filter_ocel_object_types(log, ["registration", "conflict"]))
print(json.dumps({
    "events": len(log.events),
    "objects": len(log.objects),
    "relations": len(log.relations),
    "object_types": sorted(pm4py.ocel_get_object_types(log)),
    "activities": sorted(graph["activities"]),
    "edges": sorted(graph["edges"]["event_couples"]),
    "net": sorted(net["object_types"]),
    "qualifiers": sorted(log.relations["ocel:qualifier"].unique()),
    "positions": sorted(int(one) for one in log.events["position"]),
    "o2o": len(log.o2o),
}))
"""
"""In a process of its own: the library greets on standard output and warns on import."""


@pytest.fixture
def program(ledger: Ledger) -> Ledger:
    """A simulated program with conflicts, overrides, offers and windows, in a real ledger."""
    simulation = Simulation(plan(seed=2, partners=20, registrations=120))
    for _ in simulation.steps():
        pass
    facts = list(simulation.ledger.facts)
    for start in range(0, len(facts), 500):
        assert not ledger.append([Saved(facts[start : start + 500], {})]).late
    return ledger


def exported(ledger: Ledger, **wanted: Any) -> tuple[bytes, dict[str, Any]]:
    out = io.BytesIO()
    written = ocel.write(ledger, out, Wanted(**{"up_to": ledger.head(), **wanted}), lambda _: None)
    said = json.loads(out.getvalue())
    assert len(said["events"]) == written.facts
    return out.getvalue(), said


def test_requirement_29_pm4py_reads_every_event_and_object_and_discovers_a_process(program: Ledger, tmp_path: Path):
    raw, said = exported(program)
    path = tmp_path / "log.ocel.json"
    path.write_bytes(raw)
    done = subprocess.run(
        [sys.executable, "-c", READER, str(path)], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    read = json.loads(done.stdout.splitlines()[-1])
    assert read["events"] == len(said["events"]) == program.head()
    assert read["objects"] == len(said["objects"])
    # The standard knows an object by several qualifiers in one event; pm4py keeps one of them.
    assert read["relations"] == sum(len({to["objectId"] for to in one["relationships"]}) for one in said["events"])
    assert read["positions"] == list(range(1, program.head() + 1))
    assert {"registration", "customer", "conflict", "partner", "override"} <= set(read["object_types"])
    assert read["activities"] == sorted(one["name"] for one in said["eventTypes"])
    assert {"registration", "conflict", "customer", "partner"} <= set(read["edges"])
    assert {"registration", "conflict"} == set(read["net"])
    assert {"registration", "customer", "asked by", "incumbent.registration", "legs.partner"} <= set(read["qualifiers"])
    assert read["o2o"] > 0


def _faults(said: dict[str, Any]) -> Iterator[str]:
    """What the specification (section 8) and its published schema demand."""
    if list(said) != ["events", "objects", "eventTypes", "objectTypes"]:
        yield "the four lists"
    declared = {
        kind: {one["name"]: {a["name"]: a["type"] for a in one["attributes"]} for one in said[kind]}
        for kind in ("eventTypes", "objectTypes")
    }
    ids = [one["id"] for one in said["objects"]]
    if len(set(ids)) < len(ids) or len({one["id"] for one in said["events"]}) < len(said["events"]):
        yield "an id twice"
    for kind, needed in (
        ("events", {"id", "type", "time", "attributes", "relationships"}),
        ("objects", {"id", "type", "attributes", "relationships"}),
    ):
        types = declared[kind.removesuffix("s") + "Types"]
        for one in said[kind]:
            if set(one) != needed or one["type"] not in types:
                yield f"{one}: fields or type"
            for attribute in one["attributes"]:
                if (
                    not isinstance(attribute["value"], str)
                    or attribute["name"] not in types[one["type"]]
                    or (kind == "objects" and "time" not in attribute)
                ):
                    yield f"{attribute}: not declared, no text or without a time"
            for relation in one["relationships"]:
                if set(relation) != {"objectId", "qualifier"} or relation["objectId"] not in set(ids):
                    yield f"{relation}: leads nowhere"
    if not {kind for types in declared.values() for attributes in types.values() for kind in attributes.values()} <= {
        "string",
        "time",
        "integer",
        "float",
        "boolean",
    }:
        yield "a type that the specification does not have"
    if any(not one["relationships"] for one in said["events"]):
        yield "an event without an object"


def test_the_file_is_as_the_specification_has_it(program: Ledger):
    _, said = exported(program)
    assert list(_faults(said)) == []
    # And the check itself finds what is wrong.
    said["objects"].pop()
    said["events"][0]["attributes"].append({"name": "surprise", "value": 1})
    assert len(list(_faults(said))) > 1


def test_an_event_says_when_it_counts_and_when_it_was_recorded_by_whom_and_why(program: Ledger):
    _, said = exported(program)
    rows = {f"{row.stream}:{row.version}": row for row in program.notifications(0, 100_000)}
    for one in said["events"]:
        row, meta = rows[one["id"]], json.loads(rows[one["id"]].state)["meta"]
        told = {attribute["name"]: attribute["value"] for attribute in one["attributes"]}
        assert (one["time"], one["type"]) == (meta["effective_at"], row.topic.rsplit(".", 1)[0])
        assert (told["position"], told["actor"], told["role"]) == (
            str(row.position),
            meta["actor"]["subject"],
            meta["actor"]["role"],
        )
        assert told["recorded_at"] == row.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    approved = next(one for one in said["events"] if one["type"] == "line_approved")
    assert {"clause", "reason", "rulebook_version", "line"} <= {one["name"] for one in approved["attributes"]}


def test_bytes_that_are_no_fact_are_an_event_of_the_program_all_the_same(ledger: Ledger):
    ledger.run(
        "SELECT ledger.append('{0}', ARRAY[gen_random_uuid()], '{1}', '{toy.v1}', ARRAY['\\xff'::bytea], '{}', '{}', '{}')"
    )
    _, said = exported(ledger, after=ledger.head() - 1)
    (one,) = said["events"]
    assert (one["type"], [relation["qualifier"] for relation in one["relationships"]]) == ("toy", ["of"])
    assert list(_faults(said)) == []


def _kinds(annotation: Any) -> Iterator[Any]:
    while hasattr(annotation, "__supertype__"):
        yield annotation
        annotation = annotation.__supertype__
    yield annotation
    for part in typing.get_args(annotation):
        yield from _kinds(part)


def _fields(cls: type[BaseModel], passed: frozenset[type] = frozenset()) -> Iterator[tuple[str, Any]]:
    """Every field of a model, however deep, with each kind of value that it may hold."""
    for name, field in cls.model_fields.items():
        for kind in _kinds(field.annotation):
            yield name, kind
            if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in passed:
                yield from _fields(kind, passed | {cls})


def test_every_field_of_every_fact_that_names_a_thing_is_known():
    """A new event's new field would otherwise be missing from every mined process, and nobody would notice."""
    named = {
        (name, kind)
        for cls in stored_names().classes.values()
        for name, kind in _fields(cls)
        if kind in (UUID, PartnerId)
    }
    assert {name for name, kind in named if kind is UUID} <= set(KINDS) | NO_OBJECTS
    partners = {name for name, kind in named if kind is PartnerId}
    assert {name for name in partners if KINDS.get(name) != "partner"} == set()
    assert {name for name in KINDS if name not in {one for one, _ in named}} == set(), "named here, and in no fact"


def test_objects_are_told_once_with_the_way_to_them():
    one = "11111111-2222-5333-8444-555555555555"
    data = {
        "customer": one,
        "legs": [{"partner": "anna"}, {"partner": "anna"}],
        "readers": {"dealers": [one]},
        "line": one,
        "conflict": None,
    }
    meta = {"program": "acme", "actor": {"partner": "bert"}, "on_behalf_of": "carl"}
    assert [(found.object.id, found.qualifier) for found in related("file", meta, data)] == [
        (f"customer/{one}", "customer"), ("partner/acme/anna", "legs.partner"), ("partner/acme/bert", "asked by"), ("partner/acme/carl", "asked for"),
    ]  # fmt: skip
    assert [found.object.id for found in related("audit", {"program": "acme"}, {"refs": ["x"]})] == ["trail/acme"]
    assert [found.object.id for found in related("rulebook", {"program": "acme"}, {})] == ["program/acme"]
    assert [found.object.id for found in related(None, {}, {"customer": "no id"})] == ["program/"]


def _said(record: str, version: int, nulled: tuple[str, ...] = (), **custom: str) -> tuple[UUID, Event]:
    stream = opportunity_id("crm", record)
    fields = tuple(CustomField(name=name, value=value) for name, value in custom.items())
    return stream, OpportunityChanged(
        opportunity=stream, source="crm", record=record, message=f"{version:064x}", order=str(version), change=Change.UPDATED, changed_at=START,
        custom=(*fields, CustomField(name="Owner", sealed=Sealed(ref=str(stream), digest="ab" * 32))), nulled=nulled,
    )  # fmt: skip


def test_the_fields_that_a_crm_has_of_its_own_are_typed_attributes_of_its_records(ledger: Ledger):
    """As the log says at its end of what type each is; what cannot be read so is no attribute, and what is personal never was."""
    of: dict[str, Any] = {"source": "crm", "entity": Entity.OPPORTUNITY, "desk": UUID(int=1)}
    by: dict[str, Any] = {"personal": False, "shown_to": (), "record": "r", "message": "0" * 64}
    schema = crm_schema_id(PROGRAM, "crm", "opportunity")
    history = History()
    for name, kind in (
        ("Seats", "whole"),
        ("Share", "number"),
        ("Signed", "truth"),
        ("Until", "day"),
        ("program", "text"),
        ("Owner", "text"),
    ):
        history.add(schema, CustomFieldLearned(**of, **by, name=name, type=FieldType(kind)), START)
    one = _said("a", 1, Seats="12", Share="0.5", Signed="true", Until="2026-05-01", program="ours", Other="unknown")
    two = _said("b", 1, Seats="7", Until="2026-05-02")
    for stream, event in (one, two, _said("b", 2, ("custom:Until",), Seats="a dozen")):
        history.add(stream, event, START)
    history.add(schema, CustomFieldTypeChanged(**of, name="Share", before=FieldType.NUMBER, after=FieldType.TEXT, because=FieldType.TEXT,
                                               effective=FieldType.TEXT, record="r", message="1" * 64), START)  # fmt: skip
    history.save(ledger)
    _, said = exported(ledger)
    (types,) = [one["attributes"] for one in said["objectTypes"] if one["name"] == "opportunity"]
    assert {one["name"]: one["type"] for one in types} == {
        "Seats": "integer", "Share": "string", "Signed": "boolean", "Until": "time", "program": "string", "Owner": "string",
    }  # fmt: skip
    told = {one["id"]: {each["name"]: each["value"] for each in one["attributes"]} for one in said["objects"]}
    assert told[f"opportunity/{one[0]}"] == {
        "program": PROGRAM, "Seats": "12", "Share": "0.5", "Signed": "true", "Until": "2026-05-01T00:00:00Z",
    }  # fmt: skip
    assert told[f"opportunity/{two[0]}"] == {"program": PROGRAM}
