"""The sealer's side of the database: what it reads of the ledger, and the tables of the seal, which only it writes."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from dealreg.proof.tiles import TileId
from dealreg.service.ledger.datastore import options
from dealreg.service.sealing.leaves import COLUMNS, Entry

HEARD, TOLD = "ledger_events", "ledger_sealed"
"""Notified by every save; and by every checkpoint and every beat, with the size that is sealed."""

FETCHED = 4096
"""Rows of a long answer held at a time."""

_ROWS = f"SELECT {COLUMNS} FROM ledger.events WHERE position >= %s ORDER BY position LIMIT %s"  # noqa: S608  # constants
_NEWEST = "SELECT size, root, note FROM seal.checkpoints WHERE origin = %s ORDER BY size DESC LIMIT 1"
_ROOTS = "SELECT size, root, note FROM seal.checkpoints WHERE origin = %s ORDER BY size"
_TILES = "SELECT level, tile, hashes FROM seal.tiles WHERE origin = %s ORDER BY level, tile"
_MISSING = """
SELECT n FROM generate_series(1::bigint, %s::bigint) AS n
WHERE NOT EXISTS (SELECT FROM ledger.events AS e WHERE e.position = n) ORDER BY n LIMIT 1
"""
_CHECKPOINT = "INSERT INTO seal.checkpoints (origin, size, root, note) VALUES (%s, %s, %s, %s)"
_TILE = "INSERT INTO seal.tiles (origin, level, tile, hashes) VALUES (%s, %s, %s, %s)"
_BEAT = """
INSERT INTO seal.standing (origin, size, beat_at, halted) VALUES (%s, %s, clock_timestamp(), %s)
ON CONFLICT (origin) DO UPDATE
SET size = excluded.size, beat_at = excluded.beat_at, halted = coalesce(seal.standing.halted, excluded.halted)
"""
_LOCK = "SELECT pg_try_advisory_lock(hashtext('dealreg.seal'))"


_BY_INDEX = "-c enable_seqscan=off -c enable_bitmapscan=off"
"""What is new are the last few rows. Before the table's first ANALYZE the planner would sort the whole of it to find them."""


class Published(NamedTuple):
    """A checkpoint as the database has it."""

    size: int
    root: bytes
    note: str


class Tables:
    """One connection as the sealer's role. Whoever holds its turn writes; nobody else can."""

    def __init__(self, database_url: str) -> None:
        """Raises ``psycopg.OperationalError`` where the database is not there."""
        given = f"{options(database_url, 'dealreg_sealer')} -c jit=off -c search_path=pg_catalog {_BY_INDEX}"
        self.connection: psycopg.Connection[Any] = psycopg.connect(
            database_url, autocommit=True, options=given, connect_timeout=5
        )

    def close(self) -> None:
        """Give back the turn with the connection."""
        self.connection.close()

    def take_turn(self) -> bool:
        """Whether this is now the one sealer of this database; as long as the connection lives."""
        row = self.connection.execute(_LOCK).fetchone()
        return bool(row and row[0])

    def listen(self) -> None:
        """Hear of saves from now on."""
        self.connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(HEARD)))

    def heard(self, seconds: float) -> bool:
        """Wait for a save, at most so long; whether there was one."""
        return bool(list(self.connection.notifies(timeout=max(seconds, 0.0), stop_after=1)))

    def entries(self, position: int, limit: int) -> list[Entry]:
        """Facts from a position on, in order."""
        with self.connection.cursor(binary=True) as cursor:
            return [Entry(*row) for row in cursor.execute(_ROWS, (position, limit), prepare=True)]

    def walk(self, position: int, last: int) -> Iterator[Sequence[Entry]]:
        """Facts from a position up to another, some thousands at a time; the rest where there are no more."""
        while position <= last:
            found = [one for one in self.entries(position, min(FETCHED, last - position + 1)) if one.position <= last]
            if not found:
                return
            yield found
            position = found[-1].position + 1

    def count(self, last: int) -> int:
        """How many facts there are up to a position."""
        row = self.connection.execute("SELECT count(*) FROM ledger.events WHERE position <= %s", [last]).fetchone()
        return int(row[0]) if row else 0

    def head(self) -> int:
        """The newest position; 0 where nothing is recorded."""
        row = self.connection.execute("SELECT coalesce(max(position), 0) FROM ledger.events").fetchone()
        return int(row[0]) if row else 0

    def missing(self, last: int) -> int | None:
        """The first position up to another at which there is no fact."""
        row = self.connection.execute(_MISSING, [last]).fetchone()
        return int(row[0]) if row else None

    def newest(self, origin: str) -> Published | None:
        """The largest checkpoint of an origin."""
        row = self.connection.execute(_NEWEST, [origin], prepare=True).fetchone()
        return Published(*row) if row else None

    def checkpoints(self, origin: str) -> Generator[Published]:
        """Every checkpoint of an origin, smallest first."""
        yield from (Published(*row) for row in self._long(_ROOTS, origin))

    def tiles(self, origin: str) -> Generator[tuple[TileId, bytes]]:
        """Every full tile of an origin, the level of the leaves first, each level in order."""
        yield from ((TileId(level, tile), hashes) for level, tile, hashes in self._long(_TILES, origin))

    def origins(self) -> list[str]:
        """Those that the database has checkpoints of."""
        return [row[0] for row in self.connection.execute("SELECT DISTINCT origin FROM seal.checkpoints ORDER BY 1")]

    def current(self) -> str | None:
        """The origin that a sealer spoke of last."""
        row = self.connection.execute("SELECT origin FROM seal.standing ORDER BY beat_at DESC LIMIT 1").fetchone()
        return row[0] if row else None

    def halted(self, origin: str) -> str | None:
        """Why an origin was halted, as the database has it."""
        row = self.connection.execute("SELECT halted FROM seal.standing WHERE origin = %s", [origin]).fetchone()
        return row[0] if row else None

    def publish(self, origin: str, made: Published, tiles: Iterable[tuple[TileId, bytes]]) -> None:
        """One transaction: full tiles, checkpoint, standing, and whoever waits for it hears."""
        rows = [(origin, *tile, hashes) for tile, hashes in tiles]
        # Sent in one go: somebody waits for it.
        with self.connection.pipeline(), self.connection.transaction(), self.connection.cursor() as cursor:
            if rows:
                cursor.executemany(_TILE, rows)
            cursor.execute(_CHECKPOINT, (origin, made.size, made.root, made.note), prepare=True)
            self._beat(cursor, origin, made.size, None)

    def beat(self, origin: str, size: int, halted: str | None = None) -> None:
        """Say that the sealer lives, or why it goes no further. What was once halted stays so."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            self._beat(cursor, origin, size, halted)

    def _beat(self, cursor: psycopg.Cursor[Any], origin: str, size: int, halted: str | None) -> None:
        cursor.execute(_BEAT, (origin, size, halted), prepare=True)
        cursor.execute(f"SELECT pg_notify('{TOLD}', %s)", ["halted" if halted else str(size)], prepare=True)

    def _long(self, statement: str, origin: str) -> Iterator[Any]:
        with self.connection.transaction(), self.connection.cursor(name="sealing", binary=True) as cursor:
            cursor.itersize = FETCHED
            yield from cursor.execute(statement.encode(), [origin])
