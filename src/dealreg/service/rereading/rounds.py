"""Rounds of one source: everything that changed since an instant, page by page, after a gap of its feed or every so often."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from dealreg.feed.commands import ReconcileFeed
from dealreg.service.intake.heard import Entity
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.intake.publishing import Outgoing
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.projecting.asking import Reading
from dealreg.service.rereading.known import not_known
from dealreg.service.rereading.message import message_of
from dealreg.service.rereading.notes import Notes, Round, pause
from dealreg.service.sources.client import Page, PageGone, Source, SourceAway, SourceError, SourceShut
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import ProgramId

SKEW = timedelta(seconds=2)
"""By how much the broker's clock and the database's may differ where they are compared."""

REREAD = Actor(role=Role.CRM, subject="reread")

log = structlog.get_logger(__name__)


class Rounds:
    """The rounds of one source. What is underway is in the notes; the iterator over a source's pages is all that is lost with a process."""

    def __init__(
        self,
        mapping: MappingDocument,
        source: Source,
        dispatch: Dispatch,
        notes: Notes,
        *,
        reading: Reading,
        publish: Callable[[Iterable[Outgoing]], object],
    ) -> None:
        """``publish`` hands messages to the feed."""
        self._mapping, self._source, self._dispatch, self._notes = mapping, source, dispatch, notes
        self._reading, self._publish = reading, publish
        self._pages: dict[tuple[str, str, str], Iterator[Page]] = {}

    def step(self) -> bool:
        """Begin what is to begin, do a page, end what is done; whether there is more. Raises ``SourceShut``, ``SourceAway``, ``Unavailable``."""
        gaps = self._reading.ask("stale_records", "gaps", None, Role.CRM, {"source": self._mapping.source})
        self._tidy(gaps)
        self._begin(gaps)
        self._begin_regular()
        self._reconcile(gaps)
        now = self._dispatch.ledger.clock()
        running = [one for one in self._notes.rounds() if one.ended_at is None and one.next_at <= now]
        return self._page(running[0]) if running else False

    def _tidy(self, gaps: list[dict[str, Any]]) -> None:
        """A round whose gaps are closed, by it or by a person, is over."""
        open_ = {row["subject"] for row in gaps}
        for one in self._notes.rounds():
            if one.purpose == "gap" and not open_ & set(one.gaps):
                self._notes.drop(one)
                self._pages.pop(one.name, None)

    def _begin(self, gaps: list[dict[str, Any]]) -> None:
        """A round for each kind of record that an open gap is about, of all gaps that are open by now: the earliest says since when.

        It begins earlier than that: a record is stamped while its transaction runs, and a source dates the gap by the commit.
        """
        underway = {one.name for one in self._notes.rounds()}
        wanted: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in gaps:
            for entity in self._entities(row["entity"]):
                wanted.setdefault((row["program"], entity.value), []).append(row)
        for (program, kind), rows in wanted.items():
            if (program, kind, "gap") not in underway:
                since = min(row["since"] for row in rows) - self._overlap()
                named: list[UUID] = [row["subject"] for row in rows]
                at = self._dispatch.ledger.clock()
                self._notes.begin(program, kind, "gap", since, at, gaps=named, ended=False)
                log.info(
                    "round_begun", source=self._mapping.source, entity=kind, gaps=len(rows), since=since.isoformat()
                )

    def _begin_regular(self) -> None:
        """Where the source's notifications are best effort: from the beginning of the last round, less what its clock may lag."""
        api = self._mapping.api
        if api is None or api.reconcile_every_minutes is None:
            return
        now, overlap = self._dispatch.ledger.clock(), self._overlap()
        rounds = {one.entity: one for one in self._notes.rounds() if one.purpose == "regular"}
        for entity in self._entities(None):
            last, program = rounds.get(entity.value), self._mapping.program or ""
            if last is None:
                self._notes.begin(program, entity.value, "regular", now - overlap, now, gaps=[], ended=True)
            elif last.ended_at is not None and now - last.begun_at >= timedelta(minutes=api.reconcile_every_minutes):
                self._notes.begin(program, entity.value, "regular", last.begun_at - overlap, now, gaps=[], ended=False)

    def _page(self, one: Round) -> bool:
        """The next page of a round into the broker. Raises ``SourceShut``, ``SourceAway``, ``Unavailable``."""
        pages = self._pages.get(one.name)
        if pages is None:
            begin = one.reached or one.since
            pages = self._pages[one.name] = self._source.changed(Entity(one.entity), begin)
        try:
            page = next(pages, None)
        except SourceError as error:
            self._pages.pop(one.name, None)
            # A page that expired is no fault: the first new beginning follows at once.
            wait = timedelta(0) if isinstance(error, PageGone) and one.tries == 0 else pause(one.tries)
            self._notes.failed(one, self._dispatch.ledger.clock(), str(error), wait)
            if isinstance(error, SourceShut | SourceAway):
                raise
            log.warning("round_interrupted", source=one.source, entity=one.entity, why=str(error))
            return wait == timedelta(0)
        if page is None:
            self._pages.pop(one.name, None)
            self._notes.ended(one, self._dispatch.ledger.clock())
            log.info("round_ended", source=one.source, entity=one.entity, purpose=one.purpose, records=one.records)
            return True
        self._hand_on(one, page)
        return True

    def _hand_on(self, one: Round, page: Page) -> None:
        """Published, then noted: a process killed between the two publishes the page again, which changes nothing."""
        entity, at = Entity(one.entity), self._dispatch.ledger.clock()
        records = page.records
        if one.purpose == "regular":
            records = tuple(not_known(self._dispatch, self._mapping, entity, records))
        self._publish([message_of(one.source, one.program, entity, read, at=at) for read in records])
        self._notes.paged(one, page.reached, len(page.records))

    def _reconcile(self, gaps: list[dict[str, Any]]) -> None:
        """A gap is closed once all that was read for it is not only published but decided: else what is due could overtake it."""
        ended = [one for one in self._notes.rounds() if one.purpose == "gap" and one.ended_at is not None]
        until = self._notes.decided_until() if ended else None
        if until is None:
            return
        for row in gaps:
            mine = {one.entity: one for one in ended if row["subject"] in one.gaps and _decided(one, until)}
            if all(entity.value in mine for entity in self._entities(row["entity"])):
                self._close(row, sum(one.records for one in mine.values()))

    def _close(self, row: dict[str, Any], records: int) -> None:
        reason = f"everything that changed since {row['since'].isoformat()} was read again"
        command = ReconcileFeed(source=self._mapping.source, gap=row["subject"], reason=reason, records=records)
        name = f"reread:{row['subject']}"
        self._dispatch.decide_batch(
            [Request(id=name, program=ProgramId(row["program"]), actor=REREAD, command=command)]
        )
        log.info("feed_reconciled", source=self._mapping.source, gap=str(row["subject"]), records=records)

    def _overlap(self) -> timedelta:
        """By how much a round begins before what it is to cover."""
        api = self._mapping.api
        return timedelta(minutes=api.overlap_minutes) if api is not None else timedelta(0)

    def _entities(self, named: str | None) -> list[Entity]:
        """Which kinds of record a gap is about, of those that the mapping listens to; at least opportunities."""
        listened = [Entity.OPPORTUNITY, *([Entity.ACCOUNT] if self._mapping.account is not None else [])]
        meant = [entity for entity in listened if named is None or entity.value == named]
        return meant or [Entity.OPPORTUNITY]


def _decided(one: Round, until: datetime) -> bool:
    return one.ended_at is not None and one.ended_at + SKEW <= until
