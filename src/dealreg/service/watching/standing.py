"""How the watch is, for whoever asks after the installation's health: asked of the ledger and of what the watcher says of itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dealreg.service.ledger.ledger import Ledger

SILENT_SECONDS = 30.0
RECENT = timedelta(days=1)
"""How long an alarm is a worry; it stays counted, and in the ledger, for ever."""

_STANDING = """
SELECT t.alarms, t.newest_at, clock_timestamp() AS now, b.detail, extract(epoch FROM clock_timestamp() - b.at)::float AS silent_seconds
FROM (
    SELECT count(*) AS alarms, max(e.recorded_at) AS newest_at FROM ledger.events AS e WHERE e.topic = 'audit.tampering_seen.v1'
) AS t LEFT JOIN (
    SELECT h.detail, h.at FROM intake.heartbeats AS h WHERE h.role = 'watch' ORDER BY h.at DESC LIMIT 1
) AS b ON true
"""


@dataclass(frozen=True, slots=True)
class WatchStanding:
    """How many alarms there ever were and when the newest was recorded; why nobody watches, if so. ``heard`` of at all?"""

    alarms: int
    newest_at: datetime | None
    now: datetime
    heard: bool
    why: str | None

    def worries(self) -> dict[str, str]:
        """What a person must look at; nothing where no watcher ever ran, which `audit verify` notes."""
        said = {}
        if self.newest_at is not None and self.now - self.newest_at < RECENT:
            said["tampering"] = (
                f"{self.alarms} changes that nobody may make, the newest {self.newest_at.isoformat()}; `dealreg audit verify`"
            )
        if self.heard and self.why is not None:
            said["watch"] = self.why
        return said


def watch_standing(ledger: Ledger) -> WatchStanding:
    """Ask now. Raises ``Unavailable``."""
    row: dict[str, Any] = ledger.run(_STANDING)[0]
    heard, silent = row["detail"] is not None, row["silent_seconds"]
    why = row["detail"].get("why") if heard else None
    if heard and silent > SILENT_SECONDS:
        why = f"was last heard of {silent:.0f} s ago; nobody sees direct changes"
    return WatchStanding(row["alarms"], row["newest_at"], row["now"], heard, why)
