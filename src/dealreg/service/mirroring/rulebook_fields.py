"""What the installation knows of CRMs' own fields, as a rulebook is held against it before it is published."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from dealreg.engagement.guards.completing import completed, undeclared
from dealreg.engagement.guards.custom_fields import CustomFieldRules
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.questions import Questions
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.field_types import Entity, FieldType, wider

_ALL = 100_000


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A field as the read model has it."""

    source: str
    entity: Entity
    name: str
    type: FieldType
    learned: FieldType
    personal: bool


def mirrored(questions: Questions) -> tuple[Mirrored, ...]:
    """Every field that the asker may know of: those of the program for the desk and auditors, none for others. Raises ``Unavailable``."""
    return tuple(_field(row) for row in questions.ask("custom_fields", "newest", limit=_ALL).rows)


def declarable(fields: Iterable[Mirrored]) -> tuple[CustomFieldRules, ...]:
    """The fields that a guard may name without a declaration: harmless, of one type in all organisations, with a name that can be written."""
    found = defaultdict(list)
    for field in fields:
        found[field.entity, field.name].append(field)
    return tuple(rules for same in found.values() if (rules := _declared(same)) is not None)


def notes(document: RulebookDocument, fields: Sequence[Mirrored]) -> Iterator[str]:
    """Where what a rulebook declares and what the CRMs send do not fit: it can be published, and its guards may not be told."""
    for rules in document.custom_fields:
        same = [
            field
            for field in fields
            if (field.entity, field.name) == (rules.of, rules.asked) and rules.source in {None, field.source}
        ]
        if not same:
            yield f"custom field {rules.name!r}: no CRM has sent a value of {rules.asked!r} on its {rules.of.value} records yet"
        for field in same:
            if field.personal:
                yield f"custom field {rules.name!r}: {field.source} sends it as personal, so guards never see it; declare it harmless in the mapping"
            elif field.type is not rules.type and wider(field.learned, rules.type) is not rules.type:
                yield (
                    f"custom field {rules.name!r}: {field.source} sends {field.learned.value}; what cannot be read as {rules.type.value} "
                    "is not known to guards"
                )


def completed_command(questions: Questions, command: Command) -> Command:
    """A rulebook that is to be published, with the fields declared that its guards name; any other command as it is."""
    if not isinstance(command, PublishRulebook) or not undeclared(command.document):
        return command
    asked = completed(command.document, declarable(mirrored(questions)))
    return command if asked is command.document else PublishRulebook(document=asked)


def _declared(same: Sequence[Mirrored]) -> CustomFieldRules | None:
    first = same[0]
    if any(field.personal or field.type is not first.type for field in same):
        return None
    source = first.source if len(same) == 1 else None
    try:
        return CustomFieldRules(name=first.name, type=first.type, source=source, of=first.entity)
    except ValidationError:
        return None


def _field(row: dict[str, Any]) -> Mirrored:
    return Mirrored(
        row["source"],
        Entity(row["entity"]),
        row["name"],
        FieldType(row["type"]),
        FieldType(row["learned"]),
        bool(row["personal"]),
    )
