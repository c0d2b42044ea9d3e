"""What was tried of each stale record, and how far each round is: kept beside the ledger, for the next try and for people."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dealreg.service.ledger.ledger import Ledger

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
"""A record that cannot be read is tried again after 5 s, 10 s, 20 s … and then every hour."""

AWAITED = timedelta(seconds=60)
"""A record that was read counts as on its way for so long; one that is stale after that is read again, with growing pauses."""

KEPT_DAYS = 7

LONGEST_WORDS = 500

_NOTE = """
INSERT INTO intake.rereads AS r (subject, source, covers, tries, last_error, tried_at, next_at)
VALUES (%(subject)s, %(source)s, %(covers)s, 1, %(error)s, %(at)s, %(next_at)s)
ON CONFLICT (subject) DO UPDATE SET tries = CASE WHEN r.covers IS NOT DISTINCT FROM excluded.covers THEN r.tries + 1 ELSE 1 END,
    covers = excluded.covers, last_error = excluded.last_error, tried_at = excluded.tried_at, next_at = excluded.next_at
"""
_ROUNDS = "SELECT * FROM intake.reread_rounds WHERE source = %s ORDER BY purpose, begun_at, program, entity"
_BEGIN = """
INSERT INTO intake.reread_rounds AS r (program, source, entity, purpose, gaps, since, begun_at, ended_at, next_at)
VALUES (%(program)s, %(source)s, %(entity)s, %(purpose)s, %(gaps)s, %(since)s, %(at)s, %(ended_at)s, %(at)s)
ON CONFLICT (program, source, entity, purpose) DO UPDATE SET gaps = excluded.gaps, since = excluded.since, reached = NULL, records = 0,
    begun_at = excluded.begun_at, ended_at = excluded.ended_at, tries = 0, last_error = NULL, next_at = excluded.next_at
"""
_KEY = "program = %(program)s AND source = %(source)s AND entity = %(entity)s AND purpose = %(purpose)s"
_PAGED = f"""
UPDATE intake.reread_rounds SET reached = greatest(reached, %(reached)s::timestamptz), records = records + %(records)s, tries = 0, last_error = NULL
WHERE {_KEY}
"""  # noqa: S608 - put together from constants of this module
_FAILED = (
    f"UPDATE intake.reread_rounds SET tries = tries + 1, last_error = %(error)s, next_at = %(next_at)s WHERE {_KEY}"  # noqa: S608 - as above
)
_ENDED = f"UPDATE intake.reread_rounds SET ended_at = %(at)s, last_error = NULL, tries = 0 WHERE {_KEY}"  # noqa: S608 - as above
_DROP = f"DELETE FROM intake.reread_rounds WHERE {_KEY}"  # noqa: S608 - as above
_FLOOR = """
INSERT INTO intake.watermarks (program, source, until, led, stream) VALUES ('', %(floor)s, '1970-01-01Z', false, %(stream)s)
ON CONFLICT (program, source) DO NOTHING
"""
_REACHED = "SELECT until FROM intake.watermarks WHERE program = '' AND source = %s AND until > '1970-01-01Z'"


@dataclass(frozen=True, slots=True)
class Round:
    """Everything of one kind that changed since an instant, being paged through. ``reached``: up to where it is published."""

    program: str
    source: str
    entity: str
    purpose: str
    gaps: tuple[UUID, ...]
    since: datetime
    reached: datetime | None
    records: int
    begun_at: datetime
    ended_at: datetime | None
    tries: int
    last_error: str | None
    next_at: datetime

    @property
    def key(self) -> dict[str, str]:
        """What names it."""
        return {"program": self.program, "source": self.source, "entity": self.entity, "purpose": self.purpose}

    @property
    def name(self) -> tuple[str, str, str]:
        """The same within its source."""
        return self.program, self.entity, self.purpose


def pause(tries: int, first: timedelta = FIRST_PAUSE) -> timedelta:
    """How long to wait after so many tries in vain."""
    longer: timedelta = first * (1 << min(tries, 20))
    return min(longer, LONGEST_PAUSE)


class Notes:
    """The notes of one source. Every method raises ``Unavailable``."""

    def __init__(self, ledger: Ledger, source: str, stream: str) -> None:
        """``stream`` is the feed's name in the watermarks."""
        self._ledger, self._source, self._stream = ledger, source, stream

    def tried(self, row: dict[str, Any], at: datetime, error: str | None, wait: timedelta) -> None:
        """A record was read and published, or could not be (``error``); not again before ``wait`` is over."""
        words = error[:LONGEST_WORDS] if error is not None else None
        said = {"subject": row["subject"], "source": self._source, "covers": row["covers"]}
        self._ledger.run(_NOTE, {**said, "error": words, "at": at, "next_at": at + wait})

    def rounds(self) -> list[Round]:
        """Those of the source, running or just ended."""
        return [Round(**{**row, "gaps": tuple(row["gaps"])}) for row in self._ledger.run(_ROUNDS, [self._source])]

    def begin(
        self, program: str, entity: str, purpose: str, since: datetime, at: datetime, *, gaps: list[UUID], ended: bool
    ) -> None:
        """A new round, in the place of the last of its name; ``ended`` marks only that one begins to count from here."""
        said = {"program": program, "source": self._source, "entity": entity, "purpose": purpose, "gaps": gaps}
        self._ledger.run(_BEGIN, {**said, "since": since, "at": at, "ended_at": at if ended else None})

    def paged(self, one: Round, reached: datetime | None, records: int) -> None:
        """A page of it is in the broker."""
        self._ledger.run(_PAGED, {**one.key, "reached": reached, "records": records})

    def failed(self, one: Round, at: datetime, error: str, wait: timedelta) -> None:
        """It did not go on."""
        self._ledger.run(_FAILED, {**one.key, "error": error[:LONGEST_WORDS], "next_at": at + wait})

    def ended(self, one: Round, at: datetime) -> None:
        """Its last page is in the broker."""
        self._ledger.run(_ENDED, {**one.key, "at": at})

    def drop(self, one: Round) -> None:
        """Nobody waits for it any more."""
        self._ledger.run(_DROP, one.key)

    def decided_until(self) -> datetime | None:
        """The broker's instant up to which every message of the feed is decided, whosever clock leads; ``None``: not known yet.

        The row is the feed's own, kept like that of any source whose clock does not lead.
        """
        floor = f"dealreg:reread:{self._stream}"
        rows = self._ledger.run(_REACHED, [floor])
        if not rows:
            self._ledger.run(_FLOOR, {"floor": floor, "stream": self._stream})
            return None
        until: datetime = rows[0]["until"]
        return until

    def forget(self, at: datetime) -> None:
        """Let go what nobody tried for a week."""
        self._ledger.run("DELETE FROM intake.rereads WHERE tried_at < %s", [at - timedelta(days=KEPT_DAYS)])
