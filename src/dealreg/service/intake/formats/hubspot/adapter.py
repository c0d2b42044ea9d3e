"""HubSpot under the frame of all sources: arrays of up to 100 events, of several objects."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dealreg.service.intake.conversions import text_of
from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.formats.dates import instant
from dealreg.service.intake.formats.envelopes import inside, is_meant, of_entity, word
from dealreg.service.intake.formats.fields import spoken
from dealreg.service.intake.formats.hubspot.associations import association
from dealreg.service.intake.formats.hubspot.told import COMPANY, DEAL, UNKNOWN, Event, Kind, event, events_of
from dealreg.service.intake.formats.orders import order_of_read
from dealreg.service.intake.heard import ECHO, NOT_MEANT, Entity, FeedGap, Heard, Ignored
from dealreg.service.intake.mapping import Format, MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why

BODILESS: Mapping[str, tuple[str, str]] = {
    Kind.CREATION: ("created", "HubSpot told that it was created, and none of its properties"),
    Kind.RESTORE: ("undeleted", "HubSpot told that it was restored, and none of its properties"),
    Kind.DELETION: ("deleted", ""),
}
"""What is told without the record's properties."""


class HubSpot:
    """Webhooks; the portal's id says whose they are."""

    format = Format.HUBSPOT

    def recognises(self, value: Any, delivery: Delivery) -> bool:
        """An event, or an array of nothing else."""
        del delivery
        return bool(events_of(value))

    def organisation(self, value: Any, delivery: Delivery) -> str | None:
        """The portal of all its events. Raises ``Unreadable`` where there are several, of which one mapping cannot speak."""
        del delivery
        portals = {word(one, "portalId", f"{number}.") for number, one in enumerate(events_of(value))}
        if len(portals) > 1:
            raise Unreadable(
                Why.INVALID, "names several portals in one delivery; let each post to a door of its own", "portalId"
            )
        return portals.pop()

    def heard(self, value: Any, delivery: Delivery, mapping: MappingDocument) -> Iterable[Heard | FeedGap | Ignored]:
        """What each event says, in any order: HubSpot promises none."""
        del delivery
        for number, one in enumerate(events_of(value)):
            told = event(one, number)
            if not is_meant(one, mapping):
                yield NOT_MEANT
            elif is_echo(one, mapping):
                yield ECHO
            elif told.kind == Kind.ASSOCIATION:
                yield from association(told, mapping)
            else:
                yield from _record(told, mapping)

    def read(self, entity: Entity, record: str, value: Mapping[str, Any], mapping: MappingDocument) -> Heard:
        """An object of the CRM API, asked with the mapping's properties and its associations with companies."""
        properties = value.get("properties")
        if not isinstance(properties, dict):
            raise Unreadable(Why.INVALID, "has to be an object of names and values", "properties")
        changed_at = instant(value.get("updatedAt"), "updatedAt")
        said, custom = spoken(properties, of_entity(entity, mapping))
        if entity is Entity.OPPORTUNITY and "customer_ref" not in mapping.fields:
            said["customer_ref"] = _associated(value, "deal_to_company", "deal_to_company_unlabeled")
        if entity is Entity.ACCOUNT and "associations" in value:
            said["parent"] = _associated(value, "child_to_parent_company")
        return Heard(
            source=mapping.source,
            record=record,
            identity=("hubspot", "read", record, changed_at.isoformat()),
            order=order_of_read(changed_at),
            change="read",
            changed_at=changed_at,
            said=said,
            custom=custom,
            entity=entity,
        )


def is_echo(value: Mapping[str, Any], mapping: MappingDocument) -> bool:
    """Whether our own app made the change: HubSpot names the app as the source."""
    return (
        mapping.client is not None
        and value.get("changeSource") in ("INTEGRATION", "API", "INTEGRATIONS_PLATFORM")
        and text_of(value.get("sourceId")) == mapping.client
    )


def _record(told: Event, mapping: MappingDocument) -> Iterator[Heard | Ignored]:
    entity = _entity(told, mapping)
    if entity is None:
        yield Ignored(f"object_{told.noun}"[:60])
    elif told.kind == Kind.PROPERTY:
        name = word(told.value, "propertyName", told.where)
        said, custom = spoken({name: told.value.get("propertyValue")}, of_entity(entity, mapping))
        yield told.of(entity, told.record, "updated", mapping, said=said, custom=custom)
    elif told.kind == Kind.MERGE:
        yield from _merged(told, entity, mapping)
    elif told.kind in BODILESS:
        change, unknown = BODILESS[told.kind]
        yield told.of(entity, told.record, change, mapping)
        if unknown and mapping.api is not None:
            yield told.of(entity, told.record, "gap", mapping, why=unknown, rank=UNKNOWN)
    else:
        words = f"{told.kind[:100]} is no change of a record that is known here"
        raise Unreadable(Why.SHAPE, words, f"{told.where}subscriptionType")


def _merged(told: Event, entity: Entity, mapping: MappingDocument) -> Iterator[Heard]:
    """The records that went into another: the new one where there is one, which may be none of them, else the primary."""
    value, where = told.value, told.where
    listed = value.get("mergedObjectIds")
    merged = [one for one in map(text_of, listed) if one] if isinstance(listed, list) else []
    if not merged or len(merged) != len(listed or ()):
        raise Unreadable(Why.INVALID, "has to be a list of ids", f"{where}mergedObjectIds")
    primary = word(value, "primaryObjectId", where)
    survivor = text_of(value.get("newObjectId")) or primary
    gone = [one for one in dict.fromkeys([primary, *merged]) if one != survivor]
    if not gone:
        raise Unreadable(Why.INVALID, f"merges {survivor} into itself", f"{where}mergedObjectIds")
    for record in gone:
        if entity is Entity.ACCOUNT:
            yield told.of(entity, record, "updated", mapping, said={"merged_into": survivor})
        else:
            yield told.of(entity, record, "deleted", mapping)
    why = f"HubSpot merged {', '.join(gone)[:150]} into it, and does not say which properties moved"
    yield told.of(entity, survivor, "gap", mapping, why=why, rank=UNKNOWN)


def _entity(told: Event, mapping: MappingDocument) -> Entity | None:
    """What the object is for us; ``None`` for one that is not mapped."""
    opportunity = "deal" if mapping.entity == "Opportunity" else mapping.entity
    if told.noun == opportunity or told.type_id == (DEAL if opportunity == "deal" else opportunity):
        return Entity.OPPORTUNITY
    if mapping.account is None:
        return None
    company = "company" if mapping.account.entity == "Account" else mapping.account.entity
    return (
        Entity.ACCOUNT
        if told.noun == company or told.type_id == (COMPANY if company == "company" else company)
        else None
    )


def _associated(value: Mapping[str, Any], *types: str) -> str | None:
    """The company that an association of the first of these types there is leads to."""
    found = inside(value, "associations.companies.results")
    results = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    named = {text_of(one.get("type")): text_of(one.get("id")) for one in reversed(results)}
    return next((named[one] for one in types if one in named), None)


HUBSPOT = HubSpot()
