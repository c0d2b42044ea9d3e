"""The tables of candidates follow the ledger: rows and position move in one transaction, so that nothing counts twice.

They are built anew, in the same steps, where their keys were made by another method than this build's.
"""

import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from uuid import UUID

import psycopg
import structlog

from dealreg.matching.comparing import METHOD
from dealreg.service.identity.rows import COPY_BLOCKS, COPY_DESCRIPTIONS, Rows, profile_of, rows_of
from dealreg.service.ledger.stored_names import StoredNames, stored_names
from dealreg.service.projecting.binding import Known, Row, open_row
from dealreg.service.projecting.connecting import Connection, connect
from dealreg.service.projecting.waking import Waking

BATCH = 2_000
"""Facts in one transaction."""

POLL_SECONDS = 1.0
"""A lost notification costs at most this."""

BACK_OFF_SECONDS = 2.0
"""After a loss of the server."""

DESCRIBING = ("customer_opened", "customer_recognised")
MERGING = ("customers_merged", "merge_undone")

_TAKE = "SELECT method, position FROM identity.followed FOR UPDATE"
_BEGIN = "INSERT INTO identity.followed (method, position) VALUES (%s, 0) ON CONFLICT DO NOTHING"
_LOOK = """
SELECT position, originator_id::text, originator_version, topic, state, recorded_at::text FROM ledger.events
WHERE position > %s AND position <= %s AND topic = ANY (%s) ORDER BY position LIMIT %s
"""
_ADVANCE = "UPDATE identity.followed SET method = %s, position = %s, at = clock_timestamp()"

log = structlog.get_logger()


class Following:
    """Keeps ``identity.descriptions``, ``blocks`` and ``merged`` at the ledger's head. It may run several times: the row of the position is locked."""

    def __init__(self, database_url: str, *, batch: int = BATCH, names: StoredNames | None = None) -> None:
        """Nothing is opened yet."""
        self._url, self._batch = database_url, batch
        self._names = names or stored_names()
        heard = (*DESCRIBING, *MERGING)
        self._topics = [topic for topic in self._names.names if topic.rpartition(".v")[0] in heard]

    def run(self, stop: threading.Event) -> None:
        """Follow until ``stop`` is set; a server that goes away is waited for."""
        with Waking(self._url, stop) as waking:
            while not stop.is_set():
                try:
                    with closing(connect(self._url)) as connection:
                        self._follow(connection, waking, stop)
                except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                    log.warning("identity_waits", seconds=BACK_OFF_SECONDS, reason=str(error).splitlines()[:1])
                    stop.wait(BACK_OFF_SECONDS)
                except Exception:  # The read models beside it go on.
                    log.exception("identity_stopped")
                    return

    def catch_up(self) -> int:
        """Take in everything recorded so far; the position reached."""
        with closing(connect(self._url)) as connection:
            while True:
                position, done = self._step(connection)
                if done:
                    return position

    def rebuild(self) -> int:
        """Throw the tables away and build them again; the position reached. Searches find less until it is done."""
        with closing(connect(self._url)) as connection, connection.transaction():
            connection.execute(_BEGIN, [METHOD])
            connection.execute(_TAKE)
            _empty(connection)
        return self.catch_up()

    def _follow(self, connection: Connection, waking: Waking, stop: threading.Event) -> None:
        seen = waking.heard()
        while not stop.is_set():
            if self._step(connection)[1]:
                seen = waking.wait(seen, POLL_SECONDS)

    def _step(self, connection: Connection) -> tuple[int, bool]:
        """Take in one batch; the position, and whether there is no more now."""
        with connection.transaction():
            connection.execute(_BEGIN, [METHOD])
            method, position = connection.execute(_TAKE).fetchone() or (METHOD, 0)
            if method != METHOD:
                log.info("identity_rebuilds", method=METHOD, was=method)
                _empty(connection)
                position = 0
            head = (connection.execute("SELECT coalesce(max(position), 0) FROM ledger.events").fetchone() or (0,))[0]
            found = connection.execute(_LOOK, [position, head, self._topics, self._batch]).fetchall()
            self._apply(connection, [open_row(Row(*row), self._names) for row in found])
            reached = found[-1][0] if len(found) == self._batch else max(position, head)
            if reached > position or method != METHOD:
                connection.execute(_ADVANCE, [METHOD, reached])
            return reached, len(found) < self._batch

    def _apply(self, connection: Connection, facts: Sequence[Known]) -> None:
        described = [one for one in facts if one.word in DESCRIBING]
        if described:
            keep(connection, [(UUID(one.data["customer"]), one) for one in described])
        for one in facts:
            if one.word in MERGING and one.data["customer"] == one.data["absorbed"]:
                _merge(connection, one)


def keep(connection: Connection, described: Sequence[tuple[UUID, Known]]) -> None:
    """Add descriptions, numbered from the sequence of the table."""
    numbers = connection.execute(
        "SELECT nextval(pg_get_serial_sequence('identity.descriptions', 'number')) FROM generate_series(1, %s)",
        [len(described)],
    ).fetchall()
    made = (
        rows_of(int(number), customer, profile_of(dict(one.data)))
        for (number,), (customer, one) in zip(numbers, described, strict=True)
    )
    copy_in(connection, [rows for rows in made if rows is not None])


def copy_in(connection: Connection, made: Iterable[Rows]) -> None:
    """Write descriptions and their keys."""
    made = list(made)
    with connection.cursor().copy(COPY_DESCRIPTIONS) as copy:
        for rows in made:
            copy.write_row(rows.description)
    with connection.cursor().copy(COPY_BLOCKS) as copy:
        copy.write(
            "".join(f"{key}\t{place}\t{number}\t{sign}\n" for rows in made for key, place, number, sign in rows.blocks)
        )


def _merge(connection: Connection, one: Known) -> None:
    """The fact stands on both streams; that of the absorbed customer is taken."""
    absorbed, into = UUID(one.data["absorbed"]), UUID(one.data["into"])
    if one.word == "merge_undone":
        connection.execute("DELETE FROM identity.merged WHERE absorbed = %s", [absorbed])
        return
    connection.execute(
        "INSERT INTO identity.merged VALUES (%s, %s) ON CONFLICT (absorbed) DO UPDATE SET into_one = excluded.into_one",
        [absorbed, into],
    )


def _empty(connection: Connection) -> None:
    connection.execute("TRUNCATE identity.descriptions, identity.blocks, identity.merged")
    connection.execute("UPDATE identity.followed SET position = 0")
