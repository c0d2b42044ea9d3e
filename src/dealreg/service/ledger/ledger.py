"""The ledger: one application of the library over ``ledger.events``, with our batch save and our reading of many streams."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from typing import Any, Self, cast
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, Mapper, PersistenceError, StoredEvent, Transcoder
from psycopg import errors

from dealreg.service.ledger.datastore import options
from dealreg.service.ledger.errors import Late, Unavailable, Unstorable
from dealreg.service.ledger.mapper import PydanticMapper
from dealreg.service.ledger.recorded import Appended, Batch, Reading, Recorded, Row, Saved, Statement
from dealreg.service.ledger.recorder import CHANNEL, OneCallRecorder
from dealreg.service.ledger.stored_names import StoredNames, stored_names
from dealreg.vocabulary.ids import StreamId


class LedgerApplication(Application[UUID]):
    """The library's application: its ``save``, ``repository`` and ``notification_log`` work on the same table as ours."""

    name = "ledger"
    env = {
        "PERSISTENCE_MODULE": "dealreg.service.ledger.datastore:UrlFactory",
        "MAPPER_TOPIC": "dealreg.service.ledger.mapper:PydanticMapper",
    }
    recorder: OneCallRecorder
    mapper: Mapper[UUID]

    def register_transcodings(self, transcoder: Transcoder) -> None:
        """None: pydantic writes and reads."""


class Ledger:
    """The one way to the ledger. Raises only ``Late``, ``Unavailable`` and ``Unstorable``. Threads may share one."""

    def __init__(
        self,
        database_url: str,
        *,
        role: str = "dealreg_app",
        names: StoredNames | None = None,
        pool_size: int = 8,
        patience: float = 3.0,
    ) -> None:
        """``role``: the database role of this process; ``patience``: seconds to wait for a connection.

        Nothing is opened before the first use, so a ledger may be made before its database is there.
        """
        settings = {
            "DATABASE_URL": database_url,
            "LEDGER_ROLE": role,
            "LEDGER_POOL_SIZE": str(pool_size),
            "LEDGER_PATIENCE": str(patience),
        }
        self.names = names or stored_names()
        self.application = LedgerApplication(settings)
        self._recorder = self.application.recorder
        self._mapper = cast("PydanticMapper", self.application.mapper)
        self._mapper.names = self.names
        self._url, self._role = database_url, role

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give every connection back."""
        self.application.close()

    def append(self, commands: Sequence[Saved], extra: Sequence[Statement] = ()) -> Appended:
        """Save the facts of several commands at once, in order; each is answered by itself (architecture D14).

        The number of a command is its index. Those of ``late`` rest on a stream that has moved, or on a fact of another late
        one; nothing of theirs is recorded. ``extra`` is run in the same transaction. Raises ``Unavailable`` and ``Unstorable``.
        """
        batch = Batch()
        personal = [(number, row) for number, saved in enumerate(commands) for row in saved.personal]
        for number, saved in enumerate(commands):
            batch.read(number, saved.read)
            for fact in saved.facts:
                stored = self._mapper.to_stored_event(fact)
                batch.write(number, fact.originator_id, fact.originator_version, stored.topic, stored.state)
        with self._asking():
            return self._recorder.append(batch, personal, extra)

    def read_many(self, streams: Mapping[StreamId, int], up_to: int | None = None) -> Reading:
        """What streams hold beyond the versions known (0: all), in one query, with the database's clock; of each in order.

        ``up_to`` is the last position to look at. Raises ``Unavailable``.
        """
        with self._asking():
            return self._recorder.read_many(streams, up_to)

    def notifications(
        self, after: int, limit: int = 1000, topics: Sequence[str] = (), up_to: int | None = None
    ) -> Sequence[Row]:
        """The log in order behind a position, of some stored names or all. Raises ``Unavailable``."""
        with self._asking():
            return self._recorder.rows(after, limit, topics, up_to)

    def head(self) -> int:
        """The newest position, 0 when nothing is recorded. Raises ``Unavailable``."""
        return self.read_many({}).head

    def position_at(self, moment: datetime) -> int:
        """The last position recorded at or before an instant (architecture D18). Raises ``Unavailable``."""
        return cast("int", self.run("SELECT ledger.position_at(%s) AS position", [moment])[0]["position"])

    def clock(self) -> datetime:
        """The database's clock. Raises ``Unavailable``."""
        return self.read_many({}).at

    def read(self, row: Row) -> Recorded:
        """The event of a row in its present shape. Raises ``ValueError`` when this build cannot read it."""
        return self._mapper.to_domain_event(StoredEvent(row.stream, row.version, row.topic, row.state))

    def run(self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
        """Run one statement of ours as this process's role, in a transaction of its own; the rows, if it has any.

        For the tables beside the ledger (dead letters, heartbeats, personal). Raises ``Unavailable`` and ``Unstorable``.
        """
        with self._asking(), self._recorder.datastore.get_connection() as connection:
            cursor = connection.execute(cast("Any", statement), parameters)
            return cursor.fetchall() if cursor.description else []

    def wakeups(self, timeout: float = 1.0) -> Generator[bool]:
        """Listen first, then say each time that there may be something new: ``True`` after a save, ``False`` after ``timeout``.

        The first is given at once, so that what was saved before listening is read. Raises ``Unavailable``.
        """
        with translated():
            connection = psycopg.connect(
                self._url, autocommit=True, options=options(self._url, self._role), connect_timeout=3
            )
            with closing(connection):
                connection.execute(cast("Any", f"LISTEN {CHANNEL}"))
                yield True
                while True:
                    heard = list(connection.notifies(timeout=timeout, stop_after=1))
                    yield bool(heard)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """In our words; and when the server went away, its broken connections go too, so that each is not found out singly."""
        try:
            with translated():
                yield
        except Unavailable:
            with suppress(PersistenceError, psycopg.Error):
                self._recorder.datastore.pool.check()
            raise


_HELD_BACK = ("22", "23", "54")
"""SQLSTATE classes of values that the database will never hold: data, integrity, and limits of the program (a row too big)."""


@contextmanager
def translated() -> Iterator[None]:
    """The driver's and the library's exceptions in our three words."""
    try:
        yield
    except IntegrityError as error:
        if isinstance(error.__cause__, psycopg.Error):
            raise Unstorable(f"the database refuses a value: {error}") from error
        raise Late(str(error)) from error
    except PersistenceError as error:
        raise _word(error.__cause__ or error) from error
    except psycopg.Error as error:
        raise _word(error) from error


def _word(error: BaseException) -> Unavailable | Unstorable:
    """A value that can never be held, a database that is not ready for this build, or one that is not there."""
    state = getattr(error, "sqlstate", None) or ""
    if isinstance(error, psycopg.DataError) or state[:2] in _HELD_BACK:
        return Unstorable(f"the database refuses a value: {error}")
    if isinstance(error, errors.UndefinedTable | errors.UndefinedFunction | errors.InvalidSchemaName):
        return Unavailable(f"the database does not have the shape of this build; run `dealreg migrate`: {error}")
    return Unavailable(f"the database does not take this now: {error}")
