"""How this package reaches the database: one role, UTC, and nothing found that is not named."""

from typing import Any

import psycopg

PROJECTOR = "dealreg_projector"

Connection = psycopg.Connection[tuple[Any, ...]]


def connect(database_url: str, role: str = PROJECTOR) -> Connection:
    """A connection of a role in autocommit.

    ``synchronous_commit`` is off: rows and position of a read model are lost together and done again. The ledger is never written here.
    """
    options = f"-c role={role} -c timezone=UTC -c synchronous_commit=off -c jit=off -c search_path=pg_catalog"
    return psycopg.connect(database_url, autocommit=True, options=options, connect_timeout=5)
