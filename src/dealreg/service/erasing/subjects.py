"""Whose values an erasure or a hold means: the words it is asked in, and what of it is found."""

import re
from dataclasses import dataclass
from typing import Any, Final
from unicodedata import normalize

from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.refused import Refused

SHORTEST: Final = 3
"""Characters of what is looked for inside of messages; anything shorter is in all of them."""

_PARTNER: Final = "partner:"
_RECORD_LENGTH: Final = 18
_RECORD_KEPT: Final = 15
"""A Salesforce id of 18 characters is one of 15 with a check; a message may say either."""

_HELD = """
SELECT ref::text AS ref, value FROM personal.held WHERE subject = ANY (%s) ORDER BY ref
"""
_ELSEWHERE = """
SELECT subject, count(*) AS n FROM personal.held
WHERE subject <> ALL (%s) AND EXISTS (SELECT FROM unnest(%s::text[]) AS n (needle) WHERE position(lower(n.needle) IN lower(value)) > 0)
GROUP BY subject ORDER BY subject LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class Whose:
    """A person: ``said`` as it was asked for, ``also`` what else is looked for inside of messages that could not be decided.

    A value is kept under who it is about: `<source>:<record>` from a CRM, `partner:<program>:<partner>` for a partner's name, else what
    was said itself, in lower case.
    """

    said: str
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ``Refused`` for what would be found everywhere or nowhere."""
        if not self.said.strip() or "\x00" in self.said:
            raise Refused("say whom: what is erased or held is found by its subject")
        if any(len(one.strip()) < SHORTEST for one in self.also):
            raise Refused(f"what else is looked for has at least {SHORTEST} characters")

    @property
    def folded(self) -> str:
        """As a door keeps the name of a person who said it."""
        return self.said.strip().casefold()

    @property
    def subjects(self) -> list[str]:
        """How its values may be filed."""
        return sorted({self.said.strip(), *(normalize(form, self.folded) for form in ("NFC", "NFD")), self.folded})

    @property
    def named(self) -> tuple[str, ...]:
        """What stands for it inside of a message."""
        said = self.said.strip()
        if said.startswith(_PARTNER):
            return ()
        _, colon, record = said.partition(":")
        if colon and re.fullmatch(r"[^\s]+", said):
            return (record[:_RECORD_KEPT] if len(record) == _RECORD_LENGTH and record.isalnum() else record,)
        return (said,)


@dataclass(frozen=True, slots=True)
class Found:
    """Its values by ref, and other subjects whose values mention it, with how many."""

    refs: tuple[str, ...]
    needles: tuple[str, ...]
    elsewhere: tuple[tuple[str, int], ...]


def found(ledger: Ledger, whose: Whose) -> Found:
    """What is held of a person; ``ledger`` is of a role that may read values. Raises ``Unavailable``."""
    rows: list[dict[str, Any]] = ledger.run(_HELD, [whose.subjects])
    values = {row["value"].strip() for row in rows} if whose.said.startswith(_PARTNER) else set()
    needles = tuple(sorted(one for one in {*whose.named, *values, *map(str.strip, whose.also)} if len(one) >= SHORTEST))
    elsewhere = ledger.run(_ELSEWHERE, [whose.subjects, list(needles)])
    return Found(
        tuple(str(row["ref"]) for row in rows), needles, tuple((row["subject"], row["n"]) for row in elsewhere)
    )
