"""Dataverse under the frame of all sources."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.formats.dataverse.messages import MANY, UNDECIDED, Told, told
from dealreg.service.intake.formats.dataverse.values import (
    NOBODY,
    attributes,
    guid,
    kind,
    of_web_api,
    pairs,
    row_version,
)
from dealreg.service.intake.formats.dates import instant
from dealreg.service.intake.formats.envelopes import is_meant, of_entity, whole_number, word
from dealreg.service.intake.formats.fields import spoken
from dealreg.service.intake.formats.orders import AFTER_ALL, order
from dealreg.service.intake.heard import ECHO, NOT_MEANT, Entity, FeedGap, Heard, Ignored
from dealreg.service.intake.mapping import Format, MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why

SIZE_HEADER = "x-ms-dynamics-msg-size-exceeded"
"""Set where a message was longer than 256 KB and its fields were taken out."""
MODIFIED = "modifiedon"
AFTER_EVENTS = "z"
"""Of one instant and row version, what is not known counts after what is."""
POST_OPERATION = 40
"""The stage after the change is in the database; what is told earlier may still be taken back."""


class Dataverse:
    """RemoteExecutionContext as JSON, from a webhook or a Service Bus; the organisation's id says whose it is."""

    format = Format.DATAVERSE

    def recognises(self, value: Any, delivery: Delivery) -> bool:
        """By the names that every context has."""
        del delivery
        return isinstance(value, dict) and {"MessageName", "PrimaryEntityName", "OrganizationId"} <= value.keys()

    def organisation(self, value: Any, delivery: Delivery) -> str | None:
        """The organisation's id."""
        del delivery
        return word(value, "OrganizationId").lower()

    def heard(self, value: Any, delivery: Delivery, mapping: MappingDocument) -> Iterable[Heard | FeedGap | Ignored]:
        """What the message says of each of its records."""
        entity = _entity(word(value, "PrimaryEntityName"), mapping)
        if not is_meant(value, mapping):
            return [NOT_MEANT]
        if mapping.client is not None and word(value, "InitiatingUserId").lower() == mapping.client.lower():
            return [ECHO]
        if word(value, "MessageName") in UNDECIDED:
            return [Ignored("message")]
        if "Stage" in value and whole_number(value, "Stage") < POST_OPERATION:
            raise Unreadable(
                Why.INVALID, "is told before the change is made; register the step after the operation", "Stage"
            )
        context = _Context(value, entity, mapping)
        return list(context.cut() if _is_cut(value, delivery) else context.heard())

    def read(self, entity: Entity, record: str, value: Mapping[str, Any], mapping: MappingDocument) -> Heard:
        """A record of the Web API."""
        fields, version = of_web_api(value)
        changed_at = instant(fields.get(MODIFIED), MODIFIED)
        said, custom = spoken(fields, of_entity(entity, mapping))
        return Heard(
            source=mapping.source,
            record=guid(record, "record"),
            identity=("dataverse", "read", record, str(version), changed_at.isoformat()),
            order=order(changed_at, *([f"{version:020d}"] if version else []), AFTER_ALL),
            change="read",
            changed_at=changed_at,
            said=said,
            custom=custom,
            entity=entity,
        )


class _Context:
    """One context, with what all of its records share."""

    def __init__(self, value: Mapping[str, Any], entity: Entity, mapping: MappingDocument) -> None:
        self._value, self._entity, self._mapping = value, entity, mapping
        self._name = word(value, "MessageName")
        self._at = instant(value.get("OperationCreatedOn"), "OperationCreatedOn")

    def heard(self) -> Iterator[Heard]:
        """Each record that the message names."""
        for one in told(self._value):
            if one.merged_into is not None:
                yield self._merged(one)
                continue
            said, custom = spoken(one.theirs, of_entity(self._entity, self._mapping))
            yield self._of(one, one.change, said=said, custom=custom)
            if one.bare:
                why = f"Dataverse told of a {self._name} and gave no fields"
                yield self._of(one, "gap", why=why)

    def cut(self) -> Iterator[Heard | FeedGap]:
        """The fields were taken out: of a deletion nothing is missing, of anything else everything."""
        record = self._value.get("PrimaryEntityId")
        why = f"Dataverse told of a {self._name[:50]} and took out the fields: the message was longer than 256 KB"
        if self._name in MANY or record in (None, NOBODY):
            identity = ("dataverse", word(self._value, "OperationId"), self._name)
            yield FeedGap(self._mapping.source, identity, self._at, why, self._entity)
            return
        one = Told(guid(record, "PrimaryEntityId"), "deleted" if self._name == "Delete" else "gap")
        yield self._of(one, one.change, why=why if one.change == "gap" else None)

    def _merged(self, one: Told) -> Heard:
        if self._entity is Entity.ACCOUNT:
            return self._of(one, "updated", said={"merged_into": one.merged_into})
        return self._of(one, "deleted")

    def _of(self, one: Told, change: str, **more: Any) -> Heard:
        value = self._value
        operation = word(value, "OperationId")
        depth = str(value.get("Depth", ""))
        changed_at, version = self._committed(one)
        stamp = changed_at.isoformat()
        last = [AFTER_EVENTS] if change == "gap" else []
        return Heard(
            source=self._mapping.source,
            record=one.record,
            identity=("dataverse", operation, self._name, depth, stamp, str(version), self._entity, one.record, change),
            order=order(changed_at, f"{version:020d}", *last),
            change=change,
            changed_at=changed_at,
            entity=self._entity,
            **more,
        )

    def _committed(self, one: Told) -> tuple[datetime, int]:
        """When the record was changed, and its row version.

        The record's own stamp counts where the message has it, for it is what a record that is read again knows too; the operation's
        instant is finer but may be that of a queue.
        """
        images = pairs(self._value.get("PostEntityImages"), "PostEntityImages")
        image: Mapping[str, Any] = next((found for found in images.values() if kind(found) == "Entity"), {})
        after = attributes(image, "PostEntityImages") if image else {}
        stamp = one.theirs.get(MODIFIED) or after.get(MODIFIED)
        version = one.version or row_version(image.get("RowVersion")) or row_version(after.get("versionnumber"))
        return (instant(stamp, MODIFIED) if stamp is not None else self._at), version


def _entity(name: str, mapping: MappingDocument) -> Entity:
    """What the table is for us. Raises ``Unreadable`` for one that is not mapped."""
    if name == mapping.entity.lower():
        return Entity.OPPORTUNITY
    if mapping.account is not None and name == mapping.account.entity.lower():
        return Entity.ACCOUNT
    raise Unreadable(Why.SHAPE, f"is {name[:100]}, which the mapping does not have", "PrimaryEntityName")


def _is_cut(value: Mapping[str, Any], delivery: Delivery) -> bool:
    header = delivery.header(SIZE_HEADER)
    return (header is not None and header.strip().lower() not in {"", "false"}) or not value.get("InputParameters")


DATAVERSE = Dataverse()
