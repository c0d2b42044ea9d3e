"""The map of stream heads, recorded by the sealer's process every hour in which something happened: absence stays provable for every past hour."""

import threading
from datetime import timedelta
from typing import Final

import structlog

from dealreg.service.evidence.anchoring import origin_of
from dealreg.service.evidence.heads import Heads, record_heads
from dealreg.service.ledger.audit_facts import StreamHeadsSealed
from dealreg.service.ledger.errors import LedgerError
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.refused import Refused

HOUR: Final = timedelta(hours=1)
LOOK_SECONDS: Final = 60.0

_NEWEST = "SELECT position, recorded_at FROM ledger.events WHERE topic = %s ORDER BY position DESC LIMIT 1"

log = structlog.get_logger(__name__)


def record_if_due(ledger: Ledger, every: timedelta = HOUR) -> Heads | None:
    """Record the map where the newest is that old and facts came since. ``ledger`` is the sealer's. Raises ``Unavailable``."""
    reading = ledger.read_many({})
    newest = ledger.run(_NEWEST, [StreamHeadsSealed.NAME])
    if newest and (newest[0]["position"] == reading.head or reading.at - newest[0]["recorded_at"] < every):
        return None
    try:
        origin = origin_of(ledger)
    except Refused:
        return None  # Nothing is sealed yet, so nothing could be proved by it.
    return record_heads(ledger, origin=origin, by="role:sealer", reason="every hour")


def run(database_url: str, stop: threading.Event) -> None:
    """Look every minute until ``stop``; a database that is away is waited for."""
    with Ledger(database_url, role="dealreg_sealer", pool_size=1) as ledger:
        while not stop.wait(LOOK_SECONDS):
            try:
                made = record_if_due(ledger)
            except LedgerError as error:
                log.warning("heads_wait", reason=str(error).splitlines()[:1])
                continue
            if made is not None:
                log.info("heads_sealed", streams=made.map.size, log_size=made.log_size, position=made.position)
