"""The tables of a bench of identity: ours, filled as `Following` fills them but without facts, and a trigram index as its user would build it."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import psycopg

from dealreg.matching.core_name import core_name
from dealreg.matching.names import country_key
from dealreg.matching.profile import Profile
from dealreg.service.embedded.postgres import Postgres
from dealreg.service.identity.following import copy_in
from dealreg.service.identity.rows import rows_of
from dealreg.service.migrating import migrate
from tests.bench.measuring import Figure
from tests.bench.synthetic_accounts import BLOCK, Accounts

PARTS = 2
THRESHOLDS = (0.3, 0.45)
"""The lower one finds as much as the keys do: only against that one is the ratio one at no less recall."""
CITY = 0.15
"""What the same city adds to a similarity; of 0.05 to 0.3 the one with the best recall of the trigrams."""

SETTINGS = {"shared_buffers": "6GB", "max_wal_size": "16GB", "maintenance_work_mem": "1GB"}
PEER = """
CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE EXTENSION IF NOT EXISTS btree_gin; CREATE EXTENSION IF NOT EXISTS pg_prewarm;
CREATE SCHEMA peer; CREATE TABLE peer.accounts (number int, country text, core text, place text);
"""
PEER_INDEX = "CREATE INDEX accounts_by_trigrams ON peer.accounts USING gin (country, core public.gin_trgm_ops)"
OUR_INDEX = "CREATE INDEX blocks_by_key ON identity.blocks (key, place) INCLUDE (number, sign)"
ASK_PEER = """
SELECT number FROM peer.accounts WHERE country = %s AND core OPERATOR(public.%%) %s
ORDER BY public.similarity(core, %s) + CASE WHEN place = %s THEN %s ELSE 0 END DESC LIMIT 10
"""
PREWARM = """
SELECT public.pg_prewarm('identity.blocks_by_key'), public.pg_prewarm('identity.descriptions'), public.pg_prewarm('identity.descriptions_pkey'),
       public.pg_prewarm('peer.accounts'), public.pg_prewarm('peer.accounts_by_trigrams')
"""
SIZES = """
SELECT pg_size_pretty(pg_relation_size('identity.blocks')), pg_size_pretty(pg_relation_size('identity.blocks_by_key')),
       pg_size_pretty(pg_total_relation_size('identity.descriptions')), pg_size_pretty(pg_relation_size('peer.accounts_by_trigrams'))
"""


@contextmanager
def own_postgres(folder: Path) -> Iterator[Postgres]:
    """A server of the bench's own with memory for millions, in a folder that the caller removes."""
    server = Postgres(folder)
    server.start()
    try:
        with psycopg.connect(server.superuser_url, autocommit=True) as connection:
            for name, value in SETTINGS.items():
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        server.stop()
        server.start()
        yield server
    finally:
        server.stop()


def customer_of(number: int) -> UUID:
    return UUID(int=number + 1)


def load(server: Postgres, accounts: Accounts) -> dict[str, Figure]:
    """Fill a fresh database named for the size; what it took and how large it became."""
    name = f"accounts_{accounts.size}"
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER dealreg")
    migrate(server.url(name))
    with closing(psycopg.connect(server.url(name, login="postgres"), autocommit=True)) as connection:
        connection.execute(PEER)
        connection.execute("DROP INDEX identity.blocks_by_key")
        began = time.perf_counter()
        _in_parts(server.url(name, login="postgres"), accounts)
        keyed = time.perf_counter() - began
        began = time.perf_counter()
        connection.execute(OUR_INDEX)
        indexed = time.perf_counter() - began
        began = time.perf_counter()
        connection.execute(PEER_INDEX)
        theirs = time.perf_counter() - began
        for table in ("identity.blocks", "identity.descriptions", "peer.accounts"):
            connection.execute(f"VACUUM (ANALYZE) {table}")
        (rows,) = connection.execute("SELECT count(*) FROM identity.blocks").fetchone() or (0,)
        blocks, index, descriptions, trigrams = connection.execute(SIZES).fetchone() or ("", "", "", "")
    return {
        "accounts": accounts.size, "keys an account": round(rows / accounts.size, 2), "keys and COPY s": round(keyed), "index s": round(indexed),
        "blocks": blocks, "index": index, "descriptions": descriptions, "trigram index s": round(theirs), "trigram index": trigrams,
    }  # fmt: skip


def _in_parts(url: str, accounts: Accounts) -> None:
    """A process a core: the keys are made in Python."""
    fork = multiprocessing.get_context("fork")
    parts = [fork.Process(target=_fill, args=(url, accounts, part)) for part in range(PARTS)]
    for part in parts:
        part.start()
    for part in parts:
        part.join()
    assert [part.exitcode for part in parts] == [0] * PARTS


def _fill(url: str, accounts: Accounts, part: int) -> None:
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        for block in range(part, -(-accounts.size // BLOCK), PARTS):
            first = block * BLOCK
            batch = list(enumerate(accounts.block(block)[: accounts.size - first], first))
            made = (rows_of(number, customer_of(number), profile) for number, profile in batch)
            copy_in(connection, [rows for rows in made if rows is not None])
            with connection.cursor().copy("COPY peer.accounts FROM STDIN") as copy:
                for number, profile in batch:
                    copy.write_row((number, country_key(profile.country), core_name(profile.name).text, profile.place))


class Trigrams:
    """Asks the trigram index."""

    def __init__(self, url: str, threshold: float = THRESHOLDS[0]) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute("SET jit = off")
        self._connection.execute(f"SET pg_trgm.similarity_threshold = {threshold}")

    def near(self, profile: Profile, city: float = CITY) -> list[UUID]:
        core = core_name(profile.name).text
        asked = [country_key(profile.country), core, core, profile.place, city]
        return [customer_of(number) for (number,) in self._connection.execute(ASK_PEER, asked).fetchall()]

    def close(self) -> None:
        self._connection.close()

    def nothing(self) -> None:
        """What a round trip takes."""
        self._connection.execute("SELECT 1").fetchone()
