"""A CRM's own fields as they were at any moment: folded from the facts, so types are those of then."""

from pydantic import Field

from dealreg.mirror.state import CRM_SCHEMA, KnownField
from dealreg.service.past.moment import When
from dealreg.service.replay import Replay
from dealreg.service.telling import AsOf, as_of
from dealreg.vocabulary.field_types import Audience, Entity, FieldType
from dealreg.vocabulary.ids import crm_schema_id
from dealreg.vocabulary.values import Key, Model


class FieldTold(Model):
    """One field; ``type`` is the declared one (the desk's word, else the mapping's), else what its values taught."""

    name: Key
    type: FieldType
    learned: FieldType
    by_mapping: FieldType | None
    by_desk: FieldType | None
    personal: bool = Field(description="Its values are kept beside the ledger, where they can be erased.")
    shown_to: tuple[Audience, ...] = Field(description="Partners that see its harmless values on their deals.")
    misread: tuple[FieldType, ...] = Field(
        description="Kinds of values that came and cannot be read as the declared type."
    )


class FieldsThen(Model):
    """The fields of one kind of record of one source at a moment; ``full``: more came than are mirrored."""

    as_of: AsOf
    source: Key
    entity: Entity
    full: bool
    fields: tuple[FieldTold, ...]


def fields_then(replay: Replay, program: str, source: str, entity: Entity, when: When | None = None) -> FieldsThen:
    """What a program knew of a source's own fields. Nothing where nothing was known. Raises ``Unavailable``."""
    moment = replay.moment(when)
    state, _ = replay.of_program(program, CRM_SCHEMA, crm_schema_id(program, source, entity), moment)
    told = tuple(_told(name, state.fields[name]) for name in sorted(state.fields))
    return FieldsThen(as_of=as_of(moment), source=source, entity=entity, full=state.full, fields=told)


def _told(name: str, known: KnownField) -> FieldTold:
    return FieldTold(
        name=name,
        type=known.type,
        learned=known.learned,
        by_mapping=known.by_mapping,
        by_desk=known.by_desk,
        personal=known.personal,
        shown_to=known.shown_to,
        misread=tuple(sorted(known.misread)),
    )
