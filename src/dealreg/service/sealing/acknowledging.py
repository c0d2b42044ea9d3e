"""Seal before acknowledgement: what a caller is told of the seal over the decision that it asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.sealing.waiting import Seals
from dealreg.vocabulary.ids import StreamId

_SAVED_WITH = """
WITH answer AS MATERIALIZED (
    SELECT ledger.position_at(recorded_at - interval '1 microsecond') AS before, ledger.position_at(recorded_at) AS last
    FROM ledger.events WHERE originator_id = %s AND originator_version = %s
)
SELECT answer.last, array_agg(DISTINCT e.topic) AS names
FROM answer JOIN ledger.events AS e ON e.position > answer.before AND e.position <= answer.last GROUP BY answer.last
"""


class Acknowledged(NamedTuple):
    """``sealed``: whether a signed checkpoint covers the decision; ``due``: whether it was to be sealed before the answer."""

    sealed: bool
    due: bool

    @property
    def late(self) -> bool:
        """It is recorded, and the seal that belongs before the answer is not there yet."""
        return self.due and not self.sealed


@dataclass(frozen=True, slots=True)
class Acknowledging:
    """Waits for the seal where a decision has a fact that is sealed at once. Threads share one."""

    ledger: Ledger
    seals: Seals
    at_once: frozenset[str]

    def of(self, decided: Decided, asked_before: Callable[[], tuple[StreamId, int] | None]) -> Acknowledged:
        """What to say. ``asked_before`` finds the fact that carries the answer of a repeat, which is told as the first asking would be.

        Raises ``Unavailable``.
        """
        last, names = decided.seen, decided.names
        if decided.repeated and (place := asked_before()) is not None:
            for row in self.ledger.run(_SAVED_WITH, place):
                last, names = row["last"], frozenset(row["names"])
        due = not names.isdisjoint(self.at_once)
        return Acknowledged(self.seals.wait(last) if due else self.seals.covers(last), due)
