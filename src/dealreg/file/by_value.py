"""The parts of a customer file as a fact holds them: by value, each field of a vocabulary type (architecture D12, D13).

The models are made from the states themselves, so that a file is taken over whole, whatever it learns to hold; what a state gains has
its default in facts that were stored before. A fact of this shape is pinned by its golden file like any other.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import create_model

from dealreg.vocabulary.values import Amount, Day, Instant, Model, Text, Whole

PLAIN: dict[type, Any] = {str: Text, int: Whole, datetime: Instant, date: Day, Decimal: Amount}
"""What a field of a state is stored as."""


ROW: Any = tuple
"""What a collection is stored as; its elements' types are known when the module is read only."""


@cache
def model_of(kind: type) -> type[Model]:
    """The model of a state: the same fields by the same names."""
    hints = get_type_hints(kind)
    made: dict[str, Any] = {part.name: _field(part, hints[part.name]) for part in fields(kind)}
    model: type[Model] = create_model(f"{kind.__name__}ByValue", __base__=Model, __doc__=kind.__doc__, **made)
    return model


@cache
def _pair(key: Any, value: Any) -> type[Model]:
    """One entry of a mapping, or two things that go together."""
    named = f"{_word(key)}With{_word(value)}"
    made: dict[str, Any] = {"key": (stored(key), ...), "value": (stored(value), ...)}
    model: type[Model] = create_model(named, __base__=Model, __doc__="Two things that go together.", **made)
    return model


def _word(annotation: Any) -> str:
    name = getattr(annotation, "__name__", "Tuple")
    return str(name).title()


def _field(part: "Field[Any]", annotation: Any) -> tuple[Any, Any]:
    """A field with its default, so that a fact stored before the state gained it is still read."""
    if part.default is not MISSING:
        return stored(annotation), to_value(part.default, annotation)
    if part.default_factory is not MISSING:
        return stored(annotation), to_value(part.default_factory(), annotation)
    return stored(annotation), ...


def stored(annotation: Any) -> Any:
    """The type under which a fact holds what a state has as ``annotation``."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        inner = next(part for part in parts if part is not type(None))
        return stored(inner) | None
    if origin is frozenset:
        return ROW[stored(parts[0]), ...]
    if origin is Mapping:
        return ROW[_pair(*parts), ...]
    if origin is tuple:
        return ROW[stored(parts[0]), ...] if Ellipsis in parts else _pair(*parts)
    if is_dataclass(annotation) and isinstance(annotation, type):
        return model_of(annotation)
    return PLAIN.get(annotation, annotation)


def to_value(value: Any, annotation: Any) -> Any:
    """What a state holds, as a fact does."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if value is None:
        return None
    if origin in {Union, UnionType}:
        return to_value(value, next(part for part in parts if part is not type(None)))
    if origin is frozenset:
        return tuple(sorted((to_value(one, parts[0]) for one in value), key=str))
    if origin is Mapping:
        pair = _pair(*parts)
        return tuple(
            pair.model_validate({"key": to_value(key, parts[0]), "value": to_value(one, parts[1])})
            for key, one in value.items()
        )
    if origin is tuple and Ellipsis in parts:
        return tuple(to_value(one, parts[0]) for one in value)
    if origin is tuple:
        return _pair(*parts).model_validate(
            {"key": to_value(value[0], parts[0]), "value": to_value(value[1], parts[1])}
        )
    if is_dataclass(annotation) and isinstance(annotation, type):
        hints = get_type_hints(annotation)
        return model_of(annotation).model_validate(
            {part.name: to_value(getattr(value, part.name), hints[part.name]) for part in fields(annotation)}
        )
    return value


def from_value(value: Any, annotation: Any) -> Any:
    """What a fact holds, as a state does."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if value is None:
        return None
    if origin in {Union, UnionType}:
        return from_value(value, next(part for part in parts if part is not type(None)))
    if origin is frozenset:
        return frozenset(from_value(one, parts[0]) for one in value)
    if origin is Mapping:
        return {from_value(one.key, parts[0]): from_value(one.value, parts[1]) for one in value}
    if origin is tuple and Ellipsis in parts:
        return tuple(from_value(one, parts[0]) for one in value)
    if origin is tuple:
        return (from_value(value.key, parts[0]), from_value(value.value, parts[1]))
    if is_dataclass(annotation) and isinstance(annotation, type):
        hints = get_type_hints(annotation)
        return annotation(**{name: from_value(getattr(value, name), hints[name]) for name in type(value).model_fields})
    return value
