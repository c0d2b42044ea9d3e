"""The CRM's own fields that guards may speak of: declared with a type in the rulebook, read from the text that the CRM sent."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from dealreg.engagement.guards.facts import ACCOUNT_CUSTOM, CUSTOM, Custom, Kind
from dealreg.vocabulary.field_types import Entity, FieldType, parsed
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


_KINDS: Final = {
    FieldType.TEXT: Kind.TEXT,
    FieldType.WHOLE: Kind.WHOLE,
    FieldType.NUMBER: Kind.NUMBER,
    FieldType.TRUTH: Kind.TRUTH,
    FieldType.INSTANT: Kind.INSTANT,
    FieldType.DAY: Kind.INSTANT,
}


def _is_of_opportunity(of: Entity) -> bool:
    """What nearly every field is, is not written."""
    return of is Entity.OPPORTUNITY


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
    """A field of the CRM for which we have no word: ``opportunity.custom.<name>`` in guards, ``account.custom.<name>`` of its account.

    ``field`` is the CRM's own name where that cannot stand in an expression; ``source`` the only organisation that is asked for it.
    """

    name: Name
    type: FieldType
    field: Key | None = None
    source: Key | None = None
    of: Entity = Field(default=Entity.OPPORTUNITY, exclude_if=_is_of_opportunity)

    @property
    def declared(self) -> Custom:
        """As the checker knows it."""
        return Custom(self.name, _KINDS[self.type], ACCOUNT_CUSTOM if self.of is Entity.ACCOUNT else CUSTOM)

    @property
    def asked(self) -> str:
        """The field's name in the CRM."""
        return self.field or self.name


Value = str | int | float | bool | datetime


def read(rules: CustomFieldRules, written: str, zone: ZoneInfo) -> Value | None:
    """The value of the text as declared; ``None`` where it is none: then the field is not known."""
    value = parsed(rules.type, written)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return _bounded(value.year, lambda: datetime.combine(value, time(), zone).astimezone(UTC))
    if isinstance(value, datetime):
        return _bounded(value.year, lambda: value)
    return value


def _bounded(year: int, made: Callable[[], datetime]) -> datetime | None:
    """What the vocabulary calls an instant; beyond lie typing errors, and days without an instant."""
    if not 1899 <= year <= 2200:  # noqa: PLR2004 - one more on each side of the bounds of ``Instant``: a zone may lead back inside
        return None
    instant = made()
    return instant if 1900 <= instant.year < 2200 else None  # noqa: PLR2004 - the bounds of ``Instant``
