"""The clock role: asks for what has fallen due of streams that nobody touches (architecture D17).

It decides nothing. Due counts as happened, so what it asks for takes effect at its due instant however late it asks, and once: the
core finds nothing left to do where a command came first. The read model ``falling_due`` only says where to look.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import structlog

from dealreg.file.commands import BringFileToDue, BringOverrideToDue, BringRegistrationToDue
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.ledger.watermarks import WatermarkView
from dealreg.service.projecting.asking import Reading
from dealreg.vocabulary.fact import Actor, Command, Request, Role
from dealreg.vocabulary.ids import ProgramId

LOOK_SECONDS = 1.0
"""The longest pause between two looks; a due instant that is nearer is waited for exactly."""

BATCH = 200
"""How many streams are asked in one save, like the intake's batch (architecture D14)."""

LOOKED_AT = 10 * BATCH
"""How many streams one question finds."""

LONGEST_REST = timedelta(seconds=60)
"""A stream whose due thing is held back (a source's watermark, D17) is asked again at most this rarely."""

CLOCK = Actor(role=Role.CLOCK, subject="clock")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FallenDue:
    """A stream of which something is due: its kind, what names it, and since when."""

    program: str
    kind: str
    subject: UUID
    due_at: datetime
    cursor: str | None = field(default=None, compare=False)
    """Where a further look goes on."""

    def command(self) -> Command:
        """What is asked of it."""
        if self.kind == "file":
            return BringFileToDue(customer=self.subject)
        if self.kind == "override":
            return BringOverrideToDue(override=self.subject)
        return BringRegistrationToDue(registration=self.subject)

    def request(self, now: datetime) -> Request:
        """The asking; its id names the look, so that a held-back stream can be asked again later."""
        asked = f"due:{self.kind}:{self.subject}:{self.due_at.isoformat()}:{now.isoformat()}"
        return Request(id=asked, program=ProgramId(self.program), actor=CLOCK, command=self.command())


class Timekeeper:
    """Looks and asks until it is stopped. Two may run: the lock saves work, the ledger keeps each thing single."""

    def __init__(self, dispatch: Dispatch, reading: Reading) -> None:
        """``dispatch`` decides, ``reading`` says what is due."""
        self._dispatch = dispatch
        self._reading = reading
        self._watermarks = WatermarkView(dispatch.ledger)
        self._after: FallenDue | None = None
        self._rests: dict[tuple[str, UUID], tuple[datetime, timedelta]] = {}

    def run(self, stop: threading.Event) -> None:
        """Look, ask, and wait for the next due instant, at most ``LOOK_SECONDS``; a database that is away is waited for."""
        while not stop.is_set():
            try:
                pause = self.look()
            except (Unavailable, psycopg.OperationalError, psycopg.InterfaceError) as error:
                log.warning("clock_waits", reason=str(error).splitlines()[:1])
                pause = LOOK_SECONDS
            stop.wait(pause)

    def look(self) -> float:
        """Ask for everything that is due now. Returns the seconds until it is worth looking again."""
        now = self._dispatch.ledger.clock()
        found = self._due(now, None)
        if len(found) >= LOOKED_AT:
            # What a gap of a feed holds may be more than one look sees: the next look goes on where this one ended (ROE-22).
            further = self._due(now, self._after or found[-1])
            self._after = further[-1] if len(further) >= LOOKED_AT else None
            found += further
        due = [
            one
            for one in {(one.kind, one.subject): one for one in (*found, *self._standings(now))}.values()
            if self._rested(one, now)
        ]
        for start in range(0, len(due), BATCH):
            self._ask(due[start : start + BATCH], now)
        return self._pause(now)

    def _due(self, now: datetime, after: FallenDue | None) -> list[FallenDue]:
        marks = {
            program: {source: mark.isoformat() for source, mark in sources.items()}
            for program, sources in self._watermarks.now().items()
        }
        asked = {"at": now, "watermarks": json.dumps(marks), "limit": LOOKED_AT}
        if after is not None:
            asked["after"] = after.cursor
        return [_fallen(row) for row in self._reading.ask("falling_due", "due", None, Role.CLOCK, asked)]

    def _standings(self, now: datetime) -> list[FallenDue]:
        """A partner's standing falls due in every file where it has a leg; the file's own facts do not name the instant (ROE-16)."""
        rows = self._reading.ask("standings_to_note", "due", None, Role.CLOCK, {"at": now, "limit": LOOKED_AT})
        return [_fallen(row) for row in rows]

    def _rested(self, one: FallenDue, now: datetime) -> bool:
        rest = self._rests.get((one.kind, one.subject))
        return rest is None or rest[0] <= now

    def _ask(self, due: Sequence[FallenDue], now: datetime) -> None:
        """One save for many streams; what did not move rests a while before it is asked again."""
        outcomes = self._dispatch.decide_batch([one.request(now) for one in due])
        for one, outcome in zip(due, outcomes, strict=True):
            key = (one.kind, one.subject)
            happened = isinstance(outcome, Decided) and bool(outcome.answer.get("happened"))
            _, rest = self._rests.pop(key, (now, timedelta(seconds=0.5)))
            longer = timedelta(seconds=LOOK_SECONDS) if happened else min(rest * 2, LONGEST_REST)
            self._rests[key] = (now + longer, longer)
        self._rests = {key: rest for key, rest in self._rests.items() if rest[0] > now - LONGEST_REST}
        log.info("due_asked", asked=len(due), happened=sum(_moved(outcome) for outcome in outcomes))

    def _pause(self, now: datetime) -> float:
        rows = self._reading.ask("falling_due", "next", None, Role.CLOCK, {"after": now})
        coming = [row["due_at"] for row in rows if row["due_at"] is not None]
        if not coming:
            return LOOK_SECONDS
        return max(0.0, min(LOOK_SECONDS, float((coming[0] - now).total_seconds())))


def _moved(outcome: object) -> int:
    return int(outcome.answer.get("happened") or 0) if isinstance(outcome, Decided) else 0  # type: ignore[arg-type]  # the core answers a number


def _fallen(row: dict[str, Any]) -> FallenDue:
    return FallenDue(row["program"], row["aggregate"], row["subject"], row["due_at"], row.get("cursor"))


@contextmanager
def leading(database_url: str, stop: threading.Event) -> Iterator[bool]:
    """Hold the clock's advisory lock while inside; waits for it until ``stop``. Yields whether it was had."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        while not stop.is_set():
            row = connection.execute("SELECT pg_try_advisory_lock(hashtext('dealreg.clock'))").fetchone()
            if row is not None and row[0]:
                yield True
                return
            stop.wait(LOOK_SECONDS)
        yield False
