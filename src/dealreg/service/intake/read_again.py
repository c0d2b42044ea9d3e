"""A record that was read again at its source, whole, on its way through the broker like everything else (ROE-22).

A structured CloudEvent: ``source`` is that of the mapping, ``id`` names this reading, ``time`` is when it was read. Its data is one object::

    entity   opportunity or account
    record   the source's id of the record
    covers   the order of the gap that the reading answers; null where there was none
    gone     true where the source no longer has the record
    value    the record as the source's interface gave it; null where it is gone
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from dealreg.service.intake.formats.known import ADAPTERS
from dealreg.service.intake.formats.orders import AFTER_ALL, order_of_read
from dealreg.service.intake.heard import Entity, Heard
from dealreg.service.intake.mapping import MappingDocument, Mappings
from dealreg.service.intake.unreadable import Unreadable, Why
from dealreg.vocabulary.crm_record import Change
from dealreg.vocabulary.values import Key, Model

TYPE = "dealreg.record.read.v1"


class RecordRead(Model):
    """The data of the event."""

    entity: Entity
    record: Key
    covers: Key | None = None
    gone: bool = False
    value: Mapping[str, Any] | None = Field(default=None)

    @model_validator(mode="after")
    def _is_there_or_gone(self) -> Self:
        if self.gone is (self.value is not None):
            raise ValueError("give the value of a record that is there, and none of one that is gone")
        return self


def heard(attributes: Mapping[str, Any], data: Any, mappings: Mappings) -> tuple[MappingDocument, Heard]:
    """What the reading says. Raises ``Unreadable``."""
    try:
        read = RecordRead.model_validate(data)
    except ValidationError as error:
        raise Unreadable.of(error) from error
    mapping = mappings.of_source(attributes["source"])
    if mapping is None:
        raise Unreadable(Why.SHAPE, "is no source of a mapping", "source")
    if "time" not in attributes:
        raise Unreadable(Why.INVALID, "is needed: the instant at which it was read", "time")
    at = datetime.fromisoformat(attributes["time"].upper()).astimezone(UTC)
    identity = ("read", attributes["id"])
    if read.value is None:
        gone = Heard(
            source=mapping.source,
            record=read.record,
            identity=identity,
            order=order_of_read(at, read.covers),
            change=Change.DELETED,
            changed_at=at,
            entity=read.entity,
        )
        return mapping, gone
    adapter = next(adapter for adapter in ADAPTERS if adapter.format is mapping.format)
    said = adapter.read(read.entity, read.record, read.value, mapping)
    order = max(said.order, read.covers + AFTER_ALL) if read.covers is not None else said.order
    return mapping, replace(said, identity=identity, order=order, change=Change.READ)
