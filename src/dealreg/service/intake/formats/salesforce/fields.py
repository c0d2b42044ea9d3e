"""Which fields a change event of Salesforce speaks of, and what they are in our words."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dealreg.opportunity.events import Outcome
from dealreg.service.intake.formats.salesforce import record_ids
from dealreg.service.intake.mapping import MappingDocument, StageMeaning
from dealreg.service.intake.unreadable import Unreadable, Why

_BITMAP = re.compile(r"(?:\d+-)?0x[0-9A-Fa-f]+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REFERENCES = frozenset({"customer_ref", "partner", "distributor", "master", "filed_by"})


def fields(payload: Mapping[str, Any], change: str, mapping: MappingDocument) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our fields and the custom ones, ``None`` for an emptied one. Raises ``Unreadable``."""
    theirs = {} if change == "DELETE" else _changed(payload, change)  # What a DELETE carries is enrichment.
    said: dict[str, Any] = {}
    for ours, name in mapping.fields.items():
        if name in theirs:
            said[ours] = _ours(ours, theirs[name], name, mapping)
    said |= _standing(theirs, mapping)
    known = {*mapping.fields.values(), *mapping.identifiers.values()}
    said["identifiers"] = {scheme: theirs[name] for scheme, name in mapping.identifiers.items() if name in theirs}
    if said.get("amount") is not None and "currency" not in said and mapping.currency is not None:
        said["currency"] = mapping.currency
    return said, {name: value for name, value in theirs.items() if name not in known}


def _changed(payload: Mapping[str, Any], change: str) -> dict[str, Any]:
    """The fields that the event is about, compound ones taken apart: ``Site__c.City__s``.

    An UPDATE names them; what else it carries is enrichment. In the Pub/Sub form the names are bits of a schema that is not here and
    every other field is null: there a null says nothing, unless ``nulledFields`` says so, which then cannot be read.
    """
    header = payload["ChangeEventHeader"]
    flat = dict(_flat({key: value for key, value in payload.items() if key != "ChangeEventHeader"}))
    named, nulled = _names(header, "changedFields"), _names(header, "nulledFields")
    if any(_BITMAP.fullmatch(name) for name in nulled):
        raise Unreadable(Why.INVALID, "is a bitmap; send the names of the fields", "ChangeEventHeader.nulledFields")
    emptied = dict.fromkeys(nulled)
    if change != "UPDATE" or any(_BITMAP.fullmatch(name) for name in named):
        return {name: value for name, value in flat.items() if value is not None} | emptied
    spoken = {name: value for name, value in flat.items() if any(name == n or name.startswith(f"{n}.") for n in named)}
    return spoken | emptied


def _flat(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        name = f"{above}.{key}" if above else key
        if isinstance(inner, dict):
            yield from _flat(inner, name)
        else:
            yield name, inner


def _names(header: Mapping[str, Any], key: str) -> list[str]:
    names = header.get(key) or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Unreadable(Why.INVALID, "has to be a list of names", f"ChangeEventHeader.{key}")
    return names


def _ours(ours: str, value: Any, name: str, mapping: MappingDocument) -> Any:
    """One value in the shape of our field."""
    if value is None:
        return None
    if ours == "lines" and isinstance(value, str):
        return [line.strip() for line in value.split(mapping.separator) if line.strip()]
    if ours == "close_on" and isinstance(value, int) and not isinstance(value, bool):
        return _day(value, name)
    if ours in _REFERENCES and record_ids.is_short(value):
        return record_ids.canonical(value, name)
    if ours == "stage":
        return _stage(value, mapping).stage or value if isinstance(value, str) else value
    if ours == "amount" and isinstance(value, bool):
        raise Unreadable(Why.INVALID, "has to be a number", name)
    return value


def _day(milliseconds: int, name: str) -> str:
    """A date in the Pub/Sub form is the milliseconds of its midnight in UTC."""
    try:
        return (_EPOCH + timedelta(milliseconds=milliseconds)).date().isoformat()
    except OverflowError as error:
        raise Unreadable(Why.INVALID, "lies beyond the calendar", name) from error


def _stage(stage: str, mapping: MappingDocument) -> StageMeaning:
    return mapping.stages.get(stage, StageMeaning())


def _standing(theirs: Mapping[str, Any], mapping: MappingDocument) -> dict[str, Any]:
    """Open, won or lost: by the meaning of the stage where the mapping knows it, else by the flags that changed."""
    stage = theirs.get(mapping.fields.get("stage", ""))
    if isinstance(stage, str) and stage in mapping.stages:
        return {"outcome": mapping.stages[stage].outcome}
    closed, won = theirs.get("IsClosed"), theirs.get("IsWon")
    if won is True:
        return {"outcome": Outcome.WON}
    if closed is True or (won is False and closed is None):
        return {"outcome": Outcome.LOST}
    return {"outcome": Outcome.OPEN} if closed is False else {}
