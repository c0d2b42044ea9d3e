"""What each row of an export tells, as messages in the order in which it happened."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from dealreg.engagement.windows import first_instant
from dealreg.service.ingest.document import FactRule, IngestMapping, Said, Undated
from dealreg.service.ingest.parties import Parties
from dealreg.service.ingest.table import Export, Row
from dealreg.service.intake.publishing import Outgoing, cloud_event
from dealreg.vocabulary.crm_record import Change

IDENTIFIERS = "identifiers."


@dataclass(frozen=True, slots=True)
class Told:
    """A message with what it comes from: the row, the fact, and the instant at which it was so."""

    row: int
    fact: str
    at: datetime
    message: Outgoing

    @property
    def digest(self) -> str:
        """SHA-256 of the body: by it a dead letter is known again."""
        return sha256(self.message.body).hexdigest()


@dataclass(slots=True)
class Telling:
    """All messages in order; ``untold`` says of rows that cannot be sent why; ``undated`` are the rows told on the last day."""

    messages: list[Told] = field(default_factory=list)
    untold: dict[int, str] = field(default_factory=dict)
    undated: set[int] = field(default_factory=set)
    first_day: date = date.max
    last_day: date = date.min


class _Unreadable(Exception):
    """A cell that cannot be understood; the message is for the account of the row."""


def tell(export: Export, mapping: IngestMapping, parties: Parties, zone: ZoneInfo) -> Telling:
    """Every row as the facts that it holds: by day, then as the mapping lists its facts, then by row.

    Of one row on one day what created the record comes first, whatever the mapping's order.
    """
    telling = Telling()
    dated = list(_dated(export, mapping, telling))
    ranks: dict[tuple[int, date], int] = {}
    for row, rank, _, day in dated:
        key = (row.number, day or telling.last_day)
        ranks[key] = max(rank, ranks.get(key, 0))
    ordered = sorted(
        (
            day or telling.last_day,
            ranks[row.number, day or telling.last_day],
            row.number,
            rule.change is not Change.CREATED,
            rank,
        )
        for row, rank, rule, day in dated
    )
    rows = {row.number: row for row in export.rows}
    telling.undated = {row.number for row, _, _, day in dated if day is None}
    telling.messages = [
        _message(rows[number], mapping.facts[rank], mapping, parties, day, zone) for day, _, number, _, rank in ordered
    ]
    return telling


def _dated(
    export: Export, mapping: IngestMapping, telling: Telling
) -> Iterator[tuple[Row, int, FactRule, date | None]]:
    """Each fact of each row with its day; a row with a cell that is no day, or without a record, is set aside."""
    for row in export.rows:
        try:
            if not row.cells.get(mapping.record):
                raise _Unreadable(f"{mapping.record} is empty: the row names no opportunity")
            days = [(rank, rule, _day(row, rule)) for rank, rule in enumerate(mapping.facts)]
        except _Unreadable as why:
            telling.untold[row.number] = str(why)
            continue
        known = [day for _, _, day in days if day is not None]
        telling.first_day = min([telling.first_day, *known])
        telling.last_day = max([telling.last_day, *known])
        said = [(rank, rule, day) for rank, rule, day in days if day is not None or rule.undated is Undated.LAST_DAY]
        if not said:
            telling.untold[row.number] = "has no date, and the mapping says nothing of rows without one"
        yield from ((row, rank, rule, day) for rank, rule, day in said)


def _day(row: Row, rule: FactRule) -> date | None:
    written = row.cells.get(rule.date, "")
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise _Unreadable(f"{rule.date} is no day such as 2017-03-01") from None


def _message(row: Row, rule: FactRule, mapping: IngestMapping, parties: Parties, day: date, zone: ZoneInfo) -> Told:
    at = first_instant(day, zone)
    record = row.cells[mapping.record]
    data: dict[str, Any] = {"record": record, "change": rule.change.value}
    if rule.names_partners:
        data |= parties.named(row)
    for name, said in rule.fields():
        value = _value(row, said)
        if value:
            _put(data, name, value)
    # Named by its content: the same row is the same message for ever, a corrected one is a new one.
    content = sha256(json.dumps([data, at.isoformat()], sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
    name = f"{record}:{rule.fact}:{content}"
    sequence = f"{day.isoformat()}.{0 if rule.change is Change.CREATED else 1}"
    event = cloud_event(mapping.source, name, data, at=at, sequence=sequence, program=mapping.program)
    return Told(row.number, rule.fact, at, event)


def _value(row: Row, said: Said) -> str:
    if said.always is not None:
        return said.always
    written = row.cells.get(said.column or "", "")
    return said.words.get(written, written)


def _put(data: dict[str, Any], name: str, value: str) -> None:
    if name.startswith(IDENTIFIERS):
        data.setdefault("identifiers", {})[name.removeprefix(IDENTIFIERS)] = value
    else:
        data[name] = [value] if name == "lines" else value
