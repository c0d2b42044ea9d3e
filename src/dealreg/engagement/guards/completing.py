"""Fields of the CRM that guards name and the rulebook does not declare: declared by value, as they were learned (docs/decisions/0028)."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from dealreg.engagement.guards.custom_fields import CustomFieldRules
from dealreg.engagement.parameters import fields_by_number
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.vocabulary.field_types import Entity

NAMED: Final = re.compile(r"\b(opportunity|account)\s*\.\s*custom\s*\.\s*([A-Za-z_]\w*)")
"""Which fields an expression may ask for; names in its texts count too, which costs a look and changes nothing."""


def named_in(expression: str) -> set[tuple[Entity, str]]:
    """The fields that an expression may ask for, each with the kind of record that has it."""
    return {(Entity(of), name) for of, name in NAMED.findall(expression)}


def completed(document: RulebookDocument, known: Iterable[CustomFieldRules]) -> RulebookDocument:
    """The document with every undeclared field that its guards name and that is known; the same one where there is none.

    What is published so says by value of what type a field is: a type that changes later changes no rule.
    """
    by_place = {(rules.of, rules.name): rules for rules in known}
    added: dict[str, CustomFieldRules] = {}
    for place in sorted(undeclared(document) & by_place.keys()):
        added.setdefault(place[1], by_place[place])
    if not added:
        return document
    return document.model_copy(update={"custom_fields": (*document.custom_fields, *added.values())})


def undeclared(document: RulebookDocument) -> set[tuple[Entity, str]]:
    """The fields that guards name and nobody declares."""
    declared = {rules.name for rules in document.custom_fields}
    return {(of, name) for of, name in _asked(document) if name not in declared}


def _asked(document: RulebookDocument) -> Iterator[tuple[Entity, str]]:
    for number in fields_by_number():
        yield from named_in(document.clauses.of(number).when or "")
