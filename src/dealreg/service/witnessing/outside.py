"""How far checkpoints are outside, for whoever watches: which taker has what, since when, and what stands in the way."""

from collections.abc import Sequence
from dataclasses import dataclass

from dealreg.service.ledger.ledger import Ledger
from dealreg.service.proving.hashes import Run

LATE_SECONDS = 300.0
"""A witness or the broker that lacks the newest checkpoint for so long is one that is away."""

_TAKERS = """
WITH now AS (SELECT s.origin, s.size FROM seal.standing AS s ORDER BY s.beat_at DESC LIMIT 1)
SELECT c.errand, c.taker, greatest(now.size - c.size, 0) AS behind, c.trouble,
       extract(epoch FROM clock_timestamp() - coalesce(c.done_at, first.sealed_at))::float AS seconds
FROM now JOIN seal.carried AS c ON c.origin = now.origin AND c.tried_at > '-infinity'
LEFT JOIN LATERAL (
    SELECT k.sealed_at FROM seal.checkpoints AS k WHERE k.origin = now.origin ORDER BY k.size LIMIT 1
) AS first ON true
ORDER BY c.errand, c.taker
"""
_RETIRE = """
UPDATE seal.carried SET tried_at = '-infinity', trouble = NULL
WHERE errand || ' ' || taker <> ALL (%s::text[]) AND tried_at > '-infinity'
"""


@dataclass(frozen=True, slots=True)
class Taker:
    """One taker: how many facts its newest checkpoint lacks, how many seconds ago it took one, and why it took none the last time.

    One that never took any is as old as the log's first checkpoint.
    """

    errand: str
    taker: str
    behind: int
    seconds: float
    trouble: str | None

    @property
    def waits(self) -> bool:
        """Whether it should have more than it has; an authority stamps now and then only."""
        return self.trouble is not None or (self.behind > 0 and self.errand != "stamp")

    def worry(self) -> str | None:
        """What a person should know, in a sentence."""
        if self.trouble is not None:
            return f"does not take checkpoints since {self.seconds:.0f} s: {self.trouble}"
        if self.waits and self.seconds > LATE_SECONDS:
            return f"lacks the newest checkpoint for {self.seconds:.0f} s: start `dealreg publish`"
        return None


def takers(ledger: Ledger) -> Sequence[Taker]:
    """Everybody who is asked, under the origin that is gone on with. Raises ``Unavailable``."""
    return [
        Taker(row["errand"], row["taker"], row["behind"], max(row["seconds"] or 0.0, 0.0), row["trouble"])
        for row in ledger.run(_TAKERS)
    ]


def worries(found: Sequence[Taker]) -> dict[str, str]:
    """By taker."""
    return {f"{one.errand} {one.taker}": said for one in found if (said := one.worry()) is not None}


def retire_others(run: Run, kept: Sequence[tuple[str, str]]) -> None:
    """Whoever is asked no more is watched no more; it is again as soon as it is asked. ``kept``: errand and taker of each."""
    run(_RETIRE, [[f"{errand} {taker}" for errand, taker in kept]])
