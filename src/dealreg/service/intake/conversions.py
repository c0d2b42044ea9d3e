"""How an organisation writes its values: the part of a mapping document that says which word, which date, which number is meant."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from dealreg.opportunity.events import Outcome
from dealreg.vocabulary.values import Key, Model


def as_text(value: Any) -> Any:
    """A value of YAML or JSON as the text that a table of words is searched by: ``true``, ``3``, ``won``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def text_of(value: Any) -> str | None:
    """A text, or a number or truth value as text; ``None`` for anything else."""
    text = as_text(value)
    return text if isinstance(text, str) else None


def texts(table: Any) -> Any:
    """A table written in YAML whose keys may be numbers or truth values."""
    return {as_text(key): value for key, value in table.items()} if isinstance(table, dict) else table


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone; write one such as Europe/Berlin") from error
    return name


Word = Annotated[Key, BeforeValidator(as_text)]
"""A value in a table: text, or a number or truth value as YAML reads it."""

Words = Annotated[Mapping[Key, Word | None], BeforeValidator(texts)]
"""Their value → ours; null stands for nothing."""

Outcomes = Annotated[Mapping[Key, Outcome], BeforeValidator(texts)]
"""Their value → how the opportunity stands."""


class Conversions(Model):
    """What is said of values, for every format alike; everything has a default that most organisations need not change."""

    words: Mapping[Key, Words] = {}
    """Our field → a table of their values and ours; a value that is not in the table is taken as it is."""
    outcomes: Mapping[Key, Outcomes] = {}
    """Their field → what its values say of how the opportunity stands; the first field that says something counts, after ``stages``."""
    nothing: tuple[Annotated[str, BeforeValidator(as_text), Field(max_length=200)], ...] = ("",)
    """Values that stand for an empty field, such as ``N/A`` or ``9999-12-31``."""
    dates: tuple[Key, ...] = ()
    """How days are written besides the ways that everybody knows: ``%d.%m.%Y``, or the words seconds, excel."""
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """In which zone the day of an instant is looked for."""
    decimal: Literal[".", ","] | None = None
    """What stands before the decimals, where amounts have marks between the thousands; left out, amounts have none."""
