"""How the seal stands, for whoever watches: asked of the database at that moment."""

from dataclasses import dataclass

from dealreg.service.ledger.ledger import Ledger

SILENT_SECONDS = 15.0
"""A sealer that was not heard of for so long, three of its beats, is taken for away."""

LATE_SECONDS = 30.0
"""A fact that is not sealed for so long is one too long, whatever the sealer says of itself."""

_STANDING = """
SELECT s.origin, coalesce(s.size, 0) AS size, s.halted, extract(epoch FROM clock_timestamp() - s.beat_at)::float AS silent,
    (SELECT extract(epoch FROM clock_timestamp() - c.sealed_at)::float FROM seal.checkpoints AS c
     WHERE c.origin = s.origin ORDER BY c.size DESC LIMIT 1) AS newest,
    (SELECT extract(epoch FROM clock_timestamp() - max(t.stamped_at))::float FROM seal.tokens AS t
     WHERE t.origin = s.origin) AS stamped,
    (SELECT coalesce(max(e.position), 0) FROM ledger.events AS e) AS head,
    (SELECT extract(epoch FROM clock_timestamp() - e.recorded_at)::float FROM ledger.events AS e
     WHERE e.position = coalesce(s.size, 0) + 1) AS oldest
FROM (VALUES (0)) AS one (row) LEFT JOIN (SELECT * FROM seal.standing ORDER BY beat_at DESC LIMIT 1) AS s ON true
"""


@dataclass(frozen=True, slots=True)
class SealStanding:
    """What was found. Ages in seconds by the database's clock; without an origin no sealer was ever there.

    ``checkpoint_seconds`` is the age of the newest checkpoint, ``stamp_seconds`` of the newest time stamp of an authority,
    ``unsealed_seconds`` of the oldest fact without a seal.
    """

    origin: str | None
    size: int
    unsealed: int
    halted: str | None = None
    silent_seconds: float | None = None
    checkpoint_seconds: float | None = None
    stamp_seconds: float | None = None
    unsealed_seconds: float = 0.0

    def worry(self) -> str | None:
        """What a person should know, in a sentence; nothing where all is well."""
        facts = f"{self.unsealed} fact{'s are' if self.unsealed != 1 else ' is'} not sealed"
        if self.origin is None:
            return f"no sealer was ever there: start `dealreg seal`, or `dealreg up` runs every role; {facts}"
        if self.halted is not None:
            return f"the sealer of {self.origin} halted: {self.halted}; {facts}"
        if self.silent_seconds is None or self.silent_seconds > SILENT_SECONDS:
            return f"the sealer was last heard of {self.silent_seconds or 0:.0f} s ago; {facts}"
        if self.unsealed and self.unsealed_seconds > LATE_SECONDS:
            return f"the sealer is behind: {facts}, the oldest for {self.unsealed_seconds:.0f} s"
        return None


def seal_standing(ledger: Ledger) -> SealStanding:
    """Ask now. Raises ``Unavailable``."""
    row = ledger.run(_STANDING)[0]
    return SealStanding(
        origin=row["origin"],
        size=row["size"],
        unsealed=max(row["head"] - row["size"], 0),
        halted=row["halted"],
        silent_seconds=row["silent"],
        checkpoint_seconds=row["newest"],
        stamp_seconds=row["stamped"],
        unsealed_seconds=max(row["oldest"] or 0.0, 0.0),
    )
