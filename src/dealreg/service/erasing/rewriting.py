"""The tables that held what was erased, written anew: a deleted row's bytes stay in a table's file until something is written over them."""

from typing import Final

import psycopg
from psycopg import errors

from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.ledger import translated

TABLES: Final = ("personal.held", "personal.holds", "intake.dead_letters")

PATIENCE: Final = "10s"
"""How long it waits for a table: meanwhile nobody else may use it."""


def rewrite(database_url: str) -> bool:
    """Write the tables anew with their indexes, and have it on disk; false where the login may not order a checkpoint.

    ``database_url`` is of a login that is a member of ``dealreg_owner``. While one table is written nobody reads or writes it: seconds for
    a million values. Raises ``Unavailable``, also where a table is in use for too long.
    """
    with translated(), psycopg.connect(database_url, autocommit=True, connect_timeout=5) as owner:
        owner.execute("SET ROLE dealreg_owner")
        owner.execute(f"SET lock_timeout = '{PATIENCE}'")  # a constant of ours
        for table in TABLES:
            try:
                owner.execute(f"VACUUM (FULL) {table}")  # a constant of ours
            except errors.LockNotAvailable as error:
                raise Unavailable(f"{table} is in use; ask again when less is going on") from error
        owner.execute("RESET ROLE")
        try:
            owner.execute("CHECKPOINT")
        except errors.InsufficientPrivilege:
            return False
    return True
