"""Make the read models' tables: part of ``migrate`` (architecture D7, D9)."""

from pathlib import Path

import psycopg
from psycopg import sql

from dealreg.service.projecting.connecting import PROJECTOR, connect
from dealreg.service.projecting.folders import read_models
from dealreg.service.projecting.generations import TABLE, ensure
from dealreg.service.projecting.past import TABLE as PAST


def provision(database_url: str, folder: Path | None = None) -> None:
    """Check every folder and have a generation of each. Running it again changes nothing.

    A folder that has changed gets a generation beside the live one, which the projector fills and then swaps. The login must be
    able to become ``dealreg_owner`` and ``dealreg_projector``. Raises ``BadReadModel``, and psycopg's errors as they come.
    """
    models = read_models(folder)
    with psycopg.connect(database_url, autocommit=True, connect_timeout=5) as owner:
        _make_table(owner)
    with connect(database_url) as connection:
        for model in models.values():
            ensure(connection, model)


def _make_table(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    """The table of generations is the owner's; the schemas of read models are the projector's, which makes and drops them."""
    with owner.transaction():
        owner.execute("SELECT pg_advisory_xact_lock(hashtext('projection.generations'))")
        for role in ("dealreg_owner", PROJECTOR):
            _allow_schemas(owner, role)
        owner.execute("SET LOCAL client_min_messages = warning")
        owner.execute("SET LOCAL ROLE dealreg_owner")
        owner.execute(TABLE)
        owner.execute(PAST)


def _allow_schemas(owner: psycopg.Connection[tuple[object, ...]], role: str) -> None:
    """Rights on a database are not in its copy or its dump, so they are asked for every time."""
    allowed = owner.execute("SELECT has_database_privilege(%s, current_database(), 'CREATE')", [role]).fetchone()
    if allowed is None or not allowed[0]:
        grant = sql.SQL("GRANT CREATE ON DATABASE {} TO {}")
        owner.execute(grant.format(sql.Identifier(owner.info.dbname), sql.Identifier(role)))
