"""What a CRM says of one of its records, and how it folds in the CRM's own order whatever the order of arrival (architecture D4).

Opportunities and accounts fold alike, field by field: a declared field by its name, an identifier as ``identifier:<scheme>``, a field
that only the CRM has as ``custom:<name>``, and whether the record is there as ``existence``.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from dealreg.vocabulary.values import CustomField, Key, Model

CUSTOM = "custom:"
"""Begins the name of a custom field where fields are named, so that none is mistaken for one of ours."""

IDENTIFIER = "identifier:"
"""Begins the name of an identifier, by its scheme, where fields are named: a CRM changes each by itself."""

EXISTENCE = "existence"
"""Whether the record is there folds like a field, under this name: created and undeleted against deleted."""

Order = tuple[str, str]
"""The source's order of a message, then its digest."""


class Change(StrEnum):
    """What happened to the record in the CRM."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    UNDELETED = "undeleted"
    READ = "read"
    """The record was read again, whole."""
    GAP = "gap"
    """The CRM says that the record changed, and not how (ROE-22)."""


WHOLE = frozenset({Change.CREATED, Change.UNDELETED, Change.DELETED, Change.READ})
"""After these everything of a record is known: they carry all of its fields, or that it is gone."""


class Identifier(Model):
    """An identifier of the end customer: its scheme (``duns``, ``vat``, ``lei``, ``domain``) and value."""

    scheme: Key
    value: Key


class Spoken(Protocol):
    """What every kind of record has beside its declared fields."""

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """By scheme."""

    @property
    def custom(self) -> tuple[CustomField, ...]:
        """By the CRM's own names."""


S = TypeVar("S", bound=Model)


def names_given(said: Spoken, fields: Sequence[str]) -> tuple[str, ...]:
    """The names of the fields with a value: declared ones, ``identifier:<scheme>`` and ``custom:<name>``."""
    declared = (name for name in fields if getattr(said, name) is not None)
    schemes = (IDENTIFIER + one.scheme for one in said.identifiers)
    return (*declared, *schemes, *(CUSTOM + one.name for one in said.custom))


def keyed(said: Spoken) -> dict[str, Any]:
    """Identifiers and custom fields, each by the name under which it folds."""
    schemes = {IDENTIFIER + one.scheme: one for one in said.identifiers}
    return {**schemes, **{CUSTOM + one.name: one for one in said.custom}}


def newer(spoken: Iterable[str], order: Order, orders: Mapping[str, Order]) -> set[str]:
    """Which of the fields that a message speaks of nobody has said anything newer of."""
    return {name for name in spoken if name not in orders or order > orders[name]}


def taken(before: S, said: Spoken, nulled: Sequence[str], fields: Sequence[str]) -> S:
    """The values after a fact that gives some and empties others."""
    update: dict[str, Any] = {name: getattr(said, name) for name in fields if getattr(said, name) is not None}
    update |= {name: None for name in nulled if name in fields}
    held = keyed(before) | keyed(said)  # type: ignore[arg-type]  # a model of a record has both
    for name in nulled:
        held.pop(name, None)
    update["identifiers"] = tuple(held[name] for name in sorted(held) if name.startswith(IDENTIFIER))
    update["custom"] = tuple(held[name] for name in sorted(held) if name.startswith(CUSTOM))
    return before.model_copy(update=update)


def differing(before: Spoken, after: Spoken, fields: Sequence[str]) -> frozenset[str]:
    """The names of the fields whose value is another than before."""
    old, new = keyed(before), keyed(after)
    beside = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return frozenset(beside | {name for name in fields if getattr(before, name) != getattr(after, name)})
