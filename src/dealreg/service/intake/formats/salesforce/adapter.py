"""Salesforce under the frame of all sources."""

from collections.abc import Iterable, Mapping
from typing import Any

from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.formats.dates import instant
from dealreg.service.intake.formats.envelopes import of_entity
from dealreg.service.intake.formats.fields import spoken
from dealreg.service.intake.formats.orders import order_of_read
from dealreg.service.intake.formats.salesforce import changes, record_ids
from dealreg.service.intake.formats.salesforce.fields import of_rest, standing
from dealreg.service.intake.heard import Entity, FeedGap, Heard, Ignored
from dealreg.service.intake.mapping import Format, MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why

STAMPS = ("SystemModstamp", "LastModifiedDate")
"""When a record was last changed, by anything at all or by somebody."""

NO_FIELDS = frozenset({"Id", "IsDeleted", changes.MASTER})
"""What every record has, and is not said of the deal or the company."""


class Salesforce:
    """Change events; they do not say of which organisation they are."""

    format = Format.SALESFORCE

    def recognises(self, value: Any, delivery: Delivery) -> bool:
        """By the header that every change event has."""
        del delivery
        return isinstance(value, dict) and changes.payload_of(value) is not None

    def organisation(self, value: Any, delivery: Delivery) -> str | None:
        """Never said."""
        del value, delivery
        return None

    def heard(self, value: Any, delivery: Delivery, mapping: MappingDocument) -> Iterable[Heard | FeedGap | Ignored]:
        """Of each record that the event names."""
        del delivery
        payload = changes.payload_of(value)
        if payload is None:
            raise Unreadable(Why.SHAPE, "is no change event of Salesforce")
        schema = mapping.schemas.get(changes.schema_id(value) or "")
        return changes.heard(payload, schema, mapping)

    def read(self, entity: Entity, record: str, value: Mapping[str, Any], mapping: MappingDocument) -> Heard:
        """A record of the REST API with all of its fields; of an account that was merged away, its row says where it lives on."""
        theirs = {name: one for name, one in of_rest(value) if name not in NO_FIELDS}
        stamp = next((name for name in STAMPS if theirs.get(name) is not None), STAMPS[0])
        changed_at = instant(theirs.get(stamp), stamp)
        said, custom = spoken(theirs, of_entity(entity, mapping), changes.record_id)
        if entity is Entity.OPPORTUNITY:
            said = {**standing(theirs), **said}
        elif changes.MASTER in value:
            master = value[changes.MASTER]
            said["merged_into"] = changes.record_id(master, changes.MASTER) if master is not None else None
        return Heard(
            source=mapping.source,
            record=record_ids.canonical(record, "record"),
            identity=("salesforce", "read", record, str(theirs.get(stamp))),
            order=order_of_read(changed_at),
            change="read",
            changed_at=changed_at,
            said=said,
            custom=custom,
            entity=entity,
        )


SALESFORCE = Salesforce()
