"""What a mapping says of an organisation's own fields, and the form in which their values go into the ledger."""

from collections.abc import Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from pydantic import Field

from dealreg.vocabulary.field_types import Audience, FieldType
from dealreg.vocabulary.values import Key, Model, Treatment

_MOST_DIGITS = 40
"""Of a number that is written out; a longer one stays as the CRM wrote it."""


class OwnFields(Model):
    """The part of a mapping document about fields for which there is no word of ours."""

    types: Mapping[Key, FieldType] = Field(
        default={}, description="Their field → its type, where it is not to be learned."
    )
    visible_to: Mapping[Audience, tuple[Key, ...]] = Field(
        default={},
        description="Which harmless fields partners are shown on their deals, ``*`` and ``?`` as in file names; none by default.",
    )

    def shown_to(self, name: str) -> tuple[Audience, ...]:
        """The partners that may see a harmless field."""
        return tuple(who for who in Audience if any(fnmatchcase(name, one) for one in self.visible_to.get(who, ())))


def treatment(name: str, mapping: OwnFields, *, too_long: bool) -> Treatment | None:
    """What the message says of a field beside its value; ``None`` where that is nothing."""
    said = Treatment(name=name, type=mapping.types.get(name), shown_to=mapping.shown_to(name), too_long=too_long)
    return said if said != Treatment(name=name) else None


def plain(value: Any) -> Any:
    """A number without an exponent, so that everybody reads it alike; anything else as it is."""
    if isinstance(value, Decimal) and value.is_finite() and -_MOST_DIGITS < value.adjusted() < _MOST_DIGITS:
        return format(value, "f")
    return value
