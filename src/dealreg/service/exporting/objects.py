"""What a fact is about, for readers that follow objects: registrations, customers, conflicts, partners, overrides and a few more.

Read from the stored JSON by the names of its fields, so that old shapes are read too; ``tests/service/test_export_ocel.py`` demands
that every field of every event that holds an id or a partner is named here, as what it is or as none.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

KINDS: Final[dict[str, str]] = {
    **dict.fromkeys(("registration", "registrations", "awarded", "linked_to", "beside", "parties", "challenger"), "registration"),
    **dict.fromkeys(
        ("customer", "absorbed", "into", "closed_into", "came_from", "other", "parent", "possible", "purchaser", "design_customer", "was", "parted", "to"),
        "customer",
    ),
    "conflict": "conflict",
    **dict.fromkeys(("override", "replaces"), "override"),
    "opportunity": "opportunity",
    "account": "account",
    "special_price": "special_price",
    **dict.fromkeys(("report", "sale", "flag", "tender"), "account_report"),
    **dict.fromkeys(
        (
            "partner", "partners", "filed_by", "dealer", "distributor", "master", "holder", "parents", "specifier", "left", "added_by",
            "amended_by", "appealed_by", "asked_by", "invited_by", "recorded_by", "reported_by",
        ),
        "partner",
    ),
}  # fmt: skip
"""Of which kind is what a field names."""

NO_OBJECTS: Final = frozenset({
    "dealers", "desk", "distributors", "managers", "readers",  # who reads it
    "joining", "key", "noted", "past", "spares", "suspended_by", "value",  # inner names of a file
    "hold", "holds",  # of the trail itself
    "gap",  # of a feed
})  # fmt: skip
"""Fields with ids that are no objects of the process."""

PARTNER: Final = "partner"
OF_STREAM: Final = {"rulebook": "program", "audit": "trail"}
"""The kinds whose facts name no object but their stream."""


class Object(NamedTuple):
    """An object of the process; ``id`` is unique over all kinds."""

    kind: str
    id: str


class Related(NamedTuple):
    """An object of a fact, and what it is to it: the way through the fact's fields, or ``asked by``, ``asked for``."""

    object: Object
    qualifier: str


def related(kind: str | None, meta: Mapping[str, Any], data: Mapping[str, Any]) -> list[Related]:
    """The objects of a fact, each with each of its qualifiers once; never none. ``kind`` is that of its stream, as far as it is known."""
    program = str(meta.get("program", ""))
    found = dict.fromkeys(_walk(data, (), program))
    actor = meta.get("actor") or {}
    for said, qualifier in ((actor.get("partner"), "asked by"), (meta.get("on_behalf_of"), "asked for")):
        if said:
            found[Related(_partner(program, said), qualifier)] = None
    if not found or kind in OF_STREAM:
        found[
            Related(
                Object(OF_STREAM.get(kind or "", "program"), f"{OF_STREAM.get(kind or '', 'program')}/{program}"), "of"
            )
        ] = None
    return list(found)


def _walk(value: Any, way: tuple[str, ...], program: str) -> Iterator[Related]:
    if isinstance(value, list):
        for one in value:
            yield from _walk(one, way, program)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in NO_OBJECTS or isinstance(inner, dict):
                yield from _walk(inner, (*way, name), program)
    elif isinstance(value, str) and way and way[-1] in KINDS:
        kind = KINDS[way[-1]]
        if kind == PARTNER:
            yield Related(_partner(program, value), ".".join(way))
        elif _is_id(value):
            yield Related(Object(kind, f"{kind}/{value}"), ".".join(way))


def _partner(program: str, name: str) -> Object:
    return Object(PARTNER, f"{PARTNER}/{program}/{name}")


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
