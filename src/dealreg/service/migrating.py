"""Bring a database to the shape that this build needs: roles, the ledger, and the tables beside it (architecture D1).

Plain SQL files run once each, in the order of their names, as ``dealreg_owner`` and one run at a time; every one of them becomes
a fact ``audit.migrated.v1`` of the ledger. Running again changes nothing.
"""

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from time import sleep
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.rows import tuple_row
from yoyo import read_migrations
from yoyo.backends import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import Migration, MigrationList

from dealreg.service.ledger.audit_facts import Migrated
from dealreg.service.ledger.auditing import AuditFact, migrated
from dealreg.service.ledger.errors import Unavailable

_TURN = 0x6465616C726567
"""The key of the advisory lock, one migrating run at a time in a database: ``dealreg`` in ASCII."""

_MIGRATED = "SELECT convert_from(state, 'UTF8')::jsonb #>> '{data,migration}' FROM ledger.events WHERE topic = %s"

_RACES = 20
"""How often making the roles is tried again; roles belong to the server, where other databases may be making them too."""


def migrate(database_url: str, *, recorded: bool = True, until: str | None = None) -> int:
    """Apply what has not been applied yet and make the tables of the read models; the number of migrations applied.

    Whoever takes a log in stops at ``until``, before the ledger is guarded, and says by himself what was applied (``recorded``,
    ``shipped_facts``).
    The login must own the database or be a superuser, and be able to make roles the first time. Raises ``Unavailable`` when the
    server does not answer or refuses the login.
    """
    with _translated(), psycopg.connect(database_url, autocommit=True, connect_timeout=5) as gate:
        gate.execute("SET lock_timeout = 0")
        gate.execute("SELECT pg_advisory_lock(%s)", [_TURN])
        _make_roles(gate)
        applied = _apply(database_url, recorded=recorded, until=until)
        if until is None:
            _provision(database_url)
    return applied


def pending(database_url: str) -> list[str]:
    """The names of the migrations that this build has and the database has not, in order; reads only.

    Raises ``Unavailable`` when the server does not answer.
    """
    names = [found.id for found in _shipped()]
    with _translated(), psycopg.connect(database_url, autocommit=True, connect_timeout=5) as connection:
        try:
            rows = connection.execute("SELECT migration_id FROM migrations._yoyo_migration").fetchall()
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            return names
    known = {str(row[0]) for row in rows}
    return [name for name in names if name not in known]


class _Owner(PostgresqlPsycopgBackend):  # type: ignore[misc]  # yoyo is published without types
    """yoyo's backend on a connection of ours, which is closed with it, and is the owner with its own schema for yoyo's tables."""

    def connect(self, dburi: DatabaseURI) -> psycopg.Connection[Any]:
        options = "-c role=dealreg_owner -c search_path=migrations -c client_min_messages=warning -c lock_timeout=10s"
        return psycopg.connect(dburi.args["conninfo"], autocommit=True, options=options, connect_timeout=5)


def _apply(database_url: str, *, recorded: bool, until: str | None) -> int:
    """Apply the pending migrations, each in a transaction of its own together with the fact that it was."""
    uri = DatabaseURI("postgresql+psycopg", None, None, None, None, None, {"conninfo": database_url})
    with _Owner(uri, "_yoyo_migration") as owner:
        owner.init_database()
        with owner.lock():
            todo = owner.to_apply(_shipped().filter(lambda one: until is None or one.id <= until))
            for migration in todo:
                with owner.transaction():  # Not owner.apply_one: it applies on another connection and marks afterwards.
                    first = recorded and _has_ledger(owner.connection)
                    if first:  # A frozen schema lets through only what this very transaction has recorded.
                        _record(owner.connection, migration)
                    migration.process_steps(owner, "apply")
                    owner.mark_one(migration, log=False)
                    if recorded and not first:
                        _record(owner.connection, migration)
            return len(todo)


def _shipped() -> MigrationList:
    """The SQL files in the package, by name."""
    with resources.as_file(resources.files("dealreg.service") / "migrations") as folder:
        return read_migrations(str(folder))


def _has_ledger(connection: psycopg.Connection[Any]) -> bool:
    """Whether there is something to record in; the very first migration makes it."""
    there = connection.execute("SELECT to_regclass('ledger.events') IS NOT NULL").fetchone()
    return bool(there and there[0])


def _record(connection: psycopg.Connection[Any], migration: Migration) -> None:
    """One fact a migration: its name and the digest of its text."""
    fact = migrated(migration.id, Path(migration.path).read_bytes(), login=connection.info.user)
    head = connection.execute(
        "SELECT coalesce(max(originator_version), 0) FROM ledger.events WHERE originator_id = %s", [fact.stream]
    ).fetchone()
    version = (head[0] if head else 0) + 1
    connection.execute(
        "SELECT ledger.append_audit(%s, %s, %s, %b::bytea[])", [[fact.stream], [version], [fact.topic], [fact.state]]
    )


def shipped_facts(connection: psycopg.Connection[Any]) -> list[AuditFact]:
    """The facts of this build's migrations that the ledger does not hold yet."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        known = {name for (name,) in cursor.execute(_MIGRATED, [Migrated.NAME])}
    return [
        migrated(one.id, Path(one.path).read_bytes(), login=connection.info.user)
        for one in _shipped()
        if one.id not in known
    ]


def _make_roles(gate: psycopg.Connection[Any]) -> None:
    """Make the server-wide roles; another database's run at the same moment makes one of the two start again."""
    text = (resources.files("dealreg.service") / "migrations" / "before" / "roles.sql").read_text(encoding="utf-8")
    for attempt in range(_RACES):
        try:
            gate.execute(sql.SQL(text))
        except (errors.InternalError_, errors.UniqueViolation):  # "tuple concurrently updated"
            if attempt == _RACES - 1:
                raise
            sleep(0.05)
        else:
            return


def _provision(database_url: str) -> None:
    """Make the read models' tables, where this build has read models."""
    if importlib.util.find_spec("dealreg.service.projecting.loader") is not None:
        importlib.import_module("dealreg.service.projecting.loader").provision(database_url)


@contextmanager
def _translated() -> Iterator[None]:
    """The driver's words for a server that cannot be reached or refuses us, in ours."""
    try:
        yield
    except (psycopg.OperationalError, errors.InsufficientPrivilege) as error:
        raise Unavailable(f"the database could not be migrated: {error}") from error
