"""An alarm: a line in the log at once, and a fact of the ledger, once each however often the watcher is killed in between."""

from typing import Any
from uuid import UUID

import psycopg
import structlog

from dealreg.service.ledger.audit_facts import Change, TamperingSeen
from dealreg.service.ledger.auditing import APPEND, fact
from dealreg.service.watching.judging import Alarm
from dealreg.service.watching.slot import NotPossible
from dealreg.vocabulary.ids import StreamId, derived

BY = "role:watch"
REASON = "seen in the database's log of changes"

log = structlog.get_logger(__name__)


class Alarms:
    """Raises them over the connection of a watcher and counts those that it raised itself."""

    def __init__(self, connection: psycopg.Connection[Any], system: str) -> None:
        """``system`` tells this log of changes from any other."""
        self.connection, self.system = connection, system
        self.raised = 0
        self._logged: set[UUID] = set()

    def raise_(self, alarm: Alarm) -> None:
        """Say it, then record it, in a stream named for what was seen: a second time is the same.

        Raises ``NotPossible`` where the ledger takes no fact, as after a row dated tomorrow: it was said, and is shown again until it is
        recorded. Raises psycopg's errors when the database is gone.
        """
        stream = StreamId(derived("audit", "tampering", self.system, str(alarm.lsn), str(alarm.number), alarm.change))
        if stream not in self._logged:
            self._logged.add(stream)
            log.critical("tampering_seen", change=alarm.change, table=alarm.table, where=alarm.where)
        event = TamperingSeen(change=alarm.change, table=alarm.table, where=alarm.where[:4000])
        made = fact(stream, event, by=BY, reason=REASON)
        try:
            self.connection.execute(APPEND.encode(), [[stream], [1], [made.topic], [made.state]])
        except psycopg.Error as error:
            if self.connection.closed:
                raise
            raise NotPossible(f"an alarm cannot be recorded ({alarm.where}): {error}") from error
        self.raised += 1

    def lost(self, why: str, *, since: int) -> None:
        """The watch itself was lost: what was changed since a place in the log may have been seen by nobody."""
        self.raise_(Alarm(Change.WATCH_LOST, "ledger.events", why, since, 0))
