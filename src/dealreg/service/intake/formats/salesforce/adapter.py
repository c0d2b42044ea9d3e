"""Salesforce under the frame of all sources."""

from collections.abc import Iterable, Mapping
from typing import Any

from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.formats.salesforce import events
from dealreg.service.intake.heard import Entity, FeedGap, Heard
from dealreg.service.intake.mapping import Format, MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why


class Salesforce:
    """Change events; they do not say of which organisation they are."""

    format = Format.SALESFORCE

    def recognises(self, value: Any, delivery: Delivery) -> bool:
        """By the header that every change event has."""
        del delivery
        return isinstance(value, dict) and events.payload_of(value) is not None

    def organisation(self, value: Any, delivery: Delivery) -> str | None:
        """Never said."""
        del value, delivery
        return None

    def heard(self, value: Any, delivery: Delivery, mapping: MappingDocument) -> Iterable[Heard | FeedGap]:
        """Of each record that the event names."""
        del delivery
        payload = events.payload_of(value)
        if payload is None:
            raise Unreadable(Why.SHAPE, "is no change event of Salesforce")
        return events.heard(payload, mapping)

    def read(self, entity: Entity, record: str, value: Mapping[str, Any], mapping: MappingDocument) -> Heard:
        """A record of the REST API."""
        del value
        raise Unreadable(Why.SHAPE, f"a record of {entity} cannot be read again yet: {record}", mapping.source)


SALESFORCE = Salesforce()
