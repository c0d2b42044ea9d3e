"""Whether the identifiers of two customers tell them apart (ROE-24; decision record 16)."""

from collections.abc import Iterable

PUBLIC = ("lei", "registry", "duns", "vat", "tax")
"""Schemes of numbers that a public register gave."""

TELLING = (*PUBLIC, "crm")
"""Schemes whose register gives each unit one number: two numbers are two units. A company has as many domains as it likes."""

VAT_COUNTRY = 2
"""The letters before a VAT number: a company has one number in each country in which it is taxed."""


def told_apart(one: Iterable[tuple[str, str]], other: Iterable[tuple[str, str]]) -> bool:
    """Whether both have numbers of one register and none of them is the same."""
    ours, theirs = _by_register(one), _by_register(other)
    common = ours.keys() & theirs.keys()
    return any(ours[register].isdisjoint(theirs[register]) for register in common)


def told_apart_in_public(one: Iterable[tuple[str, str]], other: Iterable[tuple[str, str]]) -> bool:
    """The same by public registers only: a CRM may keep one company under two accounts, a register does not."""
    ours, theirs = ([pair for pair in pairs if pair[0].partition(":")[0] in PUBLIC] for pairs in (one, other))
    return told_apart(ours, theirs)


def _by_register(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """The numbers under the register that gave them; what tells nobody apart is left out."""
    found: dict[str, set[str]] = {}
    for scheme, value in pairs:
        if scheme.partition(":")[0] in TELLING:
            register = f"vat:{value[:VAT_COUNTRY]}" if scheme == "vat" else scheme
            found.setdefault(register, set()).add(value)
    return found
