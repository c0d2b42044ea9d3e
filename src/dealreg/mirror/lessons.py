"""What a message teaches of the fields that it carries."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from dealreg.mirror.events import (
    CustomFieldLearned,
    CustomFieldMisread,
    CustomFieldsFull,
    CustomFieldTreated,
    CustomFieldTypeChanged,
    CustomFieldTypeDeclared,
)
from dealreg.mirror.state import CrmSchema, KnownField
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.field_types import Entity, FieldType, parsed, wider
from dealreg.vocabulary.values import CustomField, Treatment

MOST_FIELDS = 2000
"""Fields of one kind of record that are mirrored: more than the CRMs here allow (Salesforce 800, Dataverse 1024, HubSpot 1000)."""

_NOTHING_SAID = Treatment(name="nothing")


@dataclass(frozen=True, slots=True)
class Brought:
    """Whose fields a message carries: what its lessons name."""

    source: str
    entity: Entity
    desk: UUID
    record: str
    message: str


def lessons(
    state: CrmSchema, brought: Brought, said: Iterable[CustomField], treatments: Mapping[str, Treatment]
) -> Iterator[Event]:
    """The facts that a message makes; none where it teaches nothing new. A value that is null is not among ``said``: it teaches nothing.

    The learned type is the widest of all kinds that came, so it is the same in whatever order messages come, late ones included.
    """
    room, full = MOST_FIELDS - len(state.fields), state.full
    for field in said:
        if field.kind is None:
            continue
        treatment = treatments.get(field.name, _NOTHING_SAID)
        known = state.fields.get(field.name)
        if known is None:
            if room <= 0:
                if not full:
                    full = True
                    yield CustomFieldsFull(**_of(brought, field), most=MOST_FIELDS)
                continue
            room -= 1
        yield from _taught(known, brought, field, field.kind, treatment)


def _taught(
    known: KnownField | None, brought: Brought, field: CustomField, kind: FieldType, treatment: Treatment
) -> Iterator[Event]:
    of = _of(brought, field)
    by: dict[str, Any] = {"record": brought.record, "message": brought.message}
    personal = field.sealed is not None and not treatment.too_long
    if known is None:
        known = KnownField(kind, personal, treatment.shown_to)
        yield CustomFieldLearned(**of, **by, type=kind, personal=personal, shown_to=treatment.shown_to)
    elif (personal, treatment.shown_to) != (known.personal, known.shown_to):
        yield CustomFieldTreated(**of, personal=personal, shown_to=treatment.shown_to)
    after = wider(known.learned, kind)
    if after is not known.learned:
        new = replace(known, learned=after)
        yield CustomFieldTypeChanged(**of, **by, before=known.learned, after=after, because=kind, effective=new.type)
        known = new
    if treatment.type is not known.by_mapping:
        new = replace(known, by_mapping=treatment.type)
        yield CustomFieldTypeDeclared(**of, type=treatment.type, by_mapping=True, before=known.type, effective=new.type)
        known = new if new.type is known.type else replace(new, misread=frozenset())
    if known.declared is not None and kind not in known.misread and _misread(known.declared, field, kind):
        yield CustomFieldMisread(**of, **by, declared=known.declared, kind=kind)


def _of(brought: Brought, field: CustomField) -> dict[str, Any]:
    return {"source": brought.source, "entity": brought.entity, "name": field.name, "desk": brought.desk}


def _misread(declared: FieldType, field: CustomField, kind: FieldType) -> bool:
    """Of a sealed value only its kind is known: what is text cannot be read as anything else; the others are left to who may look."""
    if field.value is not None:
        return parsed(declared, field.value) is None
    return kind is FieldType.TEXT and declared is not FieldType.TEXT
