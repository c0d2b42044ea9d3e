"""CloudEvents 1.0 around a record, structured or in the binary mode of the broker's binding."""

from collections.abc import Iterable, Mapping
from typing import Any

from dealreg.service.intake import cloudevents
from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.formats.envelopes import is_meant
from dealreg.service.intake.formats.neutral import records
from dealreg.service.intake.heard import NOT_MEANT, Entity, FeedGap, Heard, Ignored
from dealreg.service.intake.mapping import Format, MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why


class Neutral:
    """Our own words, or another's by the mapping; the organisation is the ``source`` of the envelope."""

    format = Format.NEUTRAL

    def recognises(self, value: Any, delivery: Delivery) -> bool:
        """By ``specversion``, in the body or in the headers."""
        return cloudevents.is_event(value, delivery.headers)

    def organisation(self, value: Any, delivery: Delivery) -> str | None:
        """The ``source`` of the envelope."""
        attributes, _ = cloudevents.opened(value, delivery.headers)
        return str(attributes["source"])

    def heard(self, value: Any, delivery: Delivery, mapping: MappingDocument) -> Iterable[Heard | FeedGap | Ignored]:
        """One record an event."""
        attributes, content = cloudevents.opened(value, delivery.headers)
        return [records.heard(attributes, content, mapping) if is_meant(attributes, mapping) else NOT_MEANT]

    def read(self, entity: Entity, record: str, value: Mapping[str, Any], mapping: MappingDocument) -> Heard:
        """Nobody knows an API of such a source."""
        del record, value
        raise Unreadable(Why.SHAPE, f"a neutral source has no record of {entity} to read again", mapping.source)


NEUTRAL = Neutral()
