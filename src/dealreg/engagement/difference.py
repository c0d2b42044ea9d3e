"""What two versions of a rulebook say differently: clause by clause, parameter by parameter, and whose cases it touches."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from dealreg.engagement.order import GROUPS
from dealreg.engagement.parameters import fields_by_number
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.vocabulary.values import Model

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "territories": ("territory",),
    "product_lines": ("line",),
    "tracks": ("track",),
    "rates": ("from_currency", "to_currency", "day"),
    "sources": ("source",),
    "custom_fields": ("name",),
    "levels": ("level",),
}
"""What names an entry of a list, so that one that only moved is no difference."""

_BUSINESS_TIME: Final = ("ROE-2", "ROE-10", "ROE-15", "ROE-22", "ROE-24", "ROE-33")
_WINDOWS: Final = ("ROE-7", "ROE-8", "ROE-12", "ROE-13")
TOUCHES: Final[Mapping[str, tuple[str, ...]]] = {
    "time_zone": (*_WINDOWS, *_BUSINESS_TIME),
    "calendar": _BUSINESS_TIME,
    "currency": ("ROE-3", "ROE-30", "ROE-33"),
    "rates": ("ROE-3", "ROE-30", "ROE-33"),
    "territories": ("ROE-1", "ROE-7", "ROE-8", "ROE-9", "ROE-18", "ROE-19", "ROE-21", "ROE-23"),
    "product_lines": ("ROE-1",),
    "tracks": ("ROE-1", "ROE-7", "ROE-8"),
    "stages": ("ROE-12", "ROE-14"),
    "sources": ("ROE-4", "ROE-6"),
    "queue": ("ROE-5", "ROE-7", "ROE-8", "ROE-9", "ROE-12", "ROE-21"),
    "conflicts": ("ROE-6", "ROE-7", "ROE-8", "ROE-9", "ROE-29"),
}
"""The clauses that look at a setting which is no clause's own."""

NAMES_THE_VERSION: Final = frozenset({"program", "version", "force_from", "title"})
"""These tell one version from another and decide nothing."""

_ABSENT: Final = object()


class Change(Model):
    """One setting that differs: where, what it was and is as JSON says it (``null`` also where it was not there), and in words."""

    setting: str
    before: str | None
    after: str | None
    words: str
    touches: tuple[str, ...]


def changes(before: RulebookDocument, after: RulebookDocument) -> list[Change]:
    """Every difference, clauses first in the order of their numbers, then the other settings as they are written."""
    old, new = before.model_dump(mode="json", by_alias=True), after.model_dump(mode="json", by_alias=True)
    numbers = [*fields_by_number(), "order", "queue", "conflicts"]
    found = []
    for number in numbers:
        for path, was, now in _differing(
            (number,), old["clauses"].get(number, _ABSENT), new["clauses"].get(number, _ABSENT)
        ):
            found.append(_change(path, was, now, before, after))
    for name in type(after).model_fields:
        if name != "clauses" and name not in NAMES_THE_VERSION:
            for path, was, now in _differing((name,), old[name], new[name]):
                found.append(_change(path, was, now, before, after))
    return found


Found = tuple[tuple[str, ...], Any, Any]


def _differing(path: tuple[str, ...], before: Any, after: Any) -> Iterator[Found]:
    """The innermost values that differ."""
    before, after = _keyed(path, before), _keyed(path, after)
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _differing((*path, name), before.get(name, _ABSENT), after.get(name, _ABSENT))
    elif before != after and not _same_number(before, after):
        yield path, before, after


def _keyed(path: tuple[str, ...], value: Any) -> Any:
    """A list of entries by the names of its entries; everything else as it is."""
    keys = KEYS.get(path[-1])
    if keys is None or not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        return value
    return {
        " ".join(str(entry[key]) for key in keys): {k: v for k, v in entry.items() if k not in keys} for entry in value
    }


def _same_number(before: Any, after: Any) -> bool:
    """10000 and 10000.00 are written differently and say the same."""
    if not (isinstance(before, str) and isinstance(after, str)):
        return False
    number = re.compile(r"-?\d+(\.\d+)?")
    return bool(number.fullmatch(before) and number.fullmatch(after)) and Decimal(before) == Decimal(after)


def _change(path: tuple[str, ...], was: Any, now: Any, before: RulebookDocument, after: RulebookDocument) -> Change:
    return Change(
        setting=".".join(path),
        before=None if was is _ABSENT else _said(was),
        after=None if now is _ABSENT else _said(now),
        words=_words(path, was, now),
        touches=_touched(path, was, now, before, after),
    )


def _words(path: tuple[str, ...], was: Any, now: Any) -> str:
    setting, last = " ".join(path), path[-1]
    if was is _ABSENT:
        return f"{setting} is new: {_said(now)}".removesuffix(": ")
    if now is _ABSENT:
        return f"{setting} is gone"
    if last == "in_force":
        return f"{path[0]} is switched {'on' if now else 'off'}"
    if last == "when":
        return _guard_words(path[0], was and _said(was), now and _said(now))
    more = f", {_difference(was, now)}" if _is_number(was) and _is_number(now) else ""
    return f"{setting} was {_said(was)} and is {_said(now)}{more}"


def _guard_words(number: str, was: Any, now: Any) -> str:
    if now is None:
        return f"{number} applies to every claim; it applied only when {was}"
    return f"{number} applies only when {now}" + (f"; it applied only when {was}" if was is not None else "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _difference(was: Any, now: Any) -> str:
    return f"{now - was} more" if now > was else f"{was - now} less"


def _said(value: Any) -> str:
    """A value as somebody would write it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(inner)}" for name, inner in value.items() if inner not in (None, [], {}))
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or "none"
    # An expression of several lines is shown in one.
    return " ".join(str(value).split()) if "\n" in str(value) else str(value)


def _touched(
    path: Sequence[str], was: Any, now: Any, before: RulebookDocument, after: RulebookDocument
) -> tuple[str, ...]:
    """The clauses in whose cases the setting counts."""
    if path[0] in fields_by_number():
        return (path[0],)
    if path[0] == "order":
        moved = [number for number in [*(was or []), *(now or [])] if number]
        return tuple(number for group in GROUPS for number in group if number in moved)
    if path[0] == "custom_fields":
        return tuple(_guarded_by(path[1], before, after))
    return TOUCHES.get(path[0], ())


def _guarded_by(field: str, *documents: RulebookDocument) -> Iterator[str]:
    """The clauses whose guards name the field."""
    named = re.compile(rf"\bcustom\.{re.escape(field)}\b")
    for number in fields_by_number():
        if any(named.search(document.clauses.of(number).when or "") for document in documents):
            yield number
