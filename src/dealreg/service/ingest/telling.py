"""What each row of an export tells, as messages in the order in which it happened."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dealreg.engagement.windows import first_instant
from dealreg.service.ingest.document import FactRule, IngestMapping, Undated
from dealreg.service.ingest.parties import Parties
from dealreg.service.ingest.saying import Told, message
from dealreg.service.ingest.table import Export, Row
from dealreg.service.intake.formats.dates import moment
from dealreg.service.intake.formats.fields import is_nothing
from dealreg.service.intake.unreadable import Unreadable
from dealreg.vocabulary.crm_record import Change

_SPREADSHEET = re.compile(r"\d(?:[.,]\d+)?E\+\d+")
"""An id of many digits as a spreadsheet shows it, and saves it."""


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


@dataclass(frozen=True, slots=True)
class _Fact:
    """A fact that a row holds; ``when`` is missing where the row has no date for it."""

    row: Row
    rank: int
    rule: FactRule
    when: date | datetime | None


def tell(export: Export, mapping: IngestMapping, parties: Parties, zone: ZoneInfo) -> Telling:
    """Every row as the facts that it holds: by instant, then as the mapping lists its facts, then by row.

    A day counts from its first instant in ``zone``. Of one row at one instant what created the record comes first, whatever the mapping's
    order.
    """
    telling = Telling()
    held = list(_held(export, mapping, telling, zone))
    if mapping.as_of is not None:
        telling.last_day = max(telling.last_day, mapping.as_of)
        telling.first_day = min(telling.first_day, mapping.as_of)
    last = telling.last_day
    if last == date.min:
        telling.untold |= {
            one.row.number: "has no date, and no other row has; say 'as_of' in the mapping" for one in held
        }
        return telling
    timed = [(_at(one.when or last, zone), one) for one in held]
    ranks: dict[tuple[int, datetime], int] = {}
    for at, one in timed:
        ranks[one.row.number, at] = max(one.rank, ranks.get((one.row.number, at), 0))
    timed.sort(key=lambda each: _place(each[0], each[1], ranks))
    telling.undated = {one.row.number for one in held if one.when is None}
    telling.messages = [message(one.row, one.rule, mapping, parties, one.when or last, at) for at, one in timed]
    return telling


def _place(at: datetime, one: _Fact, ranks: Mapping[tuple[int, datetime], int]) -> tuple[Any, ...]:
    number = one.row.number
    return at, ranks[number, at], number, one.rule.change is not Change.CREATED, one.rank


def _held(export: Export, mapping: IngestMapping, telling: Telling, zone: ZoneInfo) -> Iterator[_Fact]:
    """Each fact of each row with its date; a row with a cell that is none, or without a record, is set aside."""
    for row in export.rows:
        try:
            _has_record(row, mapping)
            rules = [(rank, rule) for rank, rule in enumerate(mapping.facts) if _applies(row, rule)]
            dated = [_Fact(row, rank, rule, _when(row, rule, mapping)) for rank, rule in rules]
        except _Unreadable as why:
            telling.untold[row.number] = str(why)
            continue
        days = [_local_day(one.when, zone) for one in dated if one.when is not None]
        telling.first_day = min([telling.first_day, *days])
        telling.last_day = max([telling.last_day, *days])
        said = [one for one in dated if one.when is not None or one.rule.undated is Undated.LAST_DAY]
        if not said:
            telling.untold[row.number] = "has no date, and the mapping says nothing of rows without one"
        yield from said


def _has_record(row: Row, mapping: IngestMapping) -> None:
    record = row.cells.get(mapping.record, "")
    if not record:
        raise _Unreadable(f"{mapping.record} is empty: the row names no {mapping.entity}")
    if _SPREADSHEET.fullmatch(record):
        raise _Unreadable(f"{mapping.record} is {record}: a spreadsheet cut the digits of the id; export it as text")


def _applies(row: Row, rule: FactRule) -> bool:
    return all(row.cells.get(column, "") in values for column, values in rule.when.items())


def _when(row: Row, rule: FactRule, mapping: IngestMapping) -> date | datetime | None:
    written = row.cells.get(rule.date, "") if rule.date is not None else ""
    if is_nothing(written, mapping):
        return None
    try:
        found = moment(written, rule.date or "", mapping)
    except Unreadable as fault:
        raise _Unreadable(f"{rule.date} {fault.words}") from None
    if not 1900 <= found.year < 2200:  # noqa: PLR2004 - the bounds of every instant (architecture D12)
        raise _Unreadable(f"{rule.date} lies outside the years 1900 to 2200")
    return found


def _local_day(when: date | datetime, zone: ZoneInfo) -> date:
    return when.astimezone(zone).date() if isinstance(when, datetime) else when


def _at(when: date | datetime, zone: ZoneInfo) -> datetime:
    return when if isinstance(when, datetime) else first_instant(when, zone)
