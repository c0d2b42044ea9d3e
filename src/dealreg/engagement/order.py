"""In which order clauses are tried on a claim (rules.md section 1a): a rulebook may reorder inside a group, never across."""

from collections.abc import Iterator, Sequence
from typing import Final

from dealreg.engagement.rulebook import RulebookDocument

IDENTITY_OF_REQUEST: Final = ("ROE-28",)
OF_THE_CLAIM: Final = ("ROE-2", "ROE-1", "ROE-3")
OF_THE_CUSTOMER: Final = ("ROE-24",)
OF_THE_MANUFACTURER: Final = ("ROE-21",)
OF_THE_ACCOUNT: Final = ("ROE-20", "ROE-23", "ROE-18", "ROE-19")
OF_OTHERS: Final = ("ROE-7", "ROE-8", "ROE-9")
LAST: Final = ("ROE-30",)

GROUPS: Final = (
    IDENTITY_OF_REQUEST,
    OF_THE_CLAIM,
    OF_THE_CUSTOMER,
    OF_THE_MANUFACTURER,
    OF_THE_ACCOUNT,
    OF_OTHERS,
    LAST,
)
"""``28 | 2, 1, 3 | 24 | 21 | 20, 23, 18, 19 | 7, 8, 9 | 30``: who is not eligible learns nothing of others."""

UNGUARDED: Final = {
    "ROE-2": "it is asked before there is a claim",
    "ROE-11": "it only says that lines are judged one by one",
    "ROE-26": "it is asked of proofs",
    "ROE-31": "it is asked of what happened",
    "ROE-32": "it is asked of whole registrations",
}
"""Clauses that take no guard, with the reason: they are not tried on one claim."""

_GROUP_OF: Final = {number: place for place, group in enumerate(GROUPS) for number in group}


def in_order(rules: RulebookDocument, group: Sequence[str]) -> tuple[str, ...]:
    """The clauses of a group as this version tries them: those that ``order`` names first, as named, then the others."""
    named = [number for number in rules.clauses.order if number in group]
    return (*named, *(number for number in group if number not in named))


def misordered(order: Sequence[str]) -> Iterator[tuple[int, str]]:
    """What is wrong with an ``order``, each by its place in the list, and what to do."""
    seen: set[str] = set()
    reached = 0
    for place, number in enumerate(order):
        group = _GROUP_OF.get(number)
        if group is None:
            yield place, f"{number!r} is not tried on a claim in an order; name clauses of {_written()}"
        elif number in seen:
            yield place, f"{number} is named twice; keep one of them"
        elif group < reached:
            yield (
                place,
                f"{number} is tried before {order[place - 1]}; a rulebook reorders inside a group of {_written()}",
            )
        elif number == "ROE-2" and seen & set(OF_THE_CLAIM):
            yield place, "ROE-2 comes first in its group: what is not complete cannot be judged by ROE-1 or ROE-3"
        seen.add(number)
        reached = max(reached, group or 0)


def _written() -> str:
    """The groups as rules.md writes them."""
    return " | ".join(", ".join(number.removeprefix("ROE-") for number in group) for group in GROUPS)
