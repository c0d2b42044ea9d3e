"""The follower that tells partners: the copies are moved, each partner's news are numbered, published and forgotten."""

import json
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from dealreg.service.ledger.stored_names import StoredNames, stored_names
from dealreg.service.outbox.audiences import PARTNERS, partner_channel
from dealreg.service.outbox.connecting import Connection
from dealreg.service.outbox.copies import Copies
from dealreg.service.outbox.following import Reached, advance, reached
from dealreg.service.outbox.message import Shown, of_row
from dealreg.service.outbox.taking import WINDOW, NotTaken, Taker

BATCH: Final = 500
"""Facts in one transaction, like the projector's."""

REACH: Final = 20_000
"""Positions in one look."""

FULL: Final = 100_000
"""News that may wait before no more facts are taken up: a broker that is away does not fill the database."""

_NUMBER: Final = """
WITH numbered AS (
    SELECT w.id, s.reader, s.number + row_number() OVER (PARTITION BY w.reader ORDER BY w.position, w.model, w.shown::text) AS number
    FROM outbox.waiting AS w JOIN outbox.subscribers AS s USING (reader) WHERE w.number IS NULL
), counted AS (
    UPDATE outbox.subscribers AS s SET number = n.number
    FROM (SELECT reader, max(number) AS number FROM numbered GROUP BY reader) AS n WHERE n.reader = s.reader
)
UPDATE outbox.waiting AS w SET number = n.number FROM numbered AS n WHERE n.id = w.id
"""
_NEW: Final = "SELECT reader FROM outbox.subscribers WHERE NOT begun AND ended_at IS NULL FOR UPDATE"
_READERS: Final = "SELECT DISTINCT reader FROM outbox.waiting ORDER BY reader"
_NEXT: Final = """
SELECT w.number, s.program, w.model, w.gone, w.shown::text, w.recorded_at
FROM outbox.waiting AS w JOIN outbox.subscribers AS s USING (reader) WHERE w.reader = %s ORDER BY w.number LIMIT %s
"""
_FIRST: Final = """
INSERT INTO outbox.waiting (reader, position, model, gone, shown, recorded_at)
SELECT t.reader, %s, %s, false, to_jsonb(t) - %s::text[], clock_timestamp() FROM {table} AS t WHERE t.reader = %s
"""


class Partners:
    """Tells every partner that has a stream. Copies are kept from the first subscriber on."""

    name: Final = PARTNERS

    def __init__(self, taker: Taker, *, prefix: str = "", batch: int = BATCH, names: StoredNames | None = None) -> None:
        """``batch``: facts in one transaction."""
        self._taker, self._prefix, self._batch = taker, prefix, batch
        self._names = names or stored_names()
        self._exact: dict[str, frozenset[str]] = {}
        self._provisioned: set[UUID] = set()

    def step(self, connection: Connection) -> bool:
        """Publish what waits, then move on. One partner's stream that is full delays no other's."""
        if connection.execute("SELECT 1 FROM outbox.subscribers WHERE ended_at IS NULL LIMIT 1").fetchone() is None:
            return False
        copies = Copies(connection, self._names)
        if not copies.stand():
            self._make(connection, copies)
        self._exact = self._exact or copies.exact()
        trouble = self._publish(connection)
        waiting = connection.execute("SELECT count(*) FROM outbox.waiting").fetchone()
        more = waiting is not None and waiting[0] < FULL and self._move(connection, copies)
        trouble = trouble or self._publish(connection)
        if trouble and not more:
            raise NotTaken(trouble)
        return more

    def _move(self, connection: Connection, copies: Copies) -> bool:
        """The next facts: rows, news and position in one transaction; whether there may be more."""
        with connection.transaction():
            at = reached(connection, self.name)
            head = connection.execute("SELECT coalesce(max(position), 0) FROM ledger.events").fetchone()
            up_to = min(head[0] if head else 0, at.position + REACH)
            self._begin(connection, copies)
            rows = copies.next(at.position, up_to, self._batch)
            copies.apply(rows)
            connection.execute("SELECT set_config('search_path', 'pg_catalog', true)")
            connection.execute(_NUMBER)
            to = rows[-1].position if len(rows) == self._batch else up_to
            if to > at.position:
                advance(connection, self.name, Reached(to, at.number + len(rows)))
        return head is not None and to < head[0]

    def _begin(self, connection: Connection, copies: Copies) -> None:
        """Who is new is told its rows as they stand here; nothing that follows is missed, nothing before it is told twice."""
        for (reader,) in connection.execute(_NEW).fetchall():
            for model in copies.models:
                first = _FIRST.format(table=model.table)
                position = reached(connection, self.name).position
                connection.execute(first, [position, model.name, copies.hidden(model), reader])
            connection.execute("UPDATE outbox.subscribers SET begun = true WHERE reader = %s", [reader])
            self._provisioned.discard(reader)

    def _make(self, connection: Connection, copies: Copies) -> None:
        """Build the copies up to the newest fact, in one transaction and in silence; every subscriber is then told its rows as they stand.

        So it is at the first subscriber of all, and where the SQL is another than before.
        """
        with connection.transaction():
            copies.make()
            at, after = reached(connection, self.name), 0
            head = connection.execute("SELECT coalesce(max(position), 0) FROM ledger.events").fetchone()
            up_to = head[0] if head else 0
            while rows := copies.next(after, up_to, self._batch):
                copies.apply(rows)
                after = rows[-1].position
            advance(connection, self.name, Reached(up_to, at.number))
            copies.listen()
            connection.execute("UPDATE outbox.subscribers SET begun = false")
            connection.execute("SELECT set_config('search_path', 'pg_catalog', true)")
        self._exact = {}

    def _publish(self, connection: Connection) -> str | None:
        """Everything that waits, partner by partner; in words, what stood in the way of one."""
        trouble = None
        for (reader,) in connection.execute(_READERS).fetchall():
            try:
                while self._told(connection, reader):
                    pass
            except NotTaken as error:
                trouble = str(error)
                self._provisioned.discard(reader)
                connection.execute("UPDATE outbox.subscribers SET trouble = %s WHERE reader = %s", [trouble, reader])
        return trouble

    def _told(self, connection: Connection, reader: UUID) -> bool:
        rows = connection.execute(_NEXT, [reader, WINDOW]).fetchall()
        if not rows:
            connection.execute(
                "UPDATE outbox.subscribers SET trouble = NULL WHERE reader = %s AND trouble IS NOT NULL", [reader]
            )
            return False
        channel = partner_channel(reader, self._prefix)
        news = [
            Shown(reader, n, program, model, gone, self._row(model, text), at)
            for n, program, model, gone, text, at in rows
        ]
        if reader not in self._provisioned:
            self._taker.provision(channel)
            self._provisioned.add(reader)
        self._taker.put(channel, [of_row(one, channel) for one in news])
        connection.execute("DELETE FROM outbox.waiting WHERE reader = %s AND number <= %s", [reader, news[-1].number])
        return True

    def _row(self, model: str, text: str) -> dict[str, Any]:
        """The row as JSON; decimals are text, as the API answers them."""
        row: dict[str, Any] = json.loads(text, parse_float=Decimal)
        exact = self._exact.get(model, frozenset())
        return {
            name: str(value) if name in exact and value is not None else _plain(value) for name, value in row.items()
        }


def _plain(value: Any) -> Any:
    """A decimal inside of the CRM's own fields as the number that it was there."""
    match value:
        case Decimal():
            return float(value)
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case list():
            return [_plain(one) for one in value]
        case _:
            return value
