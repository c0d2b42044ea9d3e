"""Values that a fact may hold: every one of them fits PostgreSQL and survives a round trip through JSON.

A field of an event is never a bare ``str``, ``int``, ``datetime``, ``Decimal`` or ``dict``: NUL, 2**70 and 1E+200000 are valid Python
values that no column can hold, and one of them would stop every projection for ever (architecture D12).
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from dealreg.vocabulary.field_types import Audience, FieldType


class Model(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_enum_values=False, allow_inf_nan=False)


def _no_nul(text: str) -> str:
    """PostgreSQL's text and jsonb cannot hold NUL (22P05)."""
    if "\x00" in text:
        raise ValueError("holds a NUL character (U+0000), which cannot be stored; remove it at the source")
    return text


def _to_utc(instant: datetime) -> datetime:
    """Instants are compared and stored in UTC; years outside 1900 to 2200 are typing errors or traps of a CRM."""
    if 1899 <= instant.year <= 2200:  # noqa: PLR2004 - one more on each side: beyond, year 1 has no time in UTC at all
        utc = instant.astimezone(UTC)
        if 1900 <= utc.year < 2200:  # noqa: PLR2004 - the bounds are named in this sentence and in architecture D12
            return utc
    raise ValueError("lies outside the years 1900 to 2200")


def _to_day(day: date) -> date:
    """A calendar day has the same bounds as an instant."""
    if not 1900 <= day.year < 2200:  # noqa: PLR2004 - as above
        raise ValueError("lies outside the years 1900 to 2200")
    return day


Text = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_no_nul)]
"""Any text that PostgreSQL can hold, at most 4,000 characters."""

Key = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), AfterValidator(_no_nul)]
"""A short name that people or systems gave to something: never empty, at most 200 characters."""

Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A whole number of 64 bits."""

Count = Annotated[int, Field(ge=0, lt=2**31)]
"""How many: days, hours, levels, places in an order."""

Amount = Annotated[Decimal, Field(max_digits=18, decimal_places=4)]
"""A decimal of at most 18 digits, 4 of them after the point."""

Ratio = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=9)]
"""A rate between two units, such as an exchange rate; a yen is 0.006 euro, so 4 decimals would not do."""

Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An aware point in time, held in UTC."""

Day = Annotated[date, AfterValidator(_to_day)]
"""A calendar day."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in lower-case hexadecimal."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""


class Money(Model):
    """An amount of one currency; two currencies never compare without a recorded rate."""

    amount: Amount
    currency: Currency


class Sealed(Model):
    """A personal value that lives outside the ledger: where it is, and SHA-256(salt then value) (architecture D15)."""

    ref: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
    digest: Digest


def _is_none(value: object) -> bool:
    """What most fields do not have is not written."""
    return value is None


class CustomField(Model):
    """A field that the CRM has and we have no word for; ``value`` only where the mapping declares it harmless, else ``sealed``.

    ``kind`` is what kind of value it is by itself, sealed or not; facts recorded before fields had types have none.
    """

    name: Key
    value: Text | None = None
    sealed: Sealed | None = None
    kind: FieldType | None = Field(default=None, exclude_if=_is_none)


class Treatment(Model):
    """What the mapping says of a field that a message carries, where it says more than that it is harmless or personal.

    ``type`` is the declared one; ``shown_to`` the partners that may see its harmless values; ``too_long`` a harmless value that lies
    sealed beside the ledger only for its length.
    """

    name: Key
    type: FieldType | None = None
    shown_to: tuple[Audience, ...] = ()
    too_long: bool = False


class Tier(StrEnum):
    """The level of distribution at which a leg claims."""

    MASTER = "master"
    DISTRIBUTOR = "distributor"
    DEALER = "dealer"


class PartnerTier(StrEnum):
    """The standing in the program that sets the length of a window (rules.md ROE-7, ROE-8)."""

    AUTHORIZED = "authorized"
    PREMIER = "premier"
    ELITE = "elite"
    MASTER = "master"


class Track(StrEnum):
    """A partner's category by role (rules.md section 1)."""

    DISTRIBUTOR = "distributor"
    DEALER = "dealer"
    INTEGRATOR = "integrator"
    OEM = "oem"
    SPECIFIER = "specifier"
    SERVICE = "service"


class Scope(Model):
    """Where a line is claimed: a node of the program's territory tree, or named sites inside it (rules.md section 1)."""

    territory: Key
    sites: tuple[Key, ...] = ()

    @model_validator(mode="after")
    def _sites_are_named_once(self) -> Self:
        if len(set(self.sites)) != len(self.sites):
            raise ValueError("names a site twice; name each site once")
        return self


class Reach(StrEnum):
    """How far a claim on a customer goes: the company that it names, or those below it too (rules.md section 1, Scope)."""

    ENTITY = "entity"
    GROUP = "group"


class Standing(StrEnum):
    """Whether a partner may claim (ROE-1): on ``hold`` what runs, runs; ``suspended`` and ``terminated`` end more (ROE-16)."""

    GOOD = "good"
    HOLD = "hold"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
