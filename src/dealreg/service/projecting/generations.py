"""The generations of a read model: each a schema of its own and a row that says how far it is and who may look (style section 4, rule 6).

A generation is ``building`` beside the live one, then ``live``, then ``retired`` until its last reader has gone.
"""

from dataclasses import dataclass

from psycopg import errors

from dealreg.service.projecting.building import build
from dealreg.service.projecting.connecting import Connection
from dealreg.service.projecting.folders import ReadModel

TABLE = """
CREATE SCHEMA IF NOT EXISTS projection;
CREATE TABLE IF NOT EXISTS projection.generations (
    model      text        NOT NULL,
    generation integer     NOT NULL CHECK (generation > 0),
    state      text        NOT NULL CHECK (state IN ('building', 'live', 'retired')),
    position   bigint      NOT NULL DEFAULT 0,
    digest     text        NOT NULL,
    untouched  bigint      NOT NULL DEFAULT 0,
    beat_at    timestamptz,
    stopped    jsonb,
    PRIMARY KEY (model, generation)
);
CREATE UNIQUE INDEX IF NOT EXISTS one_live ON projection.generations (model) WHERE state = 'live';
CREATE UNIQUE INDEX IF NOT EXISTS one_building ON projection.generations (model) WHERE state = 'building';
COMMENT ON COLUMN projection.generations.untouched IS 'Statements that changed no row although their file does not say they may';
COMMENT ON COLUMN projection.generations.stopped IS 'Which fact could not be applied, by which file, and why; NULL while all is well';
GRANT USAGE ON SCHEMA projection TO dealreg_projector, dealreg_reader, dealreg_auditor, dealreg_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON projection.generations TO dealreg_projector;
GRANT SELECT ON projection.generations TO dealreg_app, dealreg_auditor;
GRANT SELECT (model, generation, state, position) ON projection.generations TO dealreg_reader;
"""
"""One row a generation; the live one's is what readers go by."""

_PATIENCE = "SET LOCAL lock_timeout = '500ms'"


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation's row, as it stood when it was read."""

    number: int
    state: str
    position: int


def ensure(connection: Connection, model: ReadModel) -> None:
    """Have a generation of exactly this folder: the first is live at once, a later one is built beside the live one.

    A folder without ``table.sql`` only asks tables that others keep, so it has none.
    """
    if model.tables is None:
        return
    with connection.transaction():
        _alone(connection, model)
        rows = connection.execute(
            "SELECT generation, state, digest FROM projection.generations WHERE model = %s ORDER BY generation",
            [model.name],
        ).fetchall()
        if any(state != "retired" and digest == model.digest for _, state, digest in rows):
            return
        _retire_building(connection, model)
        live = any(state == "live" for _, state, _ in rows)
        _make(connection, model, "building" if live else "live")


def begin(connection: Connection, model: ReadModel) -> int:
    """Make a generation to build beside the live one, in place of one that was begun and not finished; its number."""
    with connection.transaction():
        _alone(connection, model)
        _retire_building(connection, model)
        return _make(connection, model, "building")


def take(connection: Connection, model: ReadModel, number: int | None = None) -> Generation | None:
    """Hold the row of the generation to advance to the transaction's end: the one with this number, else this very folder's.

    That is the live one if it was made of this folder, else the one being built; a rebuild of the same folder is left to who began it.
    ``None`` when there is none: another build has taken over, or another process finished it.
    """
    row = connection.execute(
        "SELECT generation, state, position FROM projection.generations WHERE model = %s AND digest = %s"
        " AND state <> 'retired' AND generation = coalesce(%s, generation) ORDER BY state = 'live' DESC LIMIT 1 FOR UPDATE",
        [model.name, model.digest, number],
    ).fetchone()
    return Generation(*row) if row is not None else None


def go_live(connection: Connection, model: ReadModel, number: int) -> None:
    """In the transaction of its last batch: readers go to this generation from here on. The old one is retired."""
    connection.execute(
        "UPDATE projection.generations SET state = 'retired' WHERE model = %s AND state = 'live'", [model.name]
    )
    connection.execute(
        "UPDATE projection.generations SET state = 'live' WHERE model = %s AND generation = %s", [model.name, number]
    )


def drop_retired(connection: Connection, model: str) -> list[int]:
    """Remove the generations that nobody reads any more; one that is being read is left for the next time. Those that went."""
    rows = connection.execute(
        "SELECT generation FROM projection.generations WHERE model = %s AND state = 'retired'", [model]
    ).fetchall()
    return [number for (number,) in rows if _drop(connection, model, number)]


def _drop(connection: Connection, model: str, number: int) -> bool:
    try:
        with connection.transaction():
            connection.execute(_PATIENCE)
            connection.execute(f"DROP SCHEMA IF EXISTS {model}_g{number} CASCADE")
            connection.execute(
                "DELETE FROM projection.generations WHERE model = %s AND generation = %s", [model, number]
            )
    except errors.LockNotAvailable:
        return False
    return True


def _retire_building(connection: Connection, model: ReadModel) -> None:
    connection.execute(
        "UPDATE projection.generations SET state = 'retired' WHERE model = %s AND state = 'building'", [model.name]
    )


def _make(connection: Connection, model: ReadModel, state: str) -> int:
    row = connection.execute(
        "INSERT INTO projection.generations (model, generation, state, digest)"
        " SELECT %s, coalesce(max(generation), 0) + 1, %s, %s FROM projection.generations WHERE model = %s RETURNING generation",
        [model.name, state, model.digest, model.name],
    ).fetchone()
    number = int(row[0]) if row is not None else 1
    build(connection, model, number)
    return number


def _alone(connection: Connection, model: ReadModel) -> None:
    """One process at a time makes generations of a model."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('projection.generations'), hashtext(%s))", [model.name])
