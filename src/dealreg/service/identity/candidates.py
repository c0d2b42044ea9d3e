"""Who may be meant by a description: found by keys, ranked by letters in the index, compared as the core compares.

What is found decides nothing and may lag behind the ledger: whoever decides compares again with what the customers' own facts say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from rapidfuzz.distance import OSA

from dealreg.matching.alike import alike
from dealreg.matching.blocking import place_number, sign, weighed
from dealreg.matching.comparing import Comparison, compare
from dealreg.matching.core_name import CoreName, core_name
from dealreg.matching.profile import Profile

OF_ONE_PLACE = 400
"""Rows of one key in the same place that are looked at."""

ELSEWHERE = 100
"""Rows of one key to either side of the place, in the order of the index, where the place is known; few companies move."""

ANYWHERE = 300
"""The same where no place is known."""

CLOSEST = 40
"""Descriptions whose names are compared; those whose letters are nearest."""

SPARE = 3
"""How many more than are asked for are compared whole: several may be one customer, and an address may turn their order."""

PLACE_BITS = 5
"""How many pairs of letters more may differ where the place is the same."""

STEPS = 5
"""Merges that are followed from a customer to the one that it is now (architecture D13)."""

PLACE = 0.1
"""What the same place adds to how alike two names are, where candidates are put in order."""

LETTERS = 0.8
"""What likeness letter by letter counts where words do not pair: two slips in a short word make it another."""

# Names are compared by their pairs of letters, as bits: how many differ, of which those that only one of the two has count half, for
# a word left out is no slip of the pen.
_NEAR = """
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(%(keys)s::bigint[], %(weights)s::int[]) AS asked (key, weight)
), found AS (
    SELECT one.number, one.sign, asked.weight, one.near FROM asked CROSS JOIN LATERAL (
        (SELECT number, sign, CASE WHEN place <> 0 THEN %(bonus)s::int ELSE 0 END AS near
            FROM identity.blocks WHERE blocks.key = asked.key AND blocks.place = %(place)s::int LIMIT %(here)s::int)
        UNION ALL
        (SELECT number, sign, 0
            FROM identity.blocks WHERE blocks.key = asked.key AND blocks.place < %(place)s::int AND asked.weight > 0 LIMIT %(there)s::int)
        UNION ALL
        (SELECT number, sign, 0
            FROM identity.blocks WHERE blocks.key = asked.key AND blocks.place > %(place)s::int AND asked.weight > 0 LIMIT %(there)s::int)
    ) AS one
), closest AS (
    SELECT number, max(near) AS near FROM found GROUP BY number, sign
    ORDER BY bit_count((sign # %(sign)s::bigint)::bit(64)) - abs(bit_count(sign::bit(64)) - bit_count(%(sign)s::bigint::bit(64))) / 2
        - sum(weight) - max(near), number
    LIMIT %(closest)s::int
)
SELECT customer, name, words, country, place, street, postcode, identifiers, near > 0 AS near, into_one
FROM closest JOIN identity.descriptions USING (number) LEFT JOIN identity.merged ON merged.absorbed = descriptions.customer
"""

_MERGED = "SELECT absorbed, into_one FROM identity.merged WHERE absorbed = ANY (%(customers)s)"


class Database(Protocol):
    """What runs a statement: a ``Ledger``."""

    def run(self, statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class CandidateFound:
    """A customer that may be meant, and what the comparison with the description that is nearest said."""

    customer: UUID
    score: float
    comparison: Comparison


class Candidates:
    """Searches the tables that ``Following`` keeps. Threads may share one."""

    def __init__(self, database: Database) -> None:
        """``database`` runs as a role that may read the schema ``identity``."""
        self._database = database

    def near(self, profile: Profile, limit: int = 10) -> list[CandidateFound]:
        """The customers nearest to a description, as they are after all merges, the best first; none for one without a name.

        Raises what ``Ledger.run`` raises.
        """
        asked = weighed(profile)
        if not core_name(profile.name).words:
            return []
        rows = self._database.run(_NEAR, {"keys": list(asked), "weights": list(asked.values()), **_bounds(profile)})
        best = _by_name(profile, rows)[: limit + SPARE]
        found = [(UUID(str(row["customer"])), compare(profile, _profile(row))) for _, row in best]
        now = {customer: customer for customer, _ in found}
        if any(row["into_one"] is not None for _, row in best):
            now = self._now(list(now))
        ranked: dict[UUID, Comparison] = {}
        for customer, comparison in sorted(found, key=lambda one: -one[1].score):
            ranked.setdefault(now[customer], comparison)
        return [CandidateFound(customer, one.score, one) for customer, one in list(ranked.items())[:limit]]

    def _now(self, customers: Sequence[UUID]) -> dict[UUID, UUID]:
        """Each customer and the one that it is now."""
        now = {customer: customer for customer in customers}
        for _ in range(STEPS):
            asked = sorted(set(now.values()))
            steps = {row["absorbed"]: row["into_one"] for row in self._database.run(_MERGED, {"customers": asked})}
            if not steps:
                break
            now = {customer: steps.get(reached, reached) for customer, reached in now.items()}
        return now


def _bounds(profile: Profile) -> dict[str, int]:
    place = place_number(profile)
    return {
        "place": place, "sign": sign(profile.name), "bonus": PLACE_BITS, "here": OF_ONE_PLACE,
        "there": ELSEWHERE if place else ANYWHERE, "closest": CLOSEST,
    }  # fmt: skip


def _by_name(profile: Profile, rows: Sequence[dict[str, Any]]) -> list[tuple[float, dict[str, Any]]]:
    """The rows with how alike their names are, the nearest first."""
    name = core_name(profile.name)
    glued = "".join(name.words)
    ranked = []
    for row in rows:
        other = core_name(row["name"]) if row["words"] is None else CoreName(tuple(row["words"].split()))
        near = alike(name, other)
        if near < LETTERS:
            near = max(near, LETTERS * OSA.normalized_similarity(glued, "".join(other.words)))
        ranked.append((near + (PLACE if row["near"] else 0.0), row))
    return sorted(ranked, key=lambda one: -one[0])


def _profile(row: dict[str, Any]) -> Profile:
    identifiers = tuple((scheme, value) for scheme, value in row["identifiers"])
    return Profile(row["name"], row["country"], row["place"], row["street"], row["postcode"], identifiers)
