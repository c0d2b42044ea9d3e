"""A CRM's own fields: learned from each message that carries some, and declared by the desk (docs/decisions/0028)."""

from collections.abc import Iterable
from difflib import get_close_matches

from pydantic import JsonValue

from dealreg.mirror.commands import DeclareFieldType
from dealreg.mirror.events import CustomFieldTypeDeclared
from dealreg.mirror.lessons import Brought, lessons
from dealreg.mirror.state import CRM_SCHEMA, KnownField
from dealreg.process import permit
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.field_types import Entity
from dealreg.vocabulary.ids import crm_schema_id, desk_reader
from dealreg.vocabulary.refused import Unknown
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import CustomField, Treatment


def learn(
    situation: Situation,
    entity: Entity,
    by: tuple[str, str, str],
    said: Iterable[CustomField],
    treated: Iterable[Treatment] = (),
) -> None:
    """Take in what a message teaches of its fields; ``by`` is its source, record and digest. One that teaches nothing new makes no fact.

    A message without fields of its own does not even look at the stream.
    """
    source, record, digest = by
    spoken = [field for field in said if field.kind is not None]
    if not spoken:
        return
    stream = crm_schema_id(situation.program, source, entity)
    brought = Brought(source, entity, desk_reader(situation.program), record, digest)
    treatments = {treatment.name: treatment for treatment in treated}
    for event in tuple(lessons(situation.of(CRM_SCHEMA, stream), brought, spoken, treatments)):
        situation.record(CRM_SCHEMA, stream, event)


def declare(situation: Situation, request: Request, command: DeclareFieldType) -> dict[str, JsonValue]:
    """The desk says of what type a field is, or takes that back. Said again it changes nothing. Raises ``NotAllowed`` and ``Unknown``."""
    permit.of_desk(request.actor, "declare the type of a field")
    stream = crm_schema_id(situation.program, command.source, command.entity)
    state = situation.of(CRM_SCHEMA, stream)
    known = state.fields.get(command.name)
    if known is None:
        near = get_close_matches(command.name, state.fields, n=3)
        meant = (
            f"; did you mean {' or '.join(near)}?"
            if near
            else "; a field is known once a message has brought a value of it"
        )
        raise Unknown(f"{command.source} has no field {command.name!r} on its {command.entity} records{meant}")
    if command.type is not known.by_desk:
        effective = command.type or known.by_mapping or known.learned
        declared = CustomFieldTypeDeclared(
            source=command.source,
            entity=command.entity,
            name=command.name,
            desk=desk_reader(situation.program),
            type=command.type,
            by_mapping=False,
            before=known.type,
            effective=effective,
        )
        known = situation.record(CRM_SCHEMA, stream, declared).fields[command.name]
    return told(command, known)


def told(command: DeclareFieldType, known: KnownField) -> dict[str, JsonValue]:
    """How a field stands."""
    return {
        "source": command.source,
        "entity": command.entity.value,
        "name": command.name,
        "type": known.type.value,
        "learned": known.learned.value,
        "declared": known.declared.value if known.declared is not None else None,
    }
