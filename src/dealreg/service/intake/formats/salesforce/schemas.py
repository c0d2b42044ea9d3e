"""Avro schemas of change events, as far as they are needed: the fields by their place, by which a bitmap names them.

In the Pub/Sub form the header's ``changedFields``, ``nulledFields`` and ``diffFields`` are bitmaps: ``0x650004E0`` for the fields of the
event, the lowest bit the first of the schema, and ``4-0x01`` for those inside its field number 4. Which schema that is, says the
message's schema id: a guess would empty the wrong field.
Source: Salesforce Pub/Sub API, Event Deserialization Considerations; github forcedotcom/pub-sub-api, python/util.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationInfo

from dealreg.vocabulary.values import Model

BITMAP = re.compile(r"(?:(\d{1,4})-)?0x([0-9A-Fa-f]{1,512})")


class NotOfThisSchema(ValueError):
    """The bitmap names a place that the schema does not have."""


class Schema(Model):
    """The names of a record's fields in order; ``inner`` are the fields of those that are records themselves, by place."""

    names: tuple[str, ...]
    inner: Mapping[int, tuple[str, ...]] = {}

    def named(self, marks: Iterable[str]) -> list[str]:
        """The fields that bitmaps, or names, speak of; those inside a compound one with a dot. Raises ``NotOfThisSchema``."""
        return [name for mark in marks for name in self._of(mark)]

    def _of(self, mark: str) -> Iterator[str]:
        found = BITMAP.fullmatch(mark)
        if found is None:
            yield mark
        elif found[1] is None:
            yield from _at(self.names, found[2])
        else:
            place = int(found[1])
            if place not in self.inner:
                raise NotOfThisSchema(f"{mark} speaks of the fields inside number {place}, which has none")
            yield from (f"{self.names[place]}.{name}" for name in _at(self.inner[place], found[2]))


def _at(names: tuple[str, ...], digits: str) -> Iterator[str]:
    """The names at the bits that are set, the lowest first."""
    bits = int(digits, 16)
    if bits >> len(names):
        raise NotOfThisSchema(f"0x{digits} speaks of more fields than the {len(names)} that there are")
    return (name for place, name in enumerate(names) if bits >> place & 1)


def schema_of(written: Any, info: ValidationInfo) -> Any:
    """An Avro schema as a mapping document gives it: inline, as JSON text, or the name of a file beside the document."""
    if isinstance(written, Schema | None):
        return written
    if isinstance(written, str):
        written = json.loads(written if written.lstrip().startswith("{") else _file(written, info))
    if not isinstance(written, Mapping) or not isinstance(written.get("fields"), list):
        raise ValueError("is no Avro schema of a record: it has no list of fields")  # noqa: TRY004 - pydantic tells of a ValueError
    fields = written["fields"]
    return {"names": _names(fields), "inner": dict(_inner(fields))}


def _file(name: str, info: ValidationInfo) -> str:
    folder = (info.context or {}).get("folder")
    if not isinstance(folder, Path):
        raise ValueError(f"names the file {name!r}, and the document lies in no folder; write the schema inline")  # noqa: TRY004 - as above
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"names the file {name!r}, which cannot be read: {error.strerror}") from error


def _names(fields: Any) -> tuple[str, ...]:
    if not all(isinstance(field, Mapping) and isinstance(field.get("name"), str) for field in fields):
        raise ValueError("is no Avro schema: a field has no name")
    return tuple(field["name"] for field in fields)


def _inner(fields: list[Mapping[str, Any]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The records among the fields, nearly all of which may be null too."""
    for place, field in enumerate(fields):
        kinds = field.get("type")
        for kind in kinds if isinstance(kinds, list) else [kinds]:
            if isinstance(kind, Mapping) and kind.get("type") == "record":
                yield place, _names(kind.get("fields") or [])
