"""Whether a guard holds over the facts of a decision: a pure function that never raises, bounded by the library's own budget."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from google.protobuf import timestamp_pb2

from dealreg.engagement.guards.facts import ROOTS
from dealreg.engagement.guards.library import evaluating

Facts = Mapping[str, Any]
"""By root: text, whole number, float, truth, instant, lists and mappings of them; what is not known is left out."""


class Held(NamedTuple):
    """Whether it holds, and where it could not be told, why not in words; ``odd``: what of the CRM could not be read as declared."""

    holds: bool
    why: str | None = None
    odd: str | None = None


_MISSING: Final = re.compile(r'(?:Key not found in map : |No value with name )"?([^"\s]+)"?')
_NAME: Final = re.compile(r"[A-Za-z_]\w*")


class Tried(NamedTuple):
    """What came of an evaluation: the value, or why there is none; ``missing`` is the fact that it lacked, where that was why."""

    value: bool | None
    why: str | None = None
    missing: str | None = None


def held(expression: str, facts: Facts) -> Held:
    """Whether the expression holds. What cannot be told does not hold: a missing fact, a division by zero, too much to look at."""
    answer = tried(expression, facts)
    return Held(holds=bool(answer.value), why=answer.why)


def tried(expression: str, facts: Facts) -> Tried:
    """The expression over some facts."""
    try:
        answer = evaluating(expression).eval(data={name: _given(value) for name, value in facts.items()})
        kind, value = answer.type().name(), answer.value()
    except RuntimeError as error:
        kind, value = "ERROR", error
    if kind == "BOOL":
        return Tried(bool(value))
    said = str(value)
    missing = _MISSING.search(said)
    if missing is not None:
        return Tried(None, f"{missing[1]!r} is not known", missing[1])
    return Tried(
        None,
        "there is too much to look at"
        if "budget" in said
        else re.sub(r"^[A-Z_]+: | \[[A-Z_]+\]$", "", said).strip()[:200],
    )


def roots_of(expression: str) -> frozenset[str]:
    """Which facts the expression may ask for: names in its texts count too, which costs a look and changes nothing."""
    return frozenset(_NAME.findall(expression)) & frozenset(ROOTS)


def _given(value: Any) -> Any:
    """A value as the library takes it: instants as its own, amounts as numbers."""
    if isinstance(value, datetime):
        stamp = timestamp_pb2.Timestamp()
        stamp.FromDatetime(value)
        return stamp
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {name: _given(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return [_given(inner) for inner in (sorted(value) if isinstance(value, frozenset) else value)]
    return value
