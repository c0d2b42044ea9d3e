"""Salesforce Change Data Capture as JSON: what CometD delivers, and what a Pub/Sub client writes once it has decoded the Avro.

Sources: Change Data Capture Developer Guide (header fields, merged events, gap events, enrichment); design, domain.md section 3.1.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dealreg.service.intake.formats.envelopes import of_entity
from dealreg.service.intake.formats.fields import spoken
from dealreg.service.intake.formats.salesforce import record_ids
from dealreg.service.intake.formats.salesforce.fields import spoken_of, standing
from dealreg.service.intake.formats.salesforce.header import HEADER, Header, header_of
from dealreg.service.intake.formats.salesforce.schemas import Schema
from dealreg.service.intake.heard import ECHO, Entity, FeedGap, Heard, Ignored
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why

CHANGES = {"CREATE": "created", "UPDATE": "updated", "DELETE": "deleted", "UNDELETE": "undeleted"}
GAPS = frozenset({"GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE"})
"""The record changed, and the event does not say how."""
OVERFLOW = "GAP_OVERFLOW"
"""A transaction changed more than 100,000 records: it does not even say which."""
MASTER = "MasterRecordId"
"""In a deleted account, the one that it was merged into."""
REST = "~gap"
"""Orders what an event left unsaid right behind what it said."""


def payload_of(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """The change event inside what a client wraps around it; ``None`` where there is none."""
    inner: Any = value
    for key in ("data", "payload"):
        if isinstance(inner, dict) and HEADER not in inner and isinstance(inner.get(key), dict):
            inner = inner[key]
    return inner if isinstance(inner, dict) and isinstance(inner.get(HEADER), dict) else None


def schema_id(value: Mapping[str, Any]) -> str | None:
    """The id of the schema that the event was written by, as CometD and Pub/Sub clients put it beside the payload."""
    inner = value.get("data")
    for around in (value, inner if isinstance(inner, dict) else {}):
        for key in ("schema", "schemaId", "schema_id"):
            if isinstance(around.get(key), str):
                return str(around[key])
    return None


def heard(
    payload: Mapping[str, Any], schema: Schema | None, mapping: MappingDocument
) -> Iterator[Heard | FeedGap | Ignored]:
    """What the event says of each of its records. Raises ``Unreadable``.

    One event speaks of many records when one transaction changed them alike ("merged events"). A gap that names its records makes what
    rides on them stale, one that names none holds the whole feed (ROE-22).
    """
    header = header_of(payload[HEADER])
    entity = _entity(header, mapping)
    if header.change == OVERFLOW or (not header.names_records and header.change in {*CHANGES, *GAPS}):
        yield _feed_gap(header, entity, mapping)
    elif header.change not in {*CHANGES, *GAPS}:
        raise Unreadable(
            Why.SHAPE, f"is {header.change[:100]}, which is no change that is known", f"{HEADER}.changeType"
        )
    elif mapping.client is not None and mapping.client in header.clients:
        yield ECHO
    elif header.change in GAPS:
        for record in header.ids():
            yield _gap(header, record, entity, mapping, f"{header.change}: Salesforce does not say what changed")
    else:
        yield from _changed(payload, header, entity, schema, mapping)


def _entity(header: Header, mapping: MappingDocument) -> Entity:
    if header.entity == mapping.entity:
        return Entity.OPPORTUNITY
    if mapping.account is not None and header.entity == mapping.account.entity:
        return Entity.ACCOUNT
    known = [mapping.entity, *([mapping.account.entity] if mapping.account is not None else [])]
    raise Unreadable(Why.SHAPE, f"is {header.entity}; only {' and '.join(known)} are mapped", f"{HEADER}.entityName")


def _changed(
    payload: Mapping[str, Any], header: Header, entity: Entity, schema: Schema | None, mapping: MappingDocument
) -> Iterator[Heard]:
    told = spoken_of(payload, header, schema)
    said, custom = spoken(told.theirs, of_entity(entity, mapping), record_id)
    if entity is Entity.OPPORTUNITY:
        said = {**standing(told.theirs), **said}
    elif header.change == "DELETE" and payload.get(MASTER) is not None:
        said["merged_into"] = record_id(payload[MASTER], MASTER)
    for record in header.ids():
        yield Heard(
            source=mapping.source,
            record=record,
            identity=header.identity(record),
            order=header.order(),
            change=CHANGES[header.change],
            changed_at=header.committed_at,
            said=said,
            custom=custom,
            entity=entity,
        )
        unknown = told.unknown or _untold(header, said, entity, mapping)
        if unknown is not None:
            yield _gap(header, record, entity, mapping, unknown)


def _untold(header: Header, said: Mapping[str, Any], entity: Entity, mapping: MappingDocument) -> str | None:
    """Of a deleted account the event does not say whether it was merged into another; who can ask is told to."""
    if header.change != "DELETE" or entity is not Entity.ACCOUNT or mapping.api is None or said.get("merged_into"):
        return None
    return "Salesforce does not say in the event whether the deleted account was merged into another"


def record_id(value: Any, field: str) -> str:
    """The canonical form of a record's id; what has not the shape of one is kept, for a partner may be named otherwise."""
    return record_ids.canonical(value, field) if record_ids.is_short(value) else str(value)


def _gap(header: Header, record: str, entity: Entity, mapping: MappingDocument, why: str) -> Heard:
    """Behind what the same event told of the record, if anything."""
    told = header.change in GAPS
    return Heard(
        source=mapping.source,
        record=record,
        identity=header.identity(record) if told else header.identity(record, "rest"),
        order=header.order() if told else header.order(REST),
        change="gap",
        changed_at=header.committed_at,
        entity=entity,
        why=why,
    )


def _feed_gap(header: Header, entity: Entity, mapping: MappingDocument) -> FeedGap:
    why = f"{header.change} of {', '.join(header.records)[:200]}: Salesforce does not say which records changed"
    return FeedGap(mapping.source, header.identity(header.records[0]), header.committed_at, why, entity)
