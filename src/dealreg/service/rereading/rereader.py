"""Rereads one source: the records that are stale first, then a page of a round, and again until nothing is left to do."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import structlog

from dealreg.service.intake.heard import Entity
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.intake.publishing import Outgoing
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.projecting.asking import Reading
from dealreg.service.rereading.message import message_of
from dealreg.service.rereading.notes import AWAITED, Notes, pause
from dealreg.service.rereading.rounds import Rounds
from dealreg.service.sources.client import ReadRecord, Source, SourceAway, SourceError, SourceShut
from dealreg.vocabulary.fact import Role

AT_ONCE = 20
"""Records that are read, then published together; a killed process reads at most so many again."""

REST = timedelta(seconds=30)
"""The pause of a source that does not answer, where it names none itself."""

SHUT_REST = timedelta(minutes=10)
"""The pause of a source that does not let us in: a person has to look."""

Publish = Callable[[Iterable[Outgoing]], object]

log = structlog.get_logger(__name__)


class Rereader:
    """One source. One process at a time runs it: it holds the source's turn, and with it all of its quota."""

    def __init__(
        self,
        mapping: MappingDocument,
        source: Source,
        dispatch: Dispatch,
        reading: Reading,
        *,
        publish: Publish,
        stream: str,
        still: Callable[[], object] = lambda: None,
    ) -> None:
        """``publish`` hands messages to the feed whose name in the watermarks is ``stream``; ``still`` raises once the turn is lost."""
        self.name = mapping.source
        self._mapping, self._source, self._reading, self._publish = mapping, source, reading, publish
        self._still = still
        self._ledger = dispatch.ledger
        self._notes = Notes(dispatch.ledger, mapping.source, stream)
        self._rounds = Rounds(mapping, source, dispatch, self._notes, reading=reading, publish=publish)
        self._rests_until = self._forgot_at = self._ledger.clock() - timedelta(days=1)

    def look(self) -> bool:
        """Do a little of what there is to do; whether there is more. Raises ``Unavailable``, and what ``still`` raises."""
        self._still()
        now = self._ledger.clock()
        if now < self._rests_until:
            return False
        try:
            read = self._read_stale()
            return self._rounds.step() or read
        except SourceShut as shut:
            log.error("reread_shut", source=self.name, why=str(shut))  # noqa: TRY400 - the words say all, and go into the notes
            self._rests_until = now + SHUT_REST
        except SourceAway as away:
            log.warning("reread_waits", source=self.name, why=str(away))
            self._rests_until = now + (timedelta(seconds=away.retry_after) if away.retry_after else REST)
        finally:
            if now - self._forgot_at > timedelta(hours=1):
                self._notes.forget(now)
                self._forgot_at = now
        return False

    def _read_stale(self) -> bool:
        """Read some and publish them; whether there were any."""
        asked = {"source": self.name, "at": self._ledger.clock(), "limit": AT_ONCE}
        rows = self._reading.ask("stale_records", "to_read", None, Role.CRM, asked)
        messages: list[Outgoing] = []
        done: list[dict[str, Any]] = []
        try:
            for row in rows:
                messages.append(self._read(row))
                done.append(row)
        except SourceShut as shut:
            # Each that waits says so, and not only the one at which it showed.
            for row in rows[len(done) :]:
                self._notes.tried(row, self._ledger.clock(), str(shut), SHUT_REST)
            raise
        except SourceAway as away:
            self._failed(rows[len(done)], away)
            raise
        except SourceError as error:
            self._failed(rows[len(done)], error)
        finally:
            self._hand_on(messages, done)
        return bool(rows)

    def _read(self, row: dict[str, Any]) -> Outgoing:
        entity = Entity(row["entity"])
        found = self._source.read(entity, row["record"]) or ReadRecord(row["record"], None)
        at = self._ledger.clock()
        return message_of(self.name, row["program"], entity, found, at=at, covers=row["covers"])

    def _hand_on(self, messages: list[Outgoing], rows: list[dict[str, Any]]) -> None:
        """Published, then noted: a process killed between the two reads them again."""
        if not messages:
            return
        self._publish(messages)
        for row in rows:
            self._notes.tried(row, self._ledger.clock(), None, pause(row["tries"], AWAITED))
        log.info("records_read_again", source=self.name, records=len(rows))

    def _failed(self, row: dict[str, Any], error: SourceError) -> None:
        wait = pause(row["tries"])
        if isinstance(error, SourceAway) and error.retry_after is not None:
            wait = max(wait, timedelta(seconds=error.retry_after))
        self._notes.tried(row, self._ledger.clock(), str(error), wait)
        log.warning("record_not_read", source=self.name, record=row["record"], tries=row["tries"] + 1, why=str(error))
