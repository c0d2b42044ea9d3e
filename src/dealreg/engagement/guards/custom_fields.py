"""The CRM's own fields that guards may speak of: declared with a type in the rulebook, read from the text that the CRM sent."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, StringConstraints

from dealreg.engagement.guards.facts import Custom, Kind
from dealreg.vocabulary.values import Key, Model

RESERVED: Final = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "var",
        "void",
        "while",
    ]
)
"""Words that the expression language keeps for itself."""


class FieldType(StrEnum):
    """How a field's text is read; a ``day`` is the instant at which it begins in the program's zone."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    TRUTH = "truth"
    INSTANT = "instant"
    DAY = "day"


_KINDS: Final = {
    FieldType.TEXT: Kind.TEXT,
    FieldType.WHOLE: Kind.WHOLE,
    FieldType.NUMBER: Kind.NUMBER,
    FieldType.TRUTH: Kind.TRUTH,
    FieldType.INSTANT: Kind.INSTANT,
    FieldType.DAY: Kind.INSTANT,
}


def _no_word_of_the_language(name: str) -> str:
    if name in RESERVED:
        raise ValueError(
            f"{name!r} is a word of the expression language; give another name, and the CRM's own as 'field'"
        )
    return name


Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"),
    AfterValidator(_no_word_of_the_language),
]
"""A name that can stand in an expression."""


class CustomFieldRules(Model):
    """A field of the CRM for which we have no word: ``opportunity.custom.<name>`` in guards.

    ``field`` is the CRM's own name where that cannot stand in an expression; ``source`` the only organisation that is asked for it.
    """

    name: Name
    type: FieldType
    field: Key | None = None
    source: Key | None = None

    @property
    def declared(self) -> Custom:
        """As the checker knows it."""
        return Custom(self.name, _KINDS[self.type])

    @property
    def asked(self) -> str:
        """The field's name in the CRM."""
        return self.field or self.name


Value = str | int | float | bool | datetime


def read(rules: CustomFieldRules, written: str, zone: ZoneInfo) -> Value | None:
    """The value of the text as declared; ``None`` where it is none: then the field is not known."""
    try:
        return _READ[rules.type](written.strip(), zone)
    except (ValueError, OverflowError):
        return None


def _whole(written: str, _: ZoneInfo) -> int | None:
    """CRMs write whole numbers with a point too: 3.0."""
    if not re.fullmatch(r"[+-]?\d{1,18}(?:\.0+)?", written):
        return None
    return int(written.split(".", maxsplit=1)[0])


def _number(written: str, _: ZoneInfo) -> float | None:
    return float(written) if re.fullmatch(r"[+-]?\d{1,18}(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?", written) else None


def _truth(written: str, _: ZoneInfo) -> bool | None:
    return {"true": True, "false": False, "1": True, "0": False}.get(written.lower())


def _instant(written: str, _: ZoneInfo) -> datetime | None:
    found = datetime.fromisoformat(written)
    return _bounded(found.astimezone(UTC)) if found.tzinfo is not None else None


def _day(written: str, zone: ZoneInfo) -> datetime | None:
    return _bounded(datetime.combine(date.fromisoformat(written), time(), zone).astimezone(UTC))


def _bounded(instant: datetime) -> datetime | None:
    """What the vocabulary calls an instant; beyond lie typing errors."""
    return instant if 1900 <= instant.year < 2200 else None  # noqa: PLR2004 - the bounds of ``Instant``


_READ: Final[dict[FieldType, Callable[[str, ZoneInfo], Value | None]]] = {
    FieldType.TEXT: lambda written, _: written,
    FieldType.WHOLE: _whole,
    FieldType.NUMBER: _number,
    FieldType.TRUTH: _truth,
    FieldType.INSTANT: _instant,
    FieldType.DAY: _day,
}
