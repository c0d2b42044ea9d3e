"""CloudEvents 1.0 around a neutral opportunity, structured or in the binary mode of the broker's binding."""

from collections.abc import Iterable, Mapping
from typing import Any

from dealreg.service.intake import cloudevents
from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.heard import Entity, FeedGap, Heard
from dealreg.service.intake.mapping import Format, MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why


class Neutral:
    """Our own words; the organisation is the ``source`` of the envelope."""

    format = Format.NEUTRAL

    def recognises(self, value: Any, delivery: Delivery) -> bool:
        """By ``specversion``, in the body or in the headers."""
        return cloudevents.is_event(value, delivery.headers)

    def organisation(self, value: Any, delivery: Delivery) -> str | None:
        """The ``source`` of the envelope."""
        attributes, _ = cloudevents.opened(value, delivery.headers)
        return str(attributes["source"])

    def heard(self, value: Any, delivery: Delivery, mapping: MappingDocument) -> Iterable[Heard | FeedGap]:
        """One opportunity an event."""
        del mapping  # Its fields are ours.
        return [cloudevents.heard(*cloudevents.opened(value, delivery.headers))]

    def read(self, entity: Entity, record: str, value: Mapping[str, Any], mapping: MappingDocument) -> Heard:
        """Nobody knows an API of such a source."""
        del record, value
        raise Unreadable(Why.SHAPE, f"a neutral source has no record of {entity} to read again", mapping.source)


NEUTRAL = Neutral()
