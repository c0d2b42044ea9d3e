"""The house's followers: every fact behind a position, in order and without a gap, to one audience each.

Positions have no gaps and become visible in order, for a save holds ``ledger.turn`` until it is committed (migration 0001): a row that is
read has every row before it, so nothing can appear behind the follower later. That is looked at all the same.
"""

from typing import Final, NamedTuple, Protocol

from psycopg import RawCursor

from dealreg.service.ledger.stored_names import StoredNames, stored_names
from dealreg.service.outbox.audiences import Audience, Channel
from dealreg.service.outbox.connecting import Connection
from dealreg.service.outbox.message import of_fact
from dealreg.service.outbox.taking import WINDOW, Taker
from dealreg.service.projecting.binding import Row

PAGE: Final = 4 * WINDOW
"""Facts between two notes of how far it is: as many may be published twice after a kill."""

FACTS: Final = """
SELECT position, originator_id::text, originator_version, topic, state, recorded_at::text
FROM ledger.events WHERE position > $1::bigint ORDER BY position LIMIT $2::int
"""
_KNOWN: Final = "INSERT INTO outbox.positions (audience) VALUES (%s) ON CONFLICT DO NOTHING"
_WHERE: Final = "SELECT position, number FROM outbox.positions WHERE audience = %s"
_DONE: Final = """
UPDATE outbox.positions SET position = %s, number = %s, done_at = clock_timestamp(), tried_at = clock_timestamp(), trouble = NULL
WHERE audience = %s
"""
_TROUBLE: Final = "UPDATE outbox.positions SET tried_at = clock_timestamp(), trouble = %s WHERE audience = %s"


class Gap(Exception):
    """A position is missing between two that are there: the ledger was not written through its door. Nothing is told behind it."""

    exit_code = 1


class Reached(NamedTuple):
    """How far a follower is: the position, and how many messages it has published."""

    position: int
    number: int


class Follower(Protocol):
    """Goes behind the ledger."""

    @property
    def name(self) -> str:
        """What it is, in the table of positions."""

    def step(self, connection: Connection) -> bool:
        """Tell what comes next; whether there may be more at once. Raises ``NotTaken``, ``Gap`` and psycopg's errors."""


def reached(connection: Connection, name: str) -> Reached:
    """Where a follower is; at the beginning where it never was."""
    row = connection.execute(_WHERE, [name]).fetchone()
    if row is None:
        connection.execute(_KNOWN, [name])
        return Reached(0, 0)
    return Reached(*row)


def advance(connection: Connection, name: str, to: Reached) -> None:
    """Note how far it is; called only after the taker has said that it holds everything up to there."""
    connection.execute(_DONE, [to.position, to.number, name])


def note_trouble(connection: Connection, name: str, words: str) -> None:
    """Note what stands in the way."""
    connection.execute(_KNOWN, [name])
    connection.execute(_TROUBLE, [words, name])


def behind(connection: Connection, position: int, limit: int = PAGE) -> list[Row]:
    """The next facts. Raises ``Gap``."""
    cursor = RawCursor(connection)
    cursor.execute(FACTS, [position, limit], prepare=True, binary=True)
    rows = [Row(*row) for row in cursor.fetchall()]
    for place, row in enumerate(rows, position + 1):
        if row.position != place:
            raise Gap(f"position {place} of the ledger is missing, {row.position} is there: run `dealreg audit verify`")
    return rows


class House:
    """An audience that reads the whole log."""

    def __init__(
        self, audience: Audience, taker: Taker, *, prefix: str = "", page: int = PAGE, names: StoredNames | None = None
    ) -> None:
        """``page``: facts between two notes of how far it is."""
        self._audience, self._taker, self._page = audience, taker, page
        self._channel = Channel(audience, prefix)
        self._names = names or stored_names()

    @property
    def name(self) -> str:
        """The audience."""
        return self._audience

    def step(self, connection: Connection) -> bool:
        """Publish a page, and note it when the broker holds it."""
        at = reached(connection, self.name)
        rows = behind(connection, at.position, self._page)
        if not rows:
            return False
        wanted = [row for row in rows if self._audience.takes(row.topic)]
        messages = [
            of_fact(row, self._audience, self._channel, number, self._names)
            for number, row in enumerate(wanted, at.number + 1)
        ]
        if messages:
            self._taker.put(self._channel, messages)
        advance(connection, self.name, Reached(rows[-1].position, at.number + len(messages)))
        return len(rows) == self._page
