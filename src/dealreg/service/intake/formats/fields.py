"""From a record's fields as its source names and writes them to ours: what every format has in common, by the mapping document.

A format takes its messages apart until each field has a plain value of JSON (text, number, truth value, list of these; ``None`` where
it was emptied) under the source's own name, compound fields by dots; the rest is here.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from dealreg.opportunity.events import Outcome, Owner
from dealreg.service.intake.conversions import Conversions, as_text
from dealreg.service.intake.formats.dates import day
from dealreg.service.intake.mapping import EntityMapping, MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why

REFERENCES = frozenset({"customer_ref", "partner", "distributor", "master", "filed_by", "parent", "merged_into"})
"""Our fields that hold the id of another record."""

EACH = "*"
"""In a name: each of a list of objects, as in ``solutions.*.id``."""

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")
_GROUPED = {
    point: re.compile(rf"([+-]?[0-9]{{1,3}}(?:[{mark}\u00a0\u202f' ][0-9]{{3}})+|[+-]?[0-9]+)([{point}][0-9]+)?")
    for point, mark in ((".", ","), (",", "."))
}

Refer = Callable[[str, str], str]
"""Makes of a record's id the form by which alone it is known here; given the field's name for what is no id."""


def spoken(
    theirs: Mapping[str, Any], mapping: EntityMapping, refer: Refer | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our fields and the custom ones, ``None`` for an emptied one; what is not said is left out. Raises ``Unreadable``."""
    said: dict[str, Any] = {}
    mapped = _mapped(mapping)
    each = tuple(name for name in mapped if EACH in name)
    custom = {name: value for name, value in theirs.items() if name not in mapped and not _fits(name, each)}
    for ours, name in mapping.fields.items():
        if not _is_said(theirs, name):
            continue
        value = _ours(ours, _found(theirs, name), name, mapping)
        if ours == "owner" and value not in (None, *Owner):
            custom[name] = theirs[name]  # A person, whose name stays personal.
        elif ours in REFERENCES and value is not None and refer is not None:
            said[ours] = refer(value, name)
        else:
            said[ours] = value
    said["identifiers"] = {
        scheme: None if is_nothing(theirs.get(name), mapping) else _text(theirs[name], name)
        for scheme, name in mapping.identifiers.items()
        if _is_said(theirs, name)
    }
    if theirs:
        said |= {ours: _ours(ours, value, f"always.{ours}", mapping) for ours, value in mapping.always.items()}
    if isinstance(mapping, MappingDocument):
        said |= standing(theirs, mapping)
        if said.get("amount") is not None and "currency" not in said and mapping.currency is not None:
            said["currency"] = mapping.currency
    return said, custom


def whole(theirs: Mapping[str, Any], mapping: EntityMapping) -> dict[str, Any]:
    """A record whose source leaves out what is empty: with ``None`` for each mapped field that it does not have."""
    return dict.fromkeys(_mapped(mapping)) | dict(theirs)


def flat(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Compound fields taken apart: ``Address.City``, and ``Spend.0.Amount`` for the first of a list of objects."""
    for key, inner in value.items():
        name = f"{above}.{key}" if above else key
        if isinstance(inner, list) and any(isinstance(item, dict) for item in inner):
            inner = {str(number): item for number, item in enumerate(inner)}  # noqa: PLW2901 - a list of objects is read as an object
        if isinstance(inner, dict):
            yield from flat(inner, name)
        else:
            yield name, inner


def standing(theirs: Mapping[str, Any], mapping: MappingDocument) -> dict[str, Outcome]:
    """Open, won or lost, where something says it.

    The outcome that the stage is given in so many words, else the first field of ``outcomes`` that says one, else open for a stage that is
    known: a deal that was lost in an open stage is lost, however much of its record a message holds.
    """
    stage = as_text(theirs.get(mapping.fields.get("stage", "")))
    meaning = mapping.stages.get(stage) if isinstance(stage, str) else None
    if meaning is not None and "outcome" in meaning.model_fields_set:
        return {"outcome": meaning.outcome}
    for name, table in mapping.outcomes.items():
        found = as_text(theirs.get(name))
        if isinstance(found, str) and found in table:
            return {"outcome": table[found]}
    return {"outcome": meaning.outcome} if meaning is not None else {}


def _mapped(mapping: EntityMapping) -> set[str]:
    return {*mapping.fields.values(), *mapping.identifiers.values()}


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _is_said(theirs: Mapping[str, Any], name: str) -> bool:
    """Whether a field is spoken of, or the compound field around it was emptied."""
    if name in theirs or (EACH in name and any(fnmatchcase(known, name) for known in theirs)):
        return True
    above = name.split(".")[:-1]
    return any(theirs.get(".".join(above[:end]), "") is None for end in range(1, len(above) + 1))


def _found(theirs: Mapping[str, Any], name: str) -> Any:
    """The value of a field; of a name with ``*`` the values of each that fits."""
    if EACH not in name:
        return theirs.get(name)
    return [value for known, value in theirs.items() if known != name and fnmatchcase(known, name)] or None


def _ours(ours: str, value: Any, name: str, mapping: EntityMapping) -> Any:
    """One value in the shape of our field, by the mapping's stages too."""
    if not isinstance(mapping, MappingDocument):
        return converted(ours, value, name, mapping)
    found = converted(ours, value, name, mapping, mapping.separator)
    return mapping.stages[found].stage or found if ours == "stage" and found in mapping.stages else found


def converted(ours: str, value: Any, name: str, conversions: Conversions, separator: str | None = ";") -> Any:
    """One value in the shape of our field: its day, number or words; ``None`` for what stands for nothing. Raises ``Unreadable``."""
    if is_nothing(value, conversions):
        return None
    if ours == "lines":
        return _lines(value, name, conversions, separator)
    if ours == "contact":
        return value
    worded = _worded(ours, value, conversions)
    if worded is None:
        return None
    if ours == "amount":
        return number(worded, name, conversions)
    if ours == "close_on":
        found = day(worded, name, conversions)
        return None if found in conversions.nothing else found
    text = _text(worded, name)
    return text.upper() if ours == "currency" else text


def is_nothing(value: Any, conversions: Conversions) -> bool:
    """Whether a value stands for an empty field."""
    text = as_text(value)
    return value is None or (isinstance(text, str) and text.strip() in conversions.nothing)


def _worded(ours: str, value: Any, conversions: Conversions) -> Any:
    """By the table of words for a field of ours, where the value is in it."""
    table, text = conversions.words.get(ours), as_text(value)
    if table is None or not isinstance(text, str):
        return value
    return table.get(text.strip(), value)


def _lines(value: Any, name: str, conversions: Conversions, separator: str | None) -> list[str]:
    """The product lines of a list, or of a text with separators."""
    parts = value.split(separator) if isinstance(value, str) and separator else value
    words = (
        _worded("lines", part, conversions)
        for part in (parts if isinstance(parts, list) else [parts])
        if not is_nothing(part, conversions)
    )
    return list(dict.fromkeys(_text(word, name).strip() for word in words if word is not None))


def _text(value: Any, name: str) -> str:
    """Text; numbers and truth values as JSON writes them, each digit kept."""
    text = str(value) if isinstance(value, Decimal) else as_text(value)
    if not isinstance(text, str):
        raise Unreadable(Why.INVALID, "has to be text or a number", name)
    return text


def number(value: Any, name: str, conversions: Conversions) -> Decimal:
    """An exact decimal of a number or of a text; marks between thousands only where the mapping says which they are.

    Raises ``Unreadable``.
    """
    text = str(value).strip() if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else ""
    point = conversions.decimal
    if point is not None and isinstance(value, str):
        grouped = _GROUPED[point].fullmatch(text)
        text = re.sub(r"[^0-9+-]", "", grouped[1]) + (grouped[2] or "").replace(",", ".") if grouped else ""
    if not _NUMBER.fullmatch(text):
        raise Unreadable(Why.INVALID, "is no number such as 48000.50; 'decimal' says what stands before decimals", name)
    return Decimal(text)
