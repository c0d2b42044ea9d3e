"""Associations of HubSpot, each told from both of its sides: which company a deal is for, and which company is above another."""

from collections.abc import Iterator

from dealreg.service.intake.conversions import text_of
from dealreg.service.intake.formats.envelopes import word
from dealreg.service.intake.formats.hubspot.told import COMPANY, DEAL, REMOVED, TYPE_IDS, UNKNOWN, Event
from dealreg.service.intake.heard import Entity, Heard, Ignored
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why

PARENT_TO_CHILD = frozenset({"PARENT_COMPANY_TO_CHILD_COMPANY", "13"})
CHILD_TO_PARENT = frozenset({"CHILD_COMPANY_TO_PARENT_COMPANY", "14"})


def association(event: Event, mapping: MappingDocument) -> Iterator[Heard | Ignored]:
    """The customer of a deal, or the parent of a company. Raises ``Unreadable``."""
    one, other = (word(event.value, name, event.where) for name in ("fromObjectId", "toObjectId"))
    types, named = _types(event)
    if types == (DEAL, COMPANY):
        yield from _link(event, mapping, Entity.OPPORTUNITY, one, "customer_ref", other)
    elif types == (COMPANY, DEAL):
        yield from _link(event, mapping, Entity.OPPORTUNITY, other, "customer_ref", one)
    elif named in CHILD_TO_PARENT and mapping.account is not None:
        yield from _link(event, mapping, Entity.ACCOUNT, one, "parent", other)
    elif named in PARENT_TO_CHILD and mapping.account is not None:
        yield from _link(event, mapping, Entity.ACCOUNT, other, "parent", one)
    else:
        yield Ignored("association")


def _types(event: Event) -> tuple[tuple[str, str], str]:
    """The types of both sides, and the name of what is between them."""
    value = event.value
    named = text_of(value.get("associationType") or value.get("associationTypeId")) or ""
    if "fromObjectTypeId" in value or "toObjectTypeId" in value:
        return (word(value, "fromObjectTypeId", event.where), word(value, "toObjectTypeId", event.where)), named
    one, between, other = named.lower().partition("_to_")
    if not between:
        raise Unreadable(Why.INVALID, "does not say between which objects", f"{event.where}associationType")
    return (TYPE_IDS.get(one, one), TYPE_IDS.get(other, other)), named


def _link(
    event: Event, mapping: MappingDocument, entity: Entity, record: str, ours: str, other: str
) -> Iterator[Heard | Ignored]:
    """A reference set or emptied; an association beside the primary one says nothing of it.

    Another company may have become the primary one with the same act and be told before: what is emptied is read again, where it can be.
    """
    if event.value.get("isPrimaryAssociation") is False and entity is Entity.OPPORTUNITY:
        yield Ignored("association")
        return
    removed = event.value.get("associationRemoved") is True
    yield event.of(
        entity, record, "updated", mapping, said={ours: None if removed else other}, rank=REMOVED if removed else None
    )
    if removed and mapping.api is not None:
        why = f"HubSpot took away its association with {other}; which is the primary one now shows when it is read"
        yield event.of(entity, record, "gap", mapping, why=why, rank=UNKNOWN)
