"""The library's recorder on our one-call append, and our two ways of reading many streams and the whole log."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from eventsourcing.persistence import IntegrityError, Notification, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, tuple_row

from dealreg.service.ledger.recorded import Appended, Batch, PersonalRow, Reading, Row, Statement
from dealreg.vocabulary.ids import StreamId

CHANNEL = "ledger_events"
"""Notified by every save that recorded something."""

_LISTS = "%b::int[], %b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b::int[], %b::uuid[], %b::bigint[]"

APPEND = f"SELECT before, late FROM ledger.append({_LISTS})"  # noqa: S608  # a constant

# One statement is one round trip and one transaction: what is personal is kept only beside a fact that was recorded.
APPEND_WITH_PERSONAL = f"""
WITH saved AS MATERIALIZED (SELECT before, late FROM ledger.append({_LISTS})),
kept AS (
    INSERT INTO personal.held (ref, subject, value, salt, stream, program)
    SELECT p.ref, p.subject, p.value, p.salt, p.stream, p.program
    FROM saved, unnest(%b::int[], %b::uuid[], %b::text[], %b::text[], %b::bytea[], %b::uuid[], %b::text[])
        AS p (c, ref, subject, value, salt, stream, program)
    WHERE p.c <> ALL (saved.late)
    ON CONFLICT (ref) DO NOTHING
)
SELECT before, late FROM saved
"""  # noqa: S608  # a constant

# The LATERAL with its ORDER BY is not flattened, so that it is always one index scan a stream. The clock never answers less than
# the newest fact's instant: a decision is never made before what it may have read.
READ_MANY = """
SELECT c.at, c.head, e.position, s.id, e.originator_version, e.topic, e.state, e.recorded_at, e.recorded_by
FROM (
    SELECT greatest(clock_timestamp(), last.recorded_at) AS at, coalesce(last.position, 0) AS head
    FROM (VALUES (0)) AS one (row) LEFT JOIN (
        SELECT n.position, n.recorded_at FROM ledger.events AS n ORDER BY n.position DESC LIMIT 1
    ) AS last ON true
) AS c
LEFT JOIN (
    unnest(%b::uuid[], %b::bigint[]) AS s (id, known) CROSS JOIN LATERAL (
        SELECT * FROM ledger.events AS x
        WHERE x.originator_id = s.id AND x.originator_version > s.known AND (%b::bigint IS NULL OR x.position <= %b::bigint)
        ORDER BY x.originator_version
    ) AS e
) ON true
"""

NOTIFICATIONS = """
SELECT position, originator_id, originator_version, topic, state, recorded_at, recorded_by FROM ledger.events
WHERE position > %b::bigint AND (%b::bigint IS NULL OR position <= %b::bigint)
AND (%b::text[] IS NULL OR topic = ANY (%b::text[]))
ORDER BY position LIMIT %b::int
"""


class OneCallRecorder(PostgresApplicationRecorder):
    """Saves by ``ledger.append`` in one round trip, and reads the library's notifications by position."""

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = "events") -> None:
        """The table is ``ledger.events``; ``position`` is what the library calls ``notification_id``."""
        super().__init__(datastore, events_table_name=events_table_name)
        self.channel_name = CHANNEL
        self.max_notification_id_statement = cast("Any", b"SELECT max(position) AS max FROM ledger.events")

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """The library's save: one command. Raises its ``IntegrityError`` when a stream has moved.

        Not tried again by itself: after a lost acknowledgement the second try would contradict the first.
        """
        if kwargs.get("tracking") is not None:
            raise ValueError("this recorder keeps no tracking; a projection keeps its own position")
        batch = Batch()
        for stored in stored_events:
            stream = StreamId(UUID(str(stored.originator_id)))
            batch.write(0, stream, stored.originator_version, stored.topic, stored.state)
        done = self.append(batch)
        if done.late:
            raise IntegrityError("a stream has moved since it was read")
        return range(done.before + 1, done.before + 1 + len(stored_events))

    def append(
        self, batch: Batch, personal: Sequence[tuple[int, PersonalRow]] = (), extra: Sequence[Statement] = ()
    ) -> Appended:
        """One call of ``ledger.append``; personal rows and extra statements in its transaction."""
        statement, parameters = (APPEND, batch.lists())
        if personal:
            rows = [(c, UUID(p.ref), p.subject, p.value, p.salt, p.stream, p.program) for c, p in personal]
            statement, parameters = APPEND_WITH_PERSONAL, (*parameters, *map(list, zip(*rows, strict=True)))
        with self.datastore.get_connection() as connection:
            if not extra:
                return _append(connection, statement, parameters)
            with connection.transaction(), connection.cursor() as cursor:
                for text, values in extra:  # Before the turn is taken: others need not wait for them.
                    cursor.execute(cast("Any", text), values)
                return _append(connection, statement, parameters)

    def read_many(self, streams: Mapping[StreamId, int], up_to: int | None) -> Reading:
        """What streams hold beyond the versions known, up to a position, from one snapshot."""
        parameters = (list(streams), list(streams.values()), up_to, up_to)
        with self.datastore.get_connection() as connection, _tuples(connection) as cursor:
            found = cursor.execute(READ_MANY, parameters, prepare=True).fetchall()
        return Reading([Row(*row[2:]) for row in found if row[2] is not None], found[0][0], found[0][1])

    def rows(self, after: int, limit: int, topics: Sequence[str] = (), up_to: int | None = None) -> Sequence[Row]:
        """The log in order from behind a position."""
        kinds = list(topics) or None
        with self.datastore.get_connection() as connection, _tuples(connection) as cursor:
            cursor.execute(NOTIFICATIONS, (after, up_to, up_to, kinds, kinds, limit), prepare=True)
            return [Row(*row) for row in cursor.fetchall()]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The library's reading of the log."""
        after = 0 if start is None else start - 1 if inclusive_of_start else start
        return [
            Notification(
                id=row.position,
                originator_id=row.stream,
                originator_version=row.version,
                topic=row.topic,
                state=row.state,
            )
            for row in self.rows(after, limit, topics, stop)
        ]


def _append(connection: Connection[Any], statement: str, parameters: Sequence[Any]) -> Appended:
    with _tuples(connection) as cursor:
        row = cursor.execute(cast("Any", statement), parameters, prepare=True).fetchone()
    before, late = cast("tuple[int, list[int]]", row)
    return Appended(before, frozenset(late))


def _tuples(connection: Connection[DictRow]) -> Cursor[tuple[Any, ...]]:
    return connection.cursor(row_factory=tuple_row, binary=True)
