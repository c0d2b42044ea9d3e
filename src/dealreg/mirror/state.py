"""The fields of one kind of record of one CRM organisation, as they are known."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from dealreg.mirror.events import (
    CustomFieldLearned,
    CustomFieldMisread,
    CustomFieldsFull,
    CustomFieldTreated,
    CustomFieldTypeChanged,
    CustomFieldTypeDeclared,
)
from dealreg.vocabulary.fact import Aggregate, Event
from dealreg.vocabulary.field_types import Audience, FieldType


@dataclass(frozen=True, slots=True)
class KnownField:
    """A field: the type that its values taught, those that were declared, how it is treated, and which kinds the declared type misread."""

    learned: FieldType
    personal: bool
    shown_to: tuple[Audience, ...] = ()
    by_mapping: FieldType | None = None
    by_desk: FieldType | None = None
    misread: frozenset[FieldType] = frozenset()

    @property
    def declared(self) -> FieldType | None:
        """The desk's word, else the mapping's."""
        return self.by_desk or self.by_mapping

    @property
    def type(self) -> FieldType:
        """As what its values are read."""
        return self.declared or self.learned


@dataclass(frozen=True, slots=True)
class CrmSchema:
    """Every field by the CRM's own name; ``full`` once more came than are kept."""

    fields: Mapping[str, KnownField] = field(default_factory=lambda: MappingProxyType({}))
    full: bool = False


def evolve(state: CrmSchema, event: Event) -> CrmSchema:
    """The state after a fact."""
    match event:
        case CustomFieldLearned():
            new = KnownField(event.type, event.personal, event.shown_to)
        case CustomFieldTypeChanged():
            new = replace(state.fields[event.name], learned=event.after)
        case CustomFieldTypeDeclared():
            new = _declared(state.fields[event.name], event)
        case CustomFieldTreated():
            new = replace(state.fields[event.name], personal=event.personal, shown_to=event.shown_to)
        case CustomFieldMisread():
            known = state.fields[event.name]
            new = replace(known, misread=known.misread | {event.kind})
        case CustomFieldsFull():
            return replace(state, full=True)
        case _:
            return state
    return replace(state, fields=MappingProxyType({**state.fields, event.name: new}))


def _declared(known: KnownField, event: CustomFieldTypeDeclared) -> KnownField:
    new = replace(known, by_mapping=event.type) if event.by_mapping else replace(known, by_desk=event.type)
    return new if new.type is known.type else replace(new, misread=frozenset())


CRM_SCHEMA = Aggregate("crm_schema", CrmSchema(), evolve)
