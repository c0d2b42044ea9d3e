"""What a guard may speak of: every fact by name, with its kind and meaning. The library's types, and docs/rulebook.md, are made of it."""

from enum import StrEnum
from typing import Final, NamedTuple


class Kind(StrEnum):
    """The kind of a fact, in the words of the mistakes that are told; ``TEXTS`` and ``GROUPS`` are lists."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    TRUTH = "truth"
    INSTANT = "instant"
    TEXTS = "texts"
    GROUP = "group"
    GROUPS = "groups"


class Fact(NamedTuple):
    """One fact: ``of`` names its group where it is one, or a list of them."""

    name: str
    kind: Kind
    says: str
    of: str | None = None


CUSTOM: Final = "custom"
"""The group of the fields that a rulebook declares under ``custom_fields``."""

ACCOUNT_CUSTOM: Final = "account_custom"
"""The same of the opportunity's account."""

_PARTY: Final = (
    Fact("id", Kind.TEXT, "the partner's id"),
    Fact("leg", Kind.TEXT, "the tier of its leg on this line: dealer, distributor, master"),
    Fact("track", Kind.TEXT, "distributor, dealer, integrator, oem, specifier, service"),
    Fact("tier", Kind.TEXT, "authorized, premier, elite, master"),
    Fact("standing", Kind.TEXT, "good, hold, suspended, terminated"),
    Fact("territories", Kind.TEXTS, "the territories it is authorised for, as named; each stands for all below it"),
    Fact("lines", Kind.TEXTS, "the product lines it is authorised for"),
    Fact("specialisations", Kind.TEXTS, "its specialisations"),
    Fact("parents", Kind.TEXTS, "through whom it buys"),
)

FACTS: Final[dict[str, tuple[Fact, ...]]] = {
    "claim": (
        Fact("line", Kind.TEXT, "the product line"),
        Fact("territory", Kind.TEXT, "the territory named"),
        Fact("within", Kind.TEXTS, "that territory and all above it: 'EMEA' in claim.within"),
        Fact("sites", Kind.TEXTS, "the named sites, empty for the whole territory"),
        Fact("class", Kind.TEXT, "exclusive, tender"),
        Fact("value", Kind.NUMBER, "of the whole registration, in program currency at the rate of its completeness"),
        Fact("currency", Kind.TEXT, "the currency of the value as asked"),
        Fact("tiers", Kind.TEXTS, "the tiers with a leg: dealer, distributor, master"),
        Fact("by_dealer", Kind.TRUTH, "whether the dealer filed it"),
        Fact("filed_by", Kind.TEXT, "the partner that filed it"),
        Fact("source", Kind.TEXT, "the CRM organisation that it came from"),
        Fact("evidence", Kind.TEXTS, "the kinds of the evidence added so far"),
        Fact("priority", Kind.INSTANT, "the priority time"),
        Fact("submitted", Kind.INSTANT, "when it was submitted"),
        Fact("completed", Kind.INSTANT, "when it was complete"),
    ),
    "partner": _PARTY,
    "dealer": _PARTY,
    "distributor": _PARTY,
    "master": _PARTY,
    "customer": (
        Fact("country", Kind.TEXT, "ISO 3166, two letters, as first named"),
        Fact("place", Kind.TEXT, "as first named"),
    ),
    "opportunity": (
        Fact("source", Kind.TEXT, "the CRM organisation"),
        Fact("stage", Kind.TEXT, "a stage of this rulebook"),
        Fact("outcome", Kind.TEXT, "open, won, lost"),
        Fact("territory", Kind.TEXT, "the territory that the CRM names"),
        Fact("lines", Kind.TEXTS, "the product lines that the CRM names"),
        Fact("amount", Kind.NUMBER, "in its own currency"),
        Fact("currency", Kind.TEXT, "ISO 4217"),
        Fact("closes", Kind.INSTANT, "the beginning of the expected close day, in the program's zone"),
        Fact(CUSTOM, Kind.GROUP, "the fields that this rulebook declares under custom_fields", of=CUSTOM),
    ),
    "account": (
        Fact("name", Kind.TEXT, "of the CRM's account that the opportunity names as its customer"),
        Fact("country", Kind.TEXT, "ISO 3166, two letters"),
        Fact("place", Kind.TEXT, "as the CRM says it"),
        Fact(
            "custom",
            Kind.GROUP,
            "the fields that this rulebook declares under custom_fields with of: account",
            of=ACCOUNT_CUSTOM,
        ),
    ),
    "today": (
        Fact("year", Kind.WHOLE, "of the decision, in the program's zone"),
        Fact("month", Kind.WHOLE, "1 to 12"),
        Fact("day", Kind.WHOLE, "1 to 31"),
        Fact("weekday", Kind.WHOLE, "1 is Monday, 7 is Sunday"),
        Fact("hour", Kind.WHOLE, "0 to 23"),
    ),
}
"""The groups, and the facts of each. One that is not known is left out: ``has()`` is false, anything else cannot be told."""

INSTANT: Final = "at"
"""The instant of the decision; there is no other clock."""

LEGS: Final = "legs"
"""A list of the partners of all legs: ``legs.exists(leg, leg.track == 'oem')``."""

ROOTS: Final = (*FACTS, LEGS, INSTANT)
"""Every name that an expression may begin with."""


class Custom(NamedTuple):
    """A declared field: its name in expressions, its kind, and the group it is in."""

    name: str
    kind: Kind
    group: str = CUSTOM
