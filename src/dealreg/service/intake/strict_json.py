"""JSON as a fact can hold it: exact numbers of 64 bits, no NUL, whole characters, every key once, a bounded depth."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from dealreg.service.intake.unreadable import Unreadable, Why

MAX_BYTES = 1024 * 1024
"""A change event of Salesforce is at most 1 MB, and so is a message of NATS unless it is told otherwise."""

MAX_DEPTH = 32
"""Levels of lists and objects inside one another; real ones have five."""

Json = Any
"""What JSON can be: None, bool, int, Decimal, str, list and dict of these."""


def strict_json(body: bytes) -> Json:
    """The value that the bytes are. Raises ``Unreadable`` with the path to what cannot be taken."""
    if len(body) > MAX_BYTES:
        raise Unreadable(Why.TOO_LONG, f"has {len(body)} bytes, more than {MAX_BYTES}; send what changed only")
    try:
        value = json.loads(
            body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_each_key_once
        )
    except RecursionError:
        raise Unreadable(Why.NOT_JSON, f"is nested deeper than {MAX_DEPTH} levels") from None
    except (ValueError, ArithmeticError) as error:
        raise Unreadable(Why.NOT_JSON, f"is not JSON: {str(error)[:200]}") from error
    _examine(value, "", 0)
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object names a key twice")
    return made


def _examine(value: Json, path: str, depth: int) -> None:
    """Walk through everything once; the first fault ends it."""
    if depth > MAX_DEPTH:
        raise Unreadable(Why.NOT_JSON, f"is nested deeper than {MAX_DEPTH} levels", path[:200])
    if isinstance(value, dict):
        for key, inner in value.items():
            _text(key, path)
            _examine(inner, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _examine(inner, f"{path}.{number}", depth + 1)
    else:
        check = _CHECKS.get(type(value))
        if check is not None:
            check(value, path)


def _text(value: str, path: str) -> None:
    if "\x00" in value:
        raise Unreadable(Why.NOT_JSON, "holds a NUL character (U+0000), which cannot be stored", path)
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Unreadable(Why.NOT_JSON, "holds half of a surrogate pair, which is no character", path)


def _whole(value: int, path: str) -> None:
    if not -(2**63) <= value < 2**63:
        raise Unreadable(Why.NOT_JSON, "is a number of more than 64 bits", path)


def _decimal(value: Decimal, path: str) -> None:
    digits = value.as_tuple()
    if len(digits.digits) > 40 or not -40 <= value.adjusted() <= 40:  # noqa: PLR2004 - far beyond any amount or coordinate
        raise Unreadable(Why.NOT_JSON, "is a number of more than 40 digits", path)


_CHECKS: dict[type, Callable[[Any, str], None]] = {str: _text, int: _whole, Decimal: _decimal}
