"""The log as OCEL 2.0 (object-centric event log, JSON), which process-mining libraries read: an event a fact, with its objects.

The instant of an event is the one from which it counts (``effective_at``); when it was recorded, at which position, by whom and under
which clause are its attributes. Every value is text, typed by its declaration: so both the published schema and its readers have it.
Events are written as they are read; what is kept in memory is a line an object. Source: OCEL 2.0 specification, section 8.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from dealreg.service.exporting.cloudevents import parsed
from dealreg.service.exporting.objects import Object, Related, related
from dealreg.service.exporting.own_fields import OCEL_TYPES, OwnFields
from dealreg.service.exporting.stored import Stored, stored
from dealreg.service.exporting.wanted import Tell, Wanted, Written
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.stored_names import stored_names

FORM: Final = "ocel"
SUFFIX: Final = ".ocel.json"
ALWAYS: Final = "1970-01-01T00:00:00Z"
"""From when on an attribute of an object holds that never changes (specification, section 7)."""

EVENT_ATTRIBUTES: Final = {
    "position": "integer", "version": "integer", "stream": "string", "recorded_at": "time", "recorded_by": "string", "role": "string",
    "actor": "string", "reason": "string", "clause": "string", "rulebook_version": "string", "line": "string", "caused_by": "string",
}  # fmt: skip
OBJECT_ATTRIBUTES: Final = {"program": "string"}


@dataclass(slots=True)
class _Seen:
    """What is written behind the events: their kinds, and the objects with what they are to each other."""

    types: set[str] = field(default_factory=set)
    programs: dict[Object, str] = field(default_factory=dict)
    links: dict[Object, dict[tuple[str, str], None]] = field(default_factory=dict)
    own: OwnFields = field(default_factory=OwnFields)


def write(ledger: Ledger, out: BinaryIO, wanted: Wanted, tell: Tell) -> Written:
    """Write the facts wanted. Raises ``Unavailable``."""
    seen, facts, first, last = _Seen(), 0, 0, 0
    out.write(b'{"events":[')
    for fact in stored(ledger, wanted):
        out.write((b",\n" if facts else b"\n") + _json(_event(fact, seen)))
        facts, first, last = facts + 1, first or fact.position, fact.position
        tell(1)
    out.write(b'\n],\n"objects":[')
    out.writelines((b",\n" if number else b"\n") + _json(one) for number, one in enumerate(_objects(seen)))
    out.write(b'\n],\n"eventTypes":' + _json(_declared(seen.types, EVENT_ATTRIBUTES)))
    out.write(b',\n"objectTypes":' + _json(_object_types(seen)) + b"}\n")
    return Written(facts, first, last)


def _event(fact: Stored, seen: _Seen) -> dict[str, Any]:
    meta, data = _read(fact.state)
    kind, program = fact.topic.rsplit(".", 1)[0], str(meta.get("program", ""))
    objects = related(_aggregate(fact.topic), meta, data)
    seen.types.add(kind)
    seen.own.take(kind, data, str(meta.get("effective_at") or fact.recorded_at))
    for one in objects:
        seen.programs.setdefault(one.object, program)
    _link(objects, seen)
    actor = meta.get("actor") or {}
    said = {
        "position": fact.position, "version": fact.version, "stream": fact.stream, "recorded_at": fact.recorded_at,
        "recorded_by": fact.recorded_by, "role": actor.get("role"), "actor": actor.get("subject"),
        "reason": data.get("reason") or meta.get("reason"), "clause": data.get("clause"),
        "rulebook_version": data.get("rulebook_version"), "line": data.get("line"), "caused_by": meta.get("cause"),
    }  # fmt: skip
    return {
        "id": f"{fact.stream}:{fact.version}",
        "type": kind,
        "time": str(meta.get("effective_at") or fact.recorded_at),
        "attributes": [{"name": name, "value": str(value)} for name, value in said.items() if value is not None],
        "relationships": [{"objectId": one.object.id, "qualifier": one.qualifier} for one in objects],
    }


def _link(objects: list[Related], seen: _Seen) -> None:
    """What the fact that first names an object says that it has to do with others: the fact's first object with the rest."""
    subject = objects[0].object
    if subject not in seen.links:
        others = ((one.object.id, one.qualifier) for one in objects[1:] if one.object != subject)
        seen.links[subject] = dict.fromkeys(others)


def _objects(seen: _Seen) -> Iterator[dict[str, Any]]:
    for one, program in seen.programs.items():
        yield {
            "id": one.id,
            "type": one.kind,
            "attributes": [
                {"name": "program", "value": program, "time": ALWAYS},
                *seen.own.attributes(one.kind, one.id.partition("/")[2]),
            ],
            "relationships": [{"objectId": other, "qualifier": what} for other, what in seen.links.get(one, {})],
        }


def _object_types(seen: _Seen) -> list[dict[str, Any]]:
    """Opportunities and accounts have the fields of their CRM besides, each as its type; one called like ours stays ours."""
    kinds = sorted({one.kind for one in seen.programs})
    own = {kind: {name: OCEL_TYPES[type_] for name, type_ in seen.own.declared(kind).items()} for kind in kinds}
    return [one for kind in kinds for one in _declared({kind}, own[kind] | OBJECT_ATTRIBUTES)]


def _declared(names: set[str], attributes: dict[str, str]) -> list[dict[str, Any]]:
    typed = [{"name": name, "type": kind} for name, kind in attributes.items()]
    return [{"name": name, "attributes": typed} for name in sorted(names)]


def _aggregate(topic: str) -> str | None:
    """Whose fact it is; ``None`` of a name that this build does not know."""
    try:
        return stored_names().newest(topic).AGGREGATE
    except KeyError:
        return None


def _read(state: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a fact says; of bytes that are no such JSON nothing is known but that they are there."""
    try:
        said = parsed(state)
        meta, data = said["meta"], said["data"]
    except (ValueError, KeyError, TypeError):
        return {}, {}
    return (meta, data) if isinstance(meta, dict) and isinstance(data, dict) else ({}, {})


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
