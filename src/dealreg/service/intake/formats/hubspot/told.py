"""One event of a webhook: which record it is about, under which name and in which order it counts.

Sources: HubSpot's webhooks guide and changelog (types, merge and association fields, the generic ``object.*`` form); captured events.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from dealreg.service.intake.conversions import text_of
from dealreg.service.intake.formats.dates import from_milliseconds
from dealreg.service.intake.formats.envelopes import whole_number, word
from dealreg.service.intake.formats.orders import order
from dealreg.service.intake.heard import Entity, Heard
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why

DEAL, COMPANY = "0-3", "0-2"
TYPE_IDS = {"contact": "0-1", "company": COMPANY, "deal": DEAL, "ticket": "0-5", "product": "0-7", "line_item": "0-8"}
"""HubSpot's names of its own objects, and their ids in the generic form."""


class Kind(StrEnum):
    """What happened, the second half of a subscription's name."""

    CREATION = "creation"
    PROPERTY = "propertyChange"
    ASSOCIATION = "associationChange"
    MERGE = "merge"
    RESTORE = "restore"
    DELETION = "deletion"


NOUNS = frozenset({*TYPE_IDS, "conversation"})
_TYPE_ID = re.compile(r"\d{1,9}-\d{1,18}")

_RANK: Mapping[str, str] = {Kind.CREATION: "0", Kind.MERGE: "5", Kind.RESTORE: "6", Kind.DELETION: "7"}
"""Of what occurred in one millisecond, HubSpot does not say which was first: a record is made before it changes, and goes last."""
REMOVED, CHANGED, UNKNOWN = "2", "3", "z"
"""An association that goes comes before one that takes its place; what has to be read again is read after everything else."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event whose envelope was looked at."""

    value: Mapping[str, Any]
    noun: str
    """The object's name, or its id in the generic form."""
    kind: str
    at: datetime
    where: str
    """Its place in the array, for what is said of a fault."""

    @property
    def type_id(self) -> str:
        """The id of the object's type, whichever form said it."""
        return TYPE_IDS.get(self.noun, self.noun)

    @property
    def record(self) -> str:
        """Raises ``Unreadable``."""
        return word(self.value, "objectId", self.where)

    def of(self, entity: Entity, record: str, change: str, mapping: MappingDocument, **more: Any) -> Heard:
        """What it says of a record; ``rank`` breaks ties, ``said``, ``custom`` and ``why`` are as in ``Heard``.

        No id of an event is unique, so all that tells two events apart names it (but no property's value, which may be personal).
        """
        names = (
            "portalId subscriptionId eventId occurredAt objectId propertyName fromObjectId toObjectId associationType associationTypeId "
            "associationRemoved primaryObjectId newObjectId"
        )
        told = (f"{name}={text_of(self.value.get(name))}" for name in names.split() if self.value.get(name) is not None)
        return Heard(
            source=mapping.source,
            record=record,
            identity=("hubspot", self.noun, self.kind, *told, entity, record, change),
            order=order(self.at, more.pop("rank", None) or _RANK.get(self.kind, CHANGED)),
            change=change,
            changed_at=self.at,
            entity=entity,
            **more,
        )


def events_of(value: Any) -> list[Mapping[str, Any]]:
    """The events of a delivery: an array of them, or one alone; empty where it is neither."""
    found = value if isinstance(value, list) else [value]
    return found if all(isinstance(one, dict) and _name(one) and "occurredAt" in one for one in found) else []


def event(value: Mapping[str, Any], number: int) -> Event:
    """An event with its envelope. Raises ``Unreadable`` with the field at fault."""
    where = f"{number}."
    noun, _, kind = _name(value).partition(".")
    noun = word(value, "objectTypeId", where) if noun == "object" and kind != Kind.ASSOCIATION else noun
    if noun not in NOUNS and noun != "object" and not _TYPE_ID.fullmatch(noun):
        raise Unreadable(Why.SHAPE, f"{noun[:100]} is no object of HubSpot", f"{where}subscriptionType")
    at = from_milliseconds(whole_number(value, "occurredAt", where), f"{where}occurredAt")
    return Event(value, noun, kind, at, where)


def _name(value: Mapping[str, Any]) -> str:
    """``deal.propertyChange``; older events call it their ``eventType``."""
    found = value.get("subscriptionType") or value.get("eventType")
    return found if isinstance(found, str) and "." in found else ""
