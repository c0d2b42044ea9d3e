"""The data of a CloudEvent: one JSON object, in our own words or in the source's.

In our own words, for the types ``dealreg.opportunity.changed.v1`` and ``dealreg.account.changed.v1``::

    record          the CRM's id of the record; without it the ``subject`` of the envelope
    change          created, updated (when missing), deleted, undeleted, read (all of it) or gap (it changed, nobody says how)
    identifiers     {"duns": "…", "vat": "…", …}; each changes by itself, null takes one away
    anything else   a custom field, kept by its own name

of an opportunity::

    name, stage, outcome (open, won, lost), customer_ref, customer_name, country, place, street, postcode, partner (the dealer),
    distributor, master, filed_by, territory, currency, contact     text
    owner           ``direct``: the manufacturer's own sales team's, or ``partner``; another owner is a person, hence a custom field
    lines           a list of product lines
    amount          a number, or a decimal in quotes
    close_on        YYYY-MM-DD

of an account::

    name, country, place, street, postcode      text
    parent, merged_into                         the ids of other accounts

Only what changed is sent; ``null`` empties a field. For the types that a mapping's ``events`` names, its ``record`` and ``fields`` say
where these lie.
"""

from collections.abc import Mapping
from typing import Any

from dealreg.opportunity.events import FIELDS, Owner
from dealreg.service.intake.cloudevents import ACCOUNT_TYPE, JSON_TYPE, TYPE, committed, order
from dealreg.service.intake.conversions import as_text
from dealreg.service.intake.formats.envelopes import of_entity
from dealreg.service.intake.formats.fields import flat, spoken, whole
from dealreg.service.intake.heard import Entity, Heard
from dealreg.service.intake.mapping import ACCOUNT_FIELDS, EventMeaning, MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why

OWN = {TYPE: Entity.OPPORTUNITY, ACCOUNT_TYPE: Entity.ACCOUNT}
OURS = {Entity.OPPORTUNITY: frozenset(FIELDS), Entity.ACCOUNT: frozenset(ACCOUNT_FIELDS)}


def heard(attributes: Mapping[str, Any], data: Any, mapping: MappingDocument) -> Heard:
    """What an event says of its record. Raises ``Unreadable``."""
    named = attributes["type"]
    foreign = mapping.events.get(named)
    if foreign is None and named not in OWN:
        known = ", ".join([*OWN, *mapping.events])
        raise Unreadable(Why.SHAPE, f"is none of {known}", "type")
    if not JSON_TYPE.fullmatch(attributes.get("datacontenttype", "application/json")):
        raise Unreadable(Why.INVALID, "is not JSON", "datacontenttype")
    if not isinstance(data, dict):
        raise Unreadable(Why.SHAPE, "has to be a JSON object", "data")
    at = committed(attributes)
    record, change, entity, said, custom = (
        _own(data, attributes, OWN[named]) if foreign is None else _foreign(data, attributes, foreign, mapping)
    )
    return Heard(
        source=attributes["source"],
        record=record,
        identity=("cloudevents", attributes["id"]),
        order=order(attributes, at),
        change=change,
        changed_at=at,
        said=said,
        custom=custom,
        entity=entity,
    )


_Told = tuple[str, str, Entity, dict[str, Any], dict[str, Any]]


def _own(data: Mapping[str, Any], attributes: Mapping[str, Any], entity: Entity) -> _Told:
    """In our words; the shapes that pydantic would take too kindly are looked at here."""
    ours = {*OURS[entity], "identifiers"}
    if data.get("owner") not in (None, *Owner):
        ours -= {"owner"}
    said = {key: value for key, value in data.items() if key in ours}
    custom = {key: value for key, value in data.items() if key not in ours and key not in {"record", "change"}}
    if not isinstance(said.get("identifiers", {}), dict):
        raise Unreadable(Why.INVALID, "has to be an object of scheme and value", "data.identifiers")
    for key in ("close_on", "contact"):
        if not isinstance(said.get(key, ""), str | None):
            raise Unreadable(Why.INVALID, "has to be text", f"data.{key}")
    if isinstance(said.get("amount"), bool):
        raise Unreadable(Why.INVALID, "has to be a number", "data.amount")
    record = _word(data.get("record", attributes.get("subject")), "record")
    return record, _word(data.get("change", "updated"), "change"), entity, said, custom


def _foreign(
    data: Mapping[str, Any], attributes: Mapping[str, Any], meaning: EventMeaning, mapping: MappingDocument
) -> _Told:
    """In the source's words, by the mapping; an event that carries the whole record leaves out what is empty."""
    theirs = dict(flat(data))
    record = attributes.get("subject") if meaning.record is None else theirs.pop(meaning.record, None)
    part = of_entity(meaning.entity, mapping)
    said: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    if meaning.change not in {"deleted", "gap"}:
        said, custom = spoken(whole(theirs, part) if meaning.change == "read" else theirs, part)
    return _word(as_text(record), meaning.record or "subject"), meaning.change, meaning.entity, said, custom


def _word(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Unreadable(Why.INVALID, "is needed, as text that is not empty", f"data.{name}")
    return value
