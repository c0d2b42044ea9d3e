"""The fields of a CRM's own records: of what kind of record they are, and how their text is read.

A CRM says a value as JSON or as text; the ledger keeps its text. What a text is, is told by its form alone, without a locale: what two
people read differently (03/04/2026, 1.000) is text.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final


class Entity(StrEnum):
    """Of what kind a record of a CRM is."""

    OPPORTUNITY = "opportunity"
    ACCOUNT = "account"


class FieldType(StrEnum):
    """How a field's text is read; a ``day`` is the instant at which it begins in the program's zone."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    TRUTH = "truth"
    INSTANT = "instant"
    DAY = "day"


class Audience(StrEnum):
    """Partners to whom a field may be shown, by the tier that they read as; a master distributor reads as a distributor."""

    DEALER = "dealer"
    DISTRIBUTOR = "distributor"


Value = str | int | Decimal | bool | datetime | date

_WHOLE: Final = re.compile(r"([+-]?\d{1,19})(?:\.0+)?")
_NUMBER: Final = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,2})?")
_PLAIN_WHOLE: Final = re.compile(r"-?(?:0|[1-9]\d{0,18})")
_PLAIN_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,39})\.\d{1,40}|-?(?:0|[1-9]\d{19,39})")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})")
_DOT_NET: Final = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_EPOCH_MILLISECONDS: Final = re.compile(r"-?\d{9,14}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST, _MOST = -(2**63), 2**63 - 1


def parsed(kind: FieldType, written: str) -> Value | None:
    """The value of a text under a type; ``None`` where it is none of that type.

    Instants are in UTC, whatever their year. Milliseconds since 1970 are taken for an instant or a day only where the type says so:
    by themselves they are a whole number.
    """
    try:
        return _PARSED[kind](written.strip())
    except (ValueError, OverflowError, ArithmeticError):
        return None


def kind_of(value: Any, *, all_texts: bool = False) -> FieldType:
    """What kind of value the CRM said, judged by itself; ``all_texts``: the source writes numbers and truths as text too."""
    if isinstance(value, bool):
        return FieldType.TRUTH
    if isinstance(value, int):
        return FieldType.WHOLE if _LEAST <= value <= _MOST else FieldType.NUMBER
    if isinstance(value, Decimal | float):
        return FieldType.NUMBER
    if not isinstance(value, str):
        return FieldType.TEXT
    return _kind_of_text(value, all_texts=all_texts)


def wider(one: FieldType, other: FieldType) -> FieldType:
    """The type as which every value of both can be read. In whatever order values come, the widest of them is the same."""
    if one is other:
        return one
    if {one, other} == {FieldType.WHOLE, FieldType.NUMBER}:
        return FieldType.NUMBER
    return FieldType.TEXT


def _kind_of_text(text: str, *, all_texts: bool) -> FieldType:
    if _DAY.fullmatch(text) and _calendar_day(text) is not None:
        return FieldType.DAY
    if (_INSTANT.fullmatch(text) or _DOT_NET.fullmatch(text)) and parsed(FieldType.INSTANT, text) is not None:
        return FieldType.INSTANT
    if not all_texts:
        return FieldType.TEXT
    if text in {"true", "false"}:
        return FieldType.TRUTH
    if _PLAIN_WHOLE.fullmatch(text) and _LEAST <= int(text) <= _MOST:
        return FieldType.WHOLE
    return FieldType.NUMBER if _PLAIN_NUMBER.fullmatch(text) or _PLAIN_WHOLE.fullmatch(text) else FieldType.TEXT


def _calendar_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    """CRMs write whole numbers with a point too: 3.0."""
    found = _WHOLE.fullmatch(text)
    if found is None:
        return None
    value = int(found[1])
    return value if _LEAST <= value <= _MOST else None


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _truth(text: str) -> bool | None:
    return {"true": True, "false": False, "1": True, "0": False}.get(text.lower())


def _instant(text: str) -> datetime | None:
    milliseconds = _milliseconds(text)
    if milliseconds is not None:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo is not None else None


def _day(text: str) -> date | None:
    """Midnight in UTC is how some CRMs write a day."""
    milliseconds = _milliseconds(text)
    if milliseconds is None:
        return date.fromisoformat(text)
    return (_EPOCH + timedelta(milliseconds=milliseconds)).date() if milliseconds % 86_400_000 == 0 else None


def _milliseconds(text: str) -> int | None:
    dot_net = _DOT_NET.fullmatch(text)
    if dot_net is not None:
        return int(dot_net[1])
    return int(text) if _EPOCH_MILLISECONDS.fullmatch(text) else None


_PARSED: Final[dict[FieldType, Callable[[str], Value | None]]] = {
    FieldType.TEXT: lambda text: text,
    FieldType.WHOLE: _whole,
    FieldType.NUMBER: _number,
    FieldType.TRUTH: _truth,
    FieldType.INSTANT: _instant,
    FieldType.DAY: _day,
}
