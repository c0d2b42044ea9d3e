"""The schemas of the AsyncAPI document: envelopes of both directions, and records in our own words."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, cast

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from dealreg.opportunity.events import FIELDS
from dealreg.service.intake.mapping import ACCOUNT_FIELDS
from dealreg.vocabulary.crm_record import Change
from dealreg.vocabulary.fact import Role

TEXT: Final = {"type": "string"}
INSTANT: Final = {"type": "string", "format": "date-time"}
_NUMBERED: Final = {"type": "string", "pattern": "^[0-9]{20}$"}
_ENVELOPE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": TEXT,
        "source": TEXT,
        "type": TEXT,
        "subject": TEXT,
        "time": INSTANT,
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"type": "string", "format": "uri"},
    },
}
_OUT: Final[dict[str, Any]] = {
    "sequence": {
        **_NUMBERED,
        "description": "To the house the position in the ledger, to a partner the number of the message.",
    },
    "number": {**_NUMBERED, "description": "Counts the messages of the stream without a gap; a repeat has the same."},
    "program": TEXT,
    "streamversion": TEXT,
    "effectiveat": {**INSTANT, "description": "From which business instant the fact counts."},
    "actorrole": {"enum": [role.value for role in Role]},
    "cause": {**TEXT, "description": "The id of the fact that a policy answers to with this one."},
}


class _Plain(GenerateJsonSchema):
    """Without titles that only repeat the fields' names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - of none
        return False


Ref = dict[str, Any]
"""A reference in JSON Schema."""


def schemas_of(classes: Iterable[type[BaseModel]]) -> tuple[dict[type[BaseModel], Ref], dict[str, Any]]:
    """A reference to each class's schema, and the schemas of all that they are made of; two classes of one name get two."""
    wanted: list[tuple[type[BaseModel], Literal["validation"]]] = [
        (cls, "validation") for cls in dict.fromkeys(classes)
    ]
    found, schema = models_json_schema(
        wanted, by_alias=False, ref_template="#/components/schemas/{model}", schema_generator=_Plain
    )
    refs = {cast("type[BaseModel]", cls): {"$ref": one["$ref"]} for (cls, _), one in found.items()}
    return refs, dict(schema["$defs"])


def ref(schema: str) -> Ref:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{schema}"}


def envelopes() -> dict[str, Any]:
    """What every event has, what every fact has, what every row of a partner has, and records in our own words."""
    return {
        "Event": _ENVELOPE,
        "Fact": _house(),
        "Row": _row_event(),
        "Opportunity": _opportunity(),
        "Account": _account(),
    }


def _house() -> dict[str, Any]:
    needed = [
        "subject",
        "time",
        "dataschema",
        "sequence",
        "number",
        "program",
        "streamversion",
        "effectiveat",
        "actorrole",
        "data",
    ]
    return {"allOf": [ref("Event"), {"type": "object", "required": needed, "properties": _OUT}]}


def _row_event() -> dict[str, Any]:
    needed = ["time", "dataschema", "sequence", "program", "data"]
    only = {name: False for name in _OUT if name not in needed} | {"subject": False}
    own = {name: _OUT[name] for name in ("sequence", "program")}
    return {"allOf": [ref("Event"), {"type": "object", "required": needed, "properties": own | only}]}


def _opportunity() -> dict[str, Any]:
    """Every word of an opportunity may be missing (unchanged) or null (emptied); what is no word of ours is a custom field."""
    plain: dict[str, Any] = {name: {"type": ["string", "null"]} for name in FIELDS}
    lines = {"type": ["array", "null"], "items": TEXT}
    return _record(plain | {"amount": {"type": ["number", "string", "null"]}, "lines": lines})


def _account() -> dict[str, Any]:
    return _record({name: {"type": ["string", "null"]} for name in ACCOUNT_FIELDS})


def _record(fields: Mapping[str, Any]) -> dict[str, Any]:
    identifiers = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
    change = {"enum": [one.value for one in Change]}
    return {"type": "object", "properties": {"record": TEXT, "change": change, "identifiers": identifiers, **fields}}
