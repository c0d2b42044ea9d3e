"""Example facts, one of each stored name, and the option that writes those that are missing.

    pytest tests/whole/test_stored_names.py --write-golden

It adds new names to the list and writes the files that are not there. A file that exists is never written again: what was once
stored can be read for ever, or the test says what no longer can.
"""

import enum
import types
import typing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from dealreg.engagement.rulebook import ProductLine, RulebookDocument, Territory
from dealreg.service.ledger.mapper import encode
from dealreg.service.ledger.stored_names import stored_names
from dealreg.vocabulary.fact import Actor, Asked, Event, Meta, Role, Source
from dealreg.vocabulary.ids import PartnerId, ProgramId

GOLDEN = Path(__file__).parent / "golden"

LEAVES: dict[type, list[Any]] = {
    bool: [True],
    int: [7],
    Decimal: [Decimal("1234.5000"), Decimal("1.2500"), Decimal(1)],
    datetime: [datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)],
    date: [date(2026, 2, 3)],
    UUID: [UUID("11111111-2222-5333-8444-555555555555")],
    str: ["Łódź – 東京", "example", "EUR", "ab" * 32, "11111111-2222-5333-8444-555555555555", "09:00"],
}
"""Of each kind of leaf the values to try, in order; the first that its constraints allow is taken."""

RULEBOOK = RulebookDocument(
    program=ProgramId("example"),
    version="1",
    force_from=datetime(2026, 1, 1, tzinfo=UTC),
    territories=(Territory(territory="world"), Territory(territory="north", within="world")),
    product_lines=(ProductLine(line="pumps"),),
)
"""A rulebook names things that must fit together, so it cannot be made of any values."""

META = Meta(
    program=ProgramId("example"),
    actor=Actor(role=Role.DEALER, subject="subject-1", partner=PartnerId("dealer-1"), region="region-1"),
    on_behalf_of=PartnerId("dealer-2"),
    reason="because",
    request=Asked(
        caller="partner:dealer-1", id="request-1", digest="cd" * 32, answer={"state": "protected", "lines": [1, None]}
    ),
    cause="11111111-2222-5333-8444-555555555555:3",
    source=Source(stream="crm", sequence=41, digest="ef" * 32),
    effective_at=datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
    read={"11111111-2222-5333-8444-555555555555": 12},
    build="0.1.0",
)
"""Everything that can be said about a fact."""


def example_of(cls: type[BaseModel]) -> Any:
    """A value of a model with every field set, the same on every machine."""
    if cls is RulebookDocument:
        return RULEBOOK
    return cls(**{name: _value(_annotation(field)) for name, field in cls.model_fields.items()})


def _annotation(field: FieldInfo) -> Any:
    return typing.Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def _value(wanted: Any) -> Any:
    origin, parts = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is typing.Annotated and not _is_leaf(parts[0]):
        return _value(parts[0])
    if origin in {typing.Union, types.UnionType}:
        return _value(next(part for part in parts if part is not type(None)))
    if origin in {tuple, frozenset, list}:
        return origin([_value(part) for part in parts if part is not Ellipsis])
    if origin in {dict, typing.get_origin(typing.Mapping[str, str])}:
        return {_value(parts[0]): _value(parts[1])}
    if isinstance(wanted, type) and issubclass(wanted, BaseModel):
        return example_of(wanted)
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        return next(iter(wanted))
    return _leaf(wanted)


def _is_leaf(wanted: Any) -> bool:
    while hasattr(wanted, "__supertype__"):
        wanted = wanted.__supertype__
    inner = typing.get_args(wanted)[0] if typing.get_origin(wanted) is typing.Annotated else wanted
    return inner in LEAVES


def _leaf(wanted: Any) -> Any:
    adapter = TypeAdapter[Any](wanted)
    for value in (value for values in LEAVES.values() for value in values):
        try:
            return adapter.validate_python(value, strict=True)
        except ValidationError:
            continue
    raise TypeError(f"no example fits {wanted}; add one to LEAVES")


def golden_path(stored_name: str) -> Path:
    """The file with the bytes of one stored name."""
    return GOLDEN / f"{stored_name}.json"


def write_missing(listed: Path) -> None:
    """Add new stored names to the list, and write the golden files that are not there."""
    names = stored_names()
    listed.write_text("\n".join(sorted({*listed.read_text().split(), *names.names})) + "\n")
    for name, cls in names.classes.items():
        if not golden_path(name).exists():
            golden_path(name).write_bytes(encode(META, example_event(cls)) + b"\n")


def example_event(cls: type[Event]) -> Event:
    """An event of a class, every field set."""
    event: Event = example_of(cls)
    return event


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--write-golden``: write the golden file of each stored name that has none."""
    parser.addoption("--write-golden", action="store_true", help="write the golden files that are missing")
