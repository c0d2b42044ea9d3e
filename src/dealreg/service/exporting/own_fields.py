"""The fields that a CRM has of its own, as attributes of opportunities and accounts in an object-centric log, each as its type.

The types are those at the end of what is exported: the log itself says them (facts of ``crm_schema``). A value that cannot be read as its
type is left out, and so is one without a fact that says of what type it is. What is kept in memory is the newest value of a field of a record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from dealreg.vocabulary.crm_record import CUSTOM
from dealreg.vocabulary.field_types import Entity, FieldType, Value, parsed, wider

OCEL_TYPES: Final[dict[FieldType, str]] = {
    FieldType.TEXT: "string",
    FieldType.WHOLE: "integer",
    FieldType.NUMBER: "float",
    FieldType.TRUTH: "boolean",
    FieldType.INSTANT: "time",
    FieldType.DAY: "time",
}
"""A day is its midnight in UTC: the standard has no days."""

TAKEN: Final = frozenset({"program"})
"""Names of attributes that every object has."""

_CHANGED: Final = {"opportunity_changed": Entity.OPPORTUNITY, "account_changed": Entity.ACCOUNT}
_TYPED: Final = {
    "custom_field_learned": "type",
    "custom_field_type_changed": "effective",
    "custom_field_type_declared": "effective",
}
"""In which field a fact says of what type a field is from then on."""

Attribute = dict[str, str]


@dataclass(slots=True)
class OwnFields:
    """What the facts so far say; ``values`` by record and field with the instant from which they count."""

    types: dict[tuple[str, Entity, str], FieldType] = field(default_factory=dict)
    values: dict[tuple[Entity, str], dict[str, tuple[str, str]]] = field(default_factory=dict)
    sources: dict[tuple[Entity, str], str] = field(default_factory=dict)

    def take(self, kind: str, data: Mapping[str, Any], at: str) -> None:
        """A fact of that name without its version; one of another kind changes nothing."""
        try:
            if kind in _TYPED:
                self.types[data["source"], Entity(data["entity"]), data["name"]] = FieldType(data[_TYPED[kind]])
            elif kind in _CHANGED:
                self._changed(_CHANGED[kind], data, at)
        except (KeyError, TypeError, ValueError, AttributeError):
            return  # Bytes that are no such fact: they are an event all the same.

    def attributes(self, kind: str, record: str) -> list[Attribute]:
        """Those of an object; ``record`` is the id behind its kind."""
        if kind not in set(Entity):
            return []
        entity = Entity(kind)
        source = self.sources.get((entity, record), "")
        declared = self.declared(kind)
        told = []
        for name, (written, at) in sorted(self.values.get((entity, record), {}).items()):
            known = (source, entity, name) in self.types and name not in TAKEN
            value = parsed(declared[name], written) if known else None
            if value is not None:
                told.append({"name": name, "value": _text(value), "time": at})
        return told

    def declared(self, kind: str) -> dict[str, FieldType]:
        """Every field of a kind of object with its type; where two organisations have it otherwise, the one that holds both."""
        found: dict[str, FieldType] = {}
        for (_, entity, name), type_ in self.types.items():
            if entity.value == kind:
                found[name] = wider(found.get(name, type_), type_)
        return found

    def _changed(self, entity: Entity, data: Mapping[str, Any], at: str) -> None:
        record = str(data[entity.value])
        said = {one["name"]: one.get("value") for one in data["custom"]}
        said |= dict.fromkeys(name.removeprefix(CUSTOM) for name in data["nulled"] if name.startswith(CUSTOM))
        self.sources[entity, record] = data["source"]
        held = self.values.setdefault((entity, record), {})
        for name, value in said.items():
            held.pop(name, None)
            if isinstance(value, str):
                held[name] = (value, at)


def _text(value: Value) -> str:
    """As the standard's readers write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).isoformat().replace("+00:00", "Z")
    return str(value)
