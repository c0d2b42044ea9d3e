"""Days and instants in every way in which a CRM writes them.

Known everywhere: ISO 8601 with or without a time and with any number of decimals, milliseconds since 1970 as a number or as digits
(before 1970 they are negative), ``/Date(ms)/`` and ``/Date(ms±zone)/`` of .NET. A mapping's ``dates`` adds what only it can know. Whether
a year may stand in a fact is the vocabulary's to say (1900 to 2199).
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dealreg.service.intake.conversions import Conversions
from dealreg.service.intake.unreadable import Unreadable, Why

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXCEL = date(1899, 12, 30)
_NET = re.compile(r"/Date\((-?\d{1,17})(?:([+-])(\d\d)(\d\d))?\)/")
_DIGITS = re.compile(r"-?\d{9,17}|-\d{1,8}")
"""At least nine: eight digits without a sign are a day of ISO 8601's basic form."""
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d{1,2}:\d\d(?::\d\d)?)(?:[.,](\d{1,12}))?\s*([Zz]|[+-]\d\d:?\d\d)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{8}")


def instant(value: Any, field: str, zone: tzinfo | None = None) -> datetime:
    """An instant in UTC; one without a zone is of ``zone``, where given. Raises ``Unreadable``."""
    found = _instant(value, zone)
    if found is None:
        raise Unreadable(Why.INVALID, "is no instant such as 2026-03-02T10:00:00Z or milliseconds since 1970", field)
    try:
        return found.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise Unreadable(Why.INVALID, "lies beyond the calendar", field) from error


def as_iso(value: Any, field: str) -> str:
    """An instant as ISO 8601 writes it, in the zone that it was written with. Raises ``Unreadable``."""
    found = _instant(value, None)
    if found is None:
        raise Unreadable(Why.INVALID, "is no instant", field)
    return found.isoformat().replace("+00:00", "Z")


def day(value: Any, field: str, conversions: Conversions) -> str:
    """A calendar day as ISO writes it; of an instant, the day in its own zone, else in the mapping's. Raises ``Unreadable``."""
    try:
        found = _as_day(_declared(value, conversions), conversions) or _day(value, conversions)
    except (OverflowError, ValueError) as error:
        raise Unreadable(Why.INVALID, "is no day of the calendar", field) from error
    if found is None:
        raise Unreadable(Why.INVALID, "is no day in a way that is known here; say how it is written in 'dates'", field)
    return found.isoformat()


def moment(value: str, field: str, conversions: Conversions) -> date | datetime:
    """A day, or an instant where there is a time; one without a zone is of the mapping's. Raises ``Unreadable``."""
    zone = ZoneInfo(conversions.zone)
    try:
        found = _declared(value, conversions) or _instant(value, zone)
        if found is None and _DAY.fullmatch(value.strip()):
            found = date.fromisoformat(value.strip())
        if isinstance(found, datetime):
            return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise Unreadable(Why.INVALID, "is no day of the calendar", field) from error
    if found is None:
        raise Unreadable(Why.INVALID, "is no day such as 2017-03-01", field)
    return found


def from_milliseconds(milliseconds: int, field: str) -> datetime:
    """Milliseconds since 1970, negative ones included. Raises ``Unreadable`` beyond the calendar."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise Unreadable(Why.INVALID, "lies beyond the calendar", field) from error


def finer_than_milliseconds(value: Any) -> str:
    """The decimals of a written instant behind its milliseconds, filled up to nine: they order what one millisecond holds."""
    found = _INSTANT.fullmatch(value.strip()) if isinstance(value, str) else None
    return ((found[3] or "") if found else "").ljust(12, "0")[3:12]


def _declared(value: Any, conversions: Conversions) -> date | datetime | None:
    """By the ways that the mapping names; with a time where the way has one."""
    text = str(value).strip()
    for way in conversions.dates:
        if way == "seconds" and re.fullmatch(r"-?\d{1,12}(\.\d+)?", text):
            return _EPOCH + timedelta(seconds=int(Decimal(text)))
        if way == "excel" and re.fullmatch(r"\d{1,6}(\.\d+)?", text):
            return _EXCEL + timedelta(days=int(Decimal(text)))
        if "%" in way and isinstance(value, str):
            try:
                found = datetime.strptime(text, way)  # noqa: DTZ007 - the mapping says in which zone, or it is a day
            except ValueError:
                continue
            return found if re.search("%[HIcXsT]", way) else found.date()
    return None


def _as_day(found: date | datetime | None, conversions: Conversions) -> date | None:
    """Of an instant of no place, the day in the mapping's zone; of any other, its own."""
    if not isinstance(found, datetime):
        return found
    return found.astimezone(ZoneInfo(conversions.zone)).date() if found.tzinfo is UTC else found.date()


def _day(value: Any, conversions: Conversions) -> date | None:
    if isinstance(value, str) and _DAY.fullmatch(value.strip()):
        return date.fromisoformat(value.strip())
    return _as_day(_instant(value, None, naive=True), conversions)


def _instant(value: Any, zone: tzinfo | None, *, naive: bool = False) -> datetime | None:
    """An instant with the zone that it was written with; without one it is ``zone``'s, or none's where ``naive``."""
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int):
            return _EPOCH + timedelta(milliseconds=value)
        if not isinstance(value, str):
            return None
        return _net(value.strip()) or _iso(value.strip(), zone, naive=naive)
    except (OverflowError, ValueError):
        return None


def _net(text: str) -> datetime | None:
    """``/Date(ms±zone)/`` and bare digits; the milliseconds are of UTC, and the zone says where the clock stood."""
    if _DIGITS.fullmatch(text):
        return _EPOCH + timedelta(milliseconds=int(text))
    found = _NET.fullmatch(text)
    if found is None:
        return None
    at = _EPOCH + timedelta(milliseconds=int(found[1]))
    if found[2] is None:
        return at
    return at.astimezone(timezone(timedelta(hours=int(found[2] + found[3]), minutes=int(found[2] + found[4]))))


def _iso(text: str, zone: tzinfo | None, *, naive: bool) -> datetime | None:
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    clock = found[2] if found[2][1] != ":" else f"0{found[2]}"
    fraction = f".{found[3][:6].ljust(6, '0')}" if found[3] else ""
    offset = (found[4] or "").upper().replace("Z", "+00:00")
    at = datetime.fromisoformat(f"{found[1]}T{clock}{fraction}{offset}")
    if at.tzinfo is not None:
        return at.replace(tzinfo=UTC) if not at.utcoffset() else at
    if naive:
        return at
    return at.replace(tzinfo=zone) if zone is not None else None
