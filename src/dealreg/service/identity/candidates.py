"""Who may be meant by a description: found by keys, ranked by letters in the index, compared as the core compares.

What is found decides nothing and may lag behind the ledger: whoever decides compares again with what the customers' own facts say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from rapidfuzz.distance import OSA

from dealreg.matching.alike import alike
from dealreg.matching.blocking import keys, place_number, sign
from dealreg.matching.comparing import Comparison, compare
from dealreg.matching.core_name import CoreName, core_name
from dealreg.matching.profile import Profile

OF_ONE_PLACE = 400
"""Rows of one key in the same place that are looked at."""

OF_ONE_KEY = 1_000
"""Rows of one key anywhere in the country that are looked at."""

CLOSEST = 60
"""Descriptions whose names are compared; those whose letters are nearest."""

COMPARED = 2
"""How many times as many as are asked for are compared whole."""

PLACE_BITS = 5
"""How many pairs of letters more may differ where the place is the same."""

STEPS = 5
"""Merges that are followed from a customer to the one that it is now (architecture D13)."""

LETTERS = 0.8
"""What likeness letter by letter counts where words do not pair: two slips in a short word make it another."""

_NEAR = """
WITH found AS (
    SELECT here.number, here.sign, %(bonus)s::int AS bonus
    FROM unnest(%(keys)s::bigint[]) AS asked (key)
    CROSS JOIN LATERAL (
        SELECT number, sign FROM identity.blocks WHERE blocks.key = asked.key AND blocks.place = %(place)s::int LIMIT %(here)s::int
    ) AS here
    WHERE %(place)s::int <> 0
    UNION ALL
    SELECT anywhere.number, anywhere.sign, CASE WHEN %(place)s::int = anywhere.place AND anywhere.place <> 0 THEN %(bonus)s::int ELSE 0 END
    FROM unnest(%(keys)s::bigint[]) AS asked (key)
    CROSS JOIN LATERAL (
        SELECT number, sign, place FROM identity.blocks WHERE blocks.key = asked.key LIMIT %(anywhere)s::int
    ) AS anywhere
), closest AS (
    SELECT number FROM found GROUP BY number
    ORDER BY min(bit_count((sign # %(sign)s::bigint)::bit(64)) - bonus) - least(count(*), 6), number
    LIMIT %(closest)s::int
)
SELECT customer, name, words, country, place, street, postcode, identifiers FROM closest JOIN identity.descriptions USING (number)
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
        asked = keys(profile)
        if not asked or not core_name(profile.name).words:
            return []
        rows = self._database.run(_NEAR, {"keys": list(asked), **_bounds(profile)})
        best = _by_name(profile, rows)[: limit * COMPARED]
        found = [(UUID(str(row["customer"])), compare(profile, _profile(row))) for _, row in best]
        now = self._now([customer for customer, _ in found])
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
    return {
        "place": place_number(profile), "sign": sign(profile.name), "bonus": PLACE_BITS, "here": OF_ONE_PLACE,
        "anywhere": OF_ONE_KEY, "closest": CLOSEST,
    }  # fmt: skip


def _by_name(profile: Profile, rows: Sequence[dict[str, Any]]) -> list[tuple[float, dict[str, Any]]]:
    """The rows with how alike their names are, the nearest first."""
    name = core_name(profile.name)
    glued = "".join(name.words)
    place = place_number(profile)
    ranked = []
    for row in rows:
        other = core_name(row["name"]) if row["words"] is None else CoreName(tuple(row["words"].split()))
        near = max(alike(name, other), LETTERS * OSA.normalized_similarity(glued, "".join(other.words)))
        same_place = place and place == place_number(Profile(country=row["country"], place=row["place"]))
        ranked.append((near + (0.1 if same_place else 0.0), row))
    return sorted(ranked, key=lambda one: -one[0])


def _profile(row: dict[str, Any]) -> Profile:
    identifiers = tuple((scheme, value) for scheme, value in row["identifiers"])
    return Profile(row["name"], row["country"], row["place"], row["street"], row["postcode"], identifiers)
