"""How the watch is, for whoever asks after the installation's health: asked of the ledger and of what the watcher says of itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dealreg.service.ledger.ledger import Ledger

SILENT_SECONDS = 30.0
"""A watcher that was not heard of for so long is taken for dead."""

_STANDING = """
SELECT t.alarms, t.recent, t.newest_at, b.detail, extract(epoch FROM clock_timestamp() - b.at)::float AS silent_seconds
FROM (
    SELECT count(*) AS alarms, max(e.recorded_at) AS newest_at,
        count(*) FILTER (WHERE e.recorded_at > clock_timestamp() - interval '1 day') AS recent
    FROM ledger.events AS e WHERE e.topic = 'audit.tampering_seen.v1'
) AS t LEFT JOIN (
    SELECT h.detail, h.at FROM intake.heartbeats AS h WHERE h.role = 'watch' ORDER BY h.at DESC LIMIT 1
) AS b ON true
"""


@dataclass(frozen=True, slots=True)
class WatchStanding:
    """How many alarms there ever were, and in the last day; why nobody watches, where somebody ever did."""

    alarms: int
    recent: int
    newest_at: datetime | None
    why: str | None

    def worries(self) -> dict[str, str]:
        """What a person must look at. An alarm is a worry for a day; it stays counted, and in the ledger, for ever."""
        said = {}
        if self.recent and self.newest_at is not None:
            said["tampering"] = (
                f"{self.recent} changes that nobody may make, the newest {self.newest_at.isoformat()}; `dealreg audit verify`"
            )
        if self.why is not None:
            said["watch"] = self.why
        return said


def watch_standing(ledger: Ledger) -> WatchStanding:
    """Ask now. Raises ``Unavailable``."""
    row: dict[str, Any] = ledger.run(_STANDING)[0]
    heard, silent = row["detail"] is not None, row["silent_seconds"]
    why = row["detail"].get("why") if heard else None
    if heard and silent > SILENT_SECONDS:
        why = f"was last heard of {silent:.0f} s ago; nobody sees direct changes"
    return WatchStanding(row["alarms"], row["recent"], row["newest_at"], why)
