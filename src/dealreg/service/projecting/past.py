"""A whole read model as of a size of the log: built in a schema of its own, for auditors, kept an hour (architecture D18)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, cast

from psycopg import errors

from dealreg.service.projecting.applying import Applier
from dealreg.service.projecting.building import build
from dealreg.service.projecting.connecting import Connection, connect
from dealreg.service.projecting.errors import UnknownQuestion
from dealreg.service.projecting.folders import Readable, ReadModel, read_models
from dealreg.service.projecting.generations import Generation

KEPT: Final = "1 hour"
"""How long it stands after it was last asked for."""

AUDITORS: Final = "dealreg_auditor"

TABLE: Final = """
CREATE TABLE IF NOT EXISTS projection.past (
    model    text        NOT NULL,
    position bigint      NOT NULL,
    digest   text        NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (model, position)
);
COMMENT ON TABLE projection.past IS 'Read models as of a size of the log, each in a schema <model>_at<position>; gone an hour after they were asked for';
GRANT SELECT, INSERT, UPDATE, DELETE ON projection.past TO dealreg_projector;
GRANT SELECT ON projection.past TO dealreg_auditor;
"""

Progress = Callable[[str, int, int], None]
"""Told after each batch: the model, the position reached, and the last one there is."""


@dataclass(frozen=True, slots=True)
class PastModel(ReadModel):
    """A model whose tables stand in a schema named for a position; every row is for auditors, and for nobody else."""

    def schema(self, generation: int) -> str:
        """The schema of a position."""
        return f"{self.name}_at{generation}"


class PastApplier(Applier):
    """Applies facts up to a position to tables that no generation counts."""

    def fill(self, position: int, progress: Progress) -> int:
        """Every fact up to the position; how many. A batch is a transaction: what a stopped build leaves is not taken for whole."""
        applied = after = 0
        while after < position:
            with self.connection.transaction():
                held = Generation(position, "building", after)
                self._enter(held)
                rows, after, _ = self._look(after, position)
                self._apply(held, rows)
            applied += len(rows)
            progress(self.model.name, after, position)
        return applied


@dataclass(frozen=True, slots=True)
class Table:
    """A table of it: how many rows, and SHA-256 over the rows in the order of their text."""

    table: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Built:
    """A model as of a position, where it stands and up to when."""

    model: str
    position: int
    schema: str
    kept_to: datetime
    tables: tuple[Table, ...]

    @property
    def digest(self) -> str:
        """Over the tables' digests: one for the model."""
        return sha256("\n".join(f"{one.table} {one.rows} {one.digest}" for one in self.tables).encode()).hexdigest()


def past_model(name: str, folder: Path | None = None) -> PastModel:
    """A model for its past. Raises ``UnknownQuestion`` for one that there is not, or that keeps no tables of facts."""
    known = read_models(folder)
    found = known.get(name)
    if found is None or found.tables is None:
        kept = sorted(one for one, model in known.items() if model.tables is not None)
        raise UnknownQuestion(f"no read model {name} has a past; there are {', '.join(kept)}")
    same: dict[str, Any] = {part.name: getattr(found, part.name) for part in fields(ReadModel)}
    tables = dict.fromkeys(line.table for line in found.readers)
    return PastModel(**{**same, "readers": tuple(Readable(table, AUDITORS, None) for table in tables)})


def build_past(
    database_url: str,
    name: str,
    position: int,
    *,
    folder: Path | None = None,
    progress: Progress = lambda _model, _done, _head: None,
) -> Built:
    """The model up to a position: as it stands since it was last asked for, else built now.

    ``database_url`` is the projector's. One process builds one past at a time. Raises ``UnknownQuestion``, ``BadReadModel`` and
    ``UnknownQuestion`` where the log is not so long.
    """
    model = past_model(name, folder)
    with closing(connect(database_url)) as connection:
        drop_expired(connection)
        head = connection.execute("SELECT coalesce(max(position), 0) FROM ledger.events").fetchone()
        if not 0 <= position <= (head[0] if head else 0):
            raise UnknownQuestion(f"the log has {head[0] if head else 0} facts; ask for a size up to that")
        key = [name, str(position)]
        connection.execute("SELECT pg_advisory_lock(hashtext('projection.past ' || %s), hashtext(%s))", key)
        if not _stands(connection, model, position):
            _make(connection, model, position, progress)
        kept = connection.execute(
            "UPDATE projection.past SET asked_at = now() WHERE model = %s AND position = %s"  # noqa: S608  # a constant
            f" RETURNING asked_at + interval '{KEPT}'",
            [name, position],
        ).fetchone()
        tables = tuple(_table(connection, model, position, table) for table in _tables(model))
        return Built(name, position, model.schema(position), cast("tuple[datetime]", kept)[0], tables)


def drop_expired(connection: Connection) -> list[str]:
    """Remove what nobody asked for within the hour; what is being read is left for the next time. The schemas that went."""
    rows = connection.execute(
        f"SELECT model, position FROM projection.past WHERE asked_at < now() - interval '{KEPT}'"  # noqa: S608  # a constant
    ).fetchall()
    return [f"{model}_at{position}" for model, position in rows if _drop(connection, model, position)]


def rows_of(connection: Connection, built: Built, table: str) -> Iterator[dict[str, Any]]:
    """The rows of a table as JSON objects, in the order of their text. Raises ``UnknownQuestion``."""
    if table not in {one.table for one in built.tables}:
        raise UnknownQuestion(
            f"{built.model} has no table {table}; it has {', '.join(one.table for one in built.tables)}"
        )
    with connection.transaction(), connection.cursor(name="past_rows") as cursor:
        cursor.execute(f'SELECT to_jsonb(t) FROM {built.schema}.{table} AS t ORDER BY t::text COLLATE "C"')  # noqa: S608  # checked names
        for (row,) in cursor:
            yield row


def differing(connection: Connection, one: Built, other: Built, table: str) -> Iterator[tuple[Any, Any]]:
    """The rows of a table that are not the same in both, each as it is in the one and in the other; ``None`` where it is not."""
    key = key_of(connection, one, table)
    joined = f"{one.schema}.{table} AS a FULL JOIN {other.schema}.{table} AS b USING ({', '.join(key)})"
    with connection.transaction(), connection.cursor(name="past_differing") as cursor:
        cursor.execute(
            f"SELECT to_jsonb(a), to_jsonb(b) FROM {joined} WHERE a IS DISTINCT FROM b ORDER BY {', '.join(key)}"  # noqa: S608  # checked names
        )
        yield from cursor


def key_of(connection: Connection, built: Built, table: str) -> list[str]:
    """The columns that name a row: every table of a read model has a primary key."""
    rows = connection.execute(
        "SELECT a.attname FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)"
        " WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)",
        [f"{built.schema}.{table}"],
    ).fetchall()
    return [name for (name,) in rows]


def _tables(model: PastModel) -> Sequence[str]:
    return sorted(line.table for line in model.readers)


def _stands(connection: Connection, model: PastModel, position: int) -> bool:
    row = connection.execute(
        "SELECT digest FROM projection.past WHERE model = %s AND position = %s", [model.name, position]
    ).fetchone()
    return row is not None and row[0] == model.digest


def _make(connection: Connection, model: PastModel, position: int, progress: Progress) -> None:
    """Anew; what a stopped build or a changed folder left is removed first."""
    with connection.transaction():
        connection.execute(f"DROP SCHEMA IF EXISTS {model.schema(position)} CASCADE")
        build(connection, model, position)
        connection.execute(
            "INSERT INTO projection.past (model, position, digest, asked_at) VALUES (%s, %s, '', now())"
            " ON CONFLICT (model, position) DO UPDATE SET digest = '', asked_at = now()",
            [model.name, position],
        )
    PastApplier(connection, model).fill(position, progress)
    connection.execute(
        "UPDATE projection.past SET digest = %s WHERE model = %s AND position = %s",
        [model.digest, model.name, position],
    )


def _drop(connection: Connection, model: str, position: int) -> bool:
    try:
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '500ms'")
            connection.execute(f"DROP SCHEMA IF EXISTS {model}_at{int(position)} CASCADE")
            connection.execute("DELETE FROM projection.past WHERE model = %s AND position = %s", [model, position])
    except errors.LockNotAvailable:
        return False
    return True


def _table(connection: Connection, model: PastModel, position: int, table: str) -> Table:
    """Read in the order of the rows' text, so that two machines give one digest whatever order the rows lie in."""
    digest, rows = sha256(), 0
    with connection.transaction(), connection.cursor(name="past_digest") as cursor:
        cursor.execute(f'SELECT t::text FROM {model.schema(position)}.{table} AS t ORDER BY t::text COLLATE "C"')  # noqa: S608  # checked names
        for (text,) in cursor:
            digest.update(text.encode() + b"\n")
            rows += 1
    return Table(table, rows, digest.hexdigest())
