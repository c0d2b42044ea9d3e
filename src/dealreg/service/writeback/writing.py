"""Tells the CRM what is due: the values as they stand now, only those that differ from what it was told last, record after record.

What is written is never the fact that made it due but what the ledger says when it is written, so nothing is told twice or out of order:
a repeat finds nothing to say, and a late one says the newest.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog

from dealreg.opportunity.state import OPPORTUNITY
from dealreg.service.intake.heard import Entity
from dealreg.service.intake.mapping import MappingDocument, Mappings
from dealreg.service.outbox.connecting import Connection
from dealreg.service.past.moment import Moment
from dealreg.service.replay import Replay
from dealreg.service.sources.client import Source, SourceAway, SourceError, SourceRefused
from dealreg.service.sources.known import can_be_asked, client_of
from dealreg.service.writeback.saying import Riding, said

AT_ONCE: Final = 50
"""Records looked at between two looks for a signal to stop."""

FIRST_REST: Final = timedelta(seconds=5)
LONGEST_REST: Final = timedelta(hours=1)
"""Between two tries at a record whose source is away."""

_DUE: Final = """
SELECT opportunity, written, tries FROM outbox.writes WHERE due AND due_at <= clock_timestamp() ORDER BY due_at LIMIT %s
"""
_RIDING: Final = "SELECT program, registration FROM outbox.rides WHERE opportunity = %s ORDER BY registration"
_SAID: Final = """
UPDATE outbox.writes SET source = %s, record = %s, written = %s, written_at = CASE WHEN %s THEN clock_timestamp() ELSE written_at END,
    due = position > %s, tries = 0, trouble = NULL
WHERE opportunity = %s
"""
_FAILED: Final = """
UPDATE outbox.writes SET source = %s, record = %s, tries = tries + 1, trouble = %s, due = %s OR position > %s,
    due_at = clock_timestamp() + %s::interval
WHERE opportunity = %s
"""

log = structlog.get_logger(__name__)

Sources = Callable[[MappingDocument], Source]
"""Opens the client of an organisation."""


class Record(NamedTuple):
    """Where a record is, and whose mapping says what is written into it."""

    source: str
    record: str
    mapping: MappingDocument | None


class Writing:
    """Writes what is due. One process does it at a time."""

    name: Final = "writeback_writing"

    def __init__(self, replay: Replay, mappings: Mappings, sources: Sources = client_of) -> None:
        """``replay`` on the ledger as an auditor."""
        self._replay, self._mappings, self._open = replay, mappings, sources
        self._clients: dict[str, Source] = {}

    def close(self) -> None:
        """Give the sources' connections back."""
        for client in self._clients.values():
            client.close()

    def step(self, connection: Connection) -> bool:
        """One look; whether more may be due now. Raises ``Unavailable`` and psycopg's errors; a source that fails is noted."""
        due = connection.execute(_DUE, [AT_ONCE]).fetchall()
        for opportunity, written, tries in due:
            self._tell(connection, opportunity, written or {}, tries)
        return len(due) == AT_ONCE

    def _tell(self, connection: Connection, opportunity: UUID, written: Mapping[str, Any], tries: int) -> None:
        moment = self._replay.moment()
        found = self._record(opportunity, moment)
        write = found.mapping.write if found.mapping is not None else None
        values = {}
        if write is not None and found.mapping is not None and can_be_asked(found.mapping):
            riding = [Riding(*row) for row in connection.execute(_RIDING, [opportunity]).fetchall()]
            values = said(self._replay, riding, moment, write)
        news = {name: value for name, value in values.items() if name not in written or written[name] != value}
        try:
            if news and found.mapping is not None:
                self._source(found.mapping).write(Entity.OPPORTUNITY, found.record, news)
        except SourceError as error:
            self._failed(connection, opportunity, found, error, tries, moment.position)
            return
        if news:
            log.info("crm_told", source=found.source, record=found.record, fields=sorted(news))
        told = json.dumps({**written, **values})
        connection.execute(_SAID, [found.source, found.record, told, bool(news), moment.position, opportunity])

    def _source(self, mapping: MappingDocument) -> Source:
        """One client a source for the process: its quota is one."""
        if mapping.source not in self._clients:
            self._clients[mapping.source] = self._open(mapping)
        return self._clients[mapping.source]

    def _record(self, opportunity: UUID, moment: Moment) -> Record:
        state, _ = self._replay.state(OPPORTUNITY, opportunity, moment)
        mapping = self._mappings.of_source(state.source) if state.exists else None
        return Record(state.source, state.record, mapping)

    def _failed(
        self, connection: Connection, opportunity: UUID, found: Record, error: SourceError, tries: int, position: int
    ) -> None:
        """What it refuses is asked again only when there is something else to say; whoever is away or shut is tried again."""
        again = not isinstance(error, SourceRefused)
        rest = min(FIRST_REST * 2 ** min(tries, 16), LONGEST_REST)
        if isinstance(error, SourceAway) and error.retry_after is not None:
            rest = max(rest, timedelta(seconds=error.retry_after))
        log.warning("crm_not_told", source=found.source, record=found.record, why=str(error), again=again)
        connection.execute(_FAILED, [found.source, found.record, str(error), again, position, rest, opportunity])
