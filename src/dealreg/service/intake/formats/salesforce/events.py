"""Salesforce Change Data Capture as JSON: what CometD delivers, and what a Pub/Sub client writes once it has decoded the Avro.

Sources: Change Data Capture Developer Guide (header fields, merged events, gap events, enrichment); design, domain.md section 3.1.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dealreg.service.intake.formats.salesforce import record_ids
from dealreg.service.intake.formats.salesforce.fields import fields
from dealreg.service.intake.heard import Heard
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why

CHANGES = {"CREATE": "created", "UPDATE": "updated", "DELETE": "deleted", "UNDELETE": "undeleted"}
GAPS = frozenset({"GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE"})
"""The record changed, and the event does not say how; GAP_OVERFLOW does not even say which record."""
HEADER = "ChangeEventHeader"
_CLIENT = re.compile(r"client=([^;/]*)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Header:
    """The part of the header that is used."""

    entity: str
    records: tuple[str, ...]
    change: str
    origin: str
    transaction: str
    sequence: int
    commit: int
    committed_at: datetime


def payload_of(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """The change event inside what a client wraps around it; ``None`` where there is none."""
    inner: Any = value
    for key in ("data", "payload"):
        if isinstance(inner, dict) and HEADER not in inner and isinstance(inner.get(key), dict):
            inner = inner[key]
    return inner if isinstance(inner, dict) and isinstance(inner.get(HEADER), dict) else None


def heard(payload: Mapping[str, Any], mapping: MappingDocument) -> list[Heard]:
    """What the event says of each of its records; nothing where it is our own echo. Raises ``Unreadable``.

    A gap that names its records makes what rides on them stale (ROE-22).

    One event speaks of many records when one transaction changed them alike ("merged events").
    """
    header = _header(payload[HEADER])
    if header.entity != mapping.entity:
        raise Unreadable(Why.SHAPE, f"is {header.entity}; only {mapping.entity} is mapped", f"{HEADER}.entityName")
    gap = header.change in GAPS
    if not (gap or header.change in CHANGES) or any("*" in record for record in header.records):
        words = (
            f"{header.change} of {', '.join(header.records)[:200]}: Salesforce does not say what changed; read it again"
        )
        raise Unreadable(Why.GAP, words, f"{HEADER}.changeType")
    if mapping.client is not None and mapping.client in _CLIENT.findall(header.origin):
        return []
    said, custom = ({}, {}) if gap else fields(payload, header.change, mapping)
    return [
        Heard(
            source=mapping.source,
            record=record,
            identity=("salesforce", header.transaction, str(header.sequence), header.entity, record),
            order=f"{header.commit:020d}.{header.sequence:010d}",
            change="gap" if gap else CHANGES[header.change],
            changed_at=header.committed_at,
            said=said,
            custom=custom,
        )
        for record in _records(header)
    ]


def _records(header: Header) -> Iterator[str]:
    """Each record once, by its canonical id."""
    seen = (record_ids.canonical(record, f"{HEADER}.recordIds") for record in header.records)
    return iter(dict.fromkeys(seen))


def _header(header: Mapping[str, Any]) -> Header:
    records = header.get("recordIds")
    if not isinstance(records, list) or not records or not all(isinstance(record, str) for record in records):
        raise Unreadable(Why.INVALID, "has to be a list of ids", f"{HEADER}.recordIds")
    return Header(
        entity=_word(header, "entityName"),
        records=tuple(records),
        change=_word(header, "changeType"),
        origin=header.get("changeOrigin") if isinstance(header.get("changeOrigin"), str) else "",  # type: ignore[arg-type]  # just asked
        transaction=_word(header, "transactionKey"),
        sequence=_number(header, "sequenceNumber", 2**31),
        commit=_number(header, "commitNumber", 2**63),
        committed_at=instant(_number(header, "commitTimestamp", 2**63), f"{HEADER}.commitTimestamp"),
    )


def _word(header: Mapping[str, Any], name: str) -> str:
    value = header.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(Why.INVALID, "is missing or no text", f"{HEADER}.{name}")
    return value


def _number(header: Mapping[str, Any], name: str, below: int) -> int:
    value = header.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < below:
        raise Unreadable(Why.INVALID, f"is no whole number from 0 to {below - 1}", f"{HEADER}.{name}")
    return value


def instant(milliseconds: int, field: str) -> datetime:
    """Milliseconds since 1970, negative ones included. Raises ``Unreadable`` beyond the calendar."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise Unreadable(Why.INVALID, "lies beyond the calendar", field) from error
