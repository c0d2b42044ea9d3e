"""What dispatch needs to know of the feeds: up to which instant all messages of each source are decided (architecture D17)."""

import time
from collections.abc import Mapping
from datetime import datetime
from threading import Lock

from dealreg.service.ledger.ledger import Ledger

Watermarks = Mapping[str, Mapping[str, datetime]]
"""Of each program, the watermark of each source that feeds it."""

FRESH_SECONDS = 0.2
"""For how long what was read is used again. They only grow, and an old one is safe: what is due takes place a little later."""

_READ = "SELECT program, source, until FROM intake.watermarks"


class WatermarkView:
    """The watermarks as the intake left them. Threads may share one."""

    def __init__(self, ledger: Ledger, fresh_seconds: float = FRESH_SECONDS) -> None:
        """Nothing is read before it is asked for."""
        self._ledger, self._fresh = ledger, fresh_seconds
        self._read_at = float("-inf")
        self._known: Watermarks = {}
        self._lock = Lock()

    def now(self) -> Watermarks:
        """All of them. Raises ``Unavailable``."""
        with self._lock:
            if time.monotonic() - self._read_at >= self._fresh:
                found: dict[str, dict[str, datetime]] = {}
                for row in self._ledger.run(_READ):
                    found.setdefault(row["program"], {})[row["source"]] = row["until"]
                self._known, self._read_at = found, time.monotonic()
            return self._known
