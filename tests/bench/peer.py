"""The alternatives on the same server: a plain table with an exclusion constraint and an audit trigger, and the raw insert of the same bytes.

``peer.sql`` has the tables. The peer knows its accounts by number and checks nothing but the one conflict: no customer is matched,
no partner, clause or window looked up. Every value is cast, for ``btree_gist`` has no operators across types.
"""

import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool

from dealreg.service.ledger.recorded import Row
from dealreg.vocabulary.fact import Request

STEP_ASIDE_SECONDS = 0.05

_INSERT = """
INSERT INTO crud.deal_registration (id, program, account_id, product_line, territory, dealer_id, distributor_id, status, excl_window,
    value_eur, close_on, payload)
VALUES (%b::uuid, %b::text, %b::bigint, %b::text, %b::text, %b::text, %b::text, %b::text,
    tstzrange(date_trunc('second', now()), date_trunc('day', now()) + interval '60 days', '[)'), %b::numeric, %b::date, %t::jsonb)
"""

_CONFLICT = """
SELECT id FROM crud.deal_registration
WHERE account_id = %b::bigint AND product_line = %b::text
  AND excl_window && tstzrange(now(), now() + interval '60 days', '[)') AND status = 'protected' LIMIT 1
"""

_RAW = """
INSERT INTO crud.raw (stream, version, topic, state)
SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[])
"""

_FILL = """
INSERT INTO crud.deal_registration (id, program, account_id, product_line, territory, dealer_id, distributor_id, status, excl_window,
    value_eur, close_on, payload)
SELECT gen_random_uuid(), 'bench', -n, 'pumps', 'north', 'dealer-' || n %% 16, 'distributor-' || n %% 4, 'protected',
    tstzrange(now(), now() + interval '60 days', '[)'), 25000, '2027-06-01', %t::jsonb
FROM generate_series(1::bigint, %b::bigint) AS n
"""


class Peer:
    """Threads share it and its pool. ``deadlocks`` counts those that the server broke."""

    def __init__(self, url: str, connections: int = 16) -> None:
        """``connections``: as many as there are callers at most, so that none waits for one."""
        self.deadlocks = 0
        self._lock = threading.Lock()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(Path(__file__).with_name("peer.sql").read_bytes())
        self._pool = ConnectionPool(
            url,
            kwargs={"autocommit": True, "prepare_threshold": 0},
            min_size=connections,
            max_size=connections,
            open=True,
        )
        self._pool.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def fill(self, rows: int, like: Request) -> None:
        """As many registrations of other accounts, so that the indexes have a height."""
        with self._pool.connection() as connection:
            connection.execute(_FILL, [_payload(like), rows])
            connection.execute("ANALYZE crud.deal_registration")

    def insert_only(self, request: Request, account: int) -> str:
        """Insert as the holder; where the constraint says that there is one, keep the request as waiting."""
        while True:
            try:
                with self._pool.connection() as connection:
                    _insert(connection, request, account, "protected")
                return "protected"
            except errors.ExclusionViolation:
                with self._pool.connection() as connection:
                    _insert(connection, request, account, "queued")
                return "queued"
            except errors.DeadlockDetected:
                self._count()

    def check_then_insert(self, request: Request, account: int) -> str:
        """What a web handler does: one transaction that looks for a conflict and inserts what it found out."""
        while True:
            try:
                with self._pool.connection() as connection, connection.transaction():
                    found = connection.execute(_CONFLICT, [account, request.command.lines[0].line]).fetchone()
                    status = "queued" if found else "protected"
                    _insert(connection, request, account, status)
                return status
            except errors.ExclusionViolation:
                continue  # Somebody was quicker: the next look finds the holder.
            except errors.DeadlockDetected:
                self._count()

    def raw(self, rows: Sequence[Row]) -> str:
        """The same bytes under ids of their own, one statement, one commit."""
        streams: dict[UUID, UUID] = {}
        ids = [streams.setdefault(row.stream, uuid4()) for row in rows]
        with self._pool.connection() as connection:
            connection.execute(
                _RAW, [ids, [row.version for row in rows], [row.topic for row in rows], [row.state for row in rows]]
            )
        return "stored"

    def audited(self) -> tuple[int, int]:
        """Rows of the table, rows of its audit trail."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM crud.deal_registration), (SELECT count(*) FROM crud.audit)"
            ).fetchone()
        assert row is not None
        return row

    def _count(self) -> None:
        """Count it, and step aside for a moment, so that those who met do not meet again in step."""
        with self._lock:
            self.deadlocks += 1
        time.sleep(random.uniform(0, STEP_ASIDE_SECONDS))


def _insert(connection: psycopg.Connection, request: Request, account: int, status: str) -> None:
    asked = request.command
    line = asked.lines[0]
    distributor, dealer = (leg.partner for leg in line.legs)
    connection.execute(
        _INSERT,
        [
            uuid4(), request.program, account, line.line, line.scope.territory, dealer, distributor, status,
            asked.value.amount, asked.close_on, _payload(request),
        ],
    )  # fmt: skip


def _payload(request: Request) -> str:
    """Who asked for what, as the API took it."""
    return request.model_dump_json()
