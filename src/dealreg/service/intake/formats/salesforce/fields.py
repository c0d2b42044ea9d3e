"""Which fields a change event of Salesforce speaks of, with their values, and whether that is all that it says."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dealreg.opportunity.events import Outcome
from dealreg.service.intake.formats.fields import flat
from dealreg.service.intake.formats.salesforce.header import HEADER, Header
from dealreg.service.intake.formats.salesforce.schemas import BITMAP, NotOfThisSchema, Schema


class Spoken(NamedTuple):
    """The fields by their own names, ``None`` for an emptied one; ``unknown`` says why it is not all that changed."""

    theirs: Mapping[str, Any]
    unknown: str | None = None


def spoken_of(payload: Mapping[str, Any], header: Header, schema: Schema | None) -> Spoken:
    """What the event says of its records, compound fields taken apart: ``BillingAddress.City``.

    An UPDATE names the fields that changed; whatever else it carries is enrichment. A DELETE says nothing more. Where the names are bits
    of a schema that is not known or does not fit, a value that is there is as it stands; which fields were emptied is then not known, and
    nothing is taken for emptied.
    """
    values = dict(flat({key: value for key, value in payload.items() if key != HEADER}))
    given = {name: value for name, value in values.items() if value is not None}
    if header.change == "DELETE":
        return Spoken({})
    marks = (*header.changed, *header.emptied, *header.differing)
    bits = any(BITMAP.fullmatch(mark) for mark in marks)
    if bits and schema is None:
        return _without_schema(given, header)
    try:
        changed, emptied, differing = (
            (schema or Schema(names=())).named(marks) for marks in (header.changed, header.emptied, header.differing)
        )
    except NotOfThisSchema as error:
        return Spoken({}, f"the schema in the mapping is not that of the event: {error}")
    if bits and (wrong := _contradicted(given, changed, emptied)):
        return Spoken({}, f"the schema in the mapping is not that of the event: {wrong}")
    theirs = _named(values, changed) if header.change == "UPDATE" else given
    whole = {name: value for name, value in theirs.items() if not _is_in(name, differing)}
    unknown = f"Salesforce sent only what differs in {', '.join(differing)[:150]}" if differing else None
    return Spoken(whole | dict.fromkeys(emptied), unknown)


def _without_schema(given: Mapping[str, Any], header: Header) -> Spoken:
    """Values that are there are right whether they changed or not, unless some are only what differs in a long text."""
    if header.differing:
        return Spoken({}, "the fields that changed are bits of a schema that the mapping does not have")
    unknown = (
        "the fields that were emptied are bits of a schema that the mapping does not have" if header.emptied else None
    )
    return Spoken(given, unknown)


def _contradicted(given: Mapping[str, Any], changed: list[str], emptied: list[str]) -> str | None:
    """What an emptied field has, or a changed one has not: bits that were read by another schema name the wrong fields."""
    for name in emptied:
        if any(_is_in(one, [name]) for one in given):
            return f"{name} would be emptied and has a value"
    for name in changed:
        if not _is_in(name, emptied) and not any(_is_in(one, [name]) for one in given):
            return f"{name} would be changed and has no value"
    return None


def _named(values: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if _is_in(name, names)}


def _is_in(name: str, names: list[str]) -> bool:
    """Whether a field is one of them or lies inside one."""
    return any(name == one or name.startswith(f"{one}.") for one in names)


def standing(theirs: Mapping[str, Any]) -> dict[str, Outcome]:
    """Open, won or lost by Salesforce's own flags, for a stage that the mapping does not know; only what changed is there."""
    closed, won = theirs.get("IsClosed"), theirs.get("IsWon")
    if won is True:
        return {"outcome": Outcome.WON}
    if closed is True or (won is False and closed is None):
        return {"outcome": Outcome.LOST}
    return {"outcome": Outcome.OPEN} if closed is False else {}


def of_rest(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields of a record of the REST API under the names that events give them: there ``BillingAddress.city`` is ``City``."""
    for name, inner in value.items():
        if name == "attributes":
            continue
        if isinstance(inner, Mapping):
            yield from ((f"{name}.{key[:1].upper()}{key[1:]}", one) for key, one in flat(inner))
        else:
            yield name, inner
