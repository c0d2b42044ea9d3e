"""How the outbox reaches the database, and how it takes turns."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg

from dealreg.service.projecting.connecting import PROJECTOR

Connection = psycopg.Connection[tuple[Any, ...]]


def connect(database_url: str) -> Connection:
    """A connection of the projector's role in autocommit: it reads the ledger and writes nothing but schema ``outbox`` and its own copies.

    What is noted is on disk before anything rests on it: a number that was published is never given again to something else.
    """
    options = f"-c role={PROJECTOR} -c timezone=UTC -c jit=off -c search_path=pg_catalog"
    return psycopg.connect(database_url, autocommit=True, options=options, connect_timeout=5)


@contextmanager
def turn(database_url: str, name: str) -> Iterator[Connection | None]:
    """A connection that has the turn of a follower, or ``None`` where another process has it."""
    with closing(connect(database_url)) as connection:
        row = connection.execute(
            "SELECT pg_try_advisory_lock(hashtext('dealreg.outbox'), hashtext(%s))", [name]
        ).fetchone()
        yield connection if row is not None and row[0] else None
