"""How the read models stand: what readiness asks, and what a metric is made of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dealreg.service.projecting.connecting import Connection

_STANDINGS = """
SELECT g.model, g.generation, g.position, greatest(h.head - g.position, 0), g.digest, g.untouched, g.beat_at, g.stopped,
       EXISTS (SELECT FROM projection.generations AS b WHERE b.model = g.model AND b.state = 'building')
FROM projection.generations AS g, (SELECT coalesce(max(position), 0) AS head FROM ledger.events) AS h
WHERE g.state = 'live' ORDER BY g.model
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A read model: its live generation, its position, how many facts it is behind, and what stopped it.

    ``untouched`` counts statements that changed no row and should have; ``beat_at`` is when a projector last said that it moves this
    model; ``stopped`` names the fact, the file and the reason (``event``, ``file``, ``position``, ``reason``); ``rebuilding`` says that
    a generation is being built beside.
    """

    model: str
    generation: int
    position: int
    behind: int
    digest: str
    untouched: int
    beat_at: datetime | None
    stopped: dict[str, Any] | None
    rebuilding: bool


def standings(connection: Connection) -> list[Standing]:
    """Every read model that has a live generation. The connection's role reads the ledger: not the reader's."""
    return [Standing(*row) for row in connection.execute(_STANDINGS).fetchall()]
