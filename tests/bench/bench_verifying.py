"""Full verification of 10^5 and 10^6 facts, against reading the same rows and doing nothing with them.

    make bench ARGS="tests/bench/bench_verifying.py"

The facts are made by the database as a superuser, a payload of some 300 bytes each; the sealer seals them. Each is measured in turns in one run.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from dealreg.proof.verify import parse_vkey
from dealreg.service.embedded.servers import Servers
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.sealing.signing import VKEYS
from dealreg.service.sealing.things import Things
from dealreg.service.settings import pinned
from dealreg.service.verifying.rows import copied
from dealreg.service.verifying.running import Asked, verify
from dealreg.service.verifying.trusting import LogKey, Trust
from tests.bench.measuring import Report
from tests.fix_attacks import disarmed, made
from tests.fix_postgres import TEMPLATE, as_superuser

SIZES = [int(size) for size in os.environ.get("VERIFIED_FACTS", "100000,1000000").split(",")]
ROUNDS = int(os.environ.get("VERIFIED_ROUNDS", "3"))

FILL = """
INSERT INTO ledger.events (position, originator_id, originator_version, topic, state, recorded_at, recorded_by)
SELECT m.last + n, md5((n / 7)::text)::uuid, n %% 7 + 1, 'registration_submitted.v1', convert_to(
    '{"meta":{"program":"example","actor":{"role":"dealer","subject":"subject-1","partner":"dealer-' || n %% 97 || '"},"request":{"caller":'
    '"partner:dealer-1","id":"request-' || n || '"},"effective_at":"2026-02-03T04:05:06Z","build":"0.1.0"},"data":{"registration":"'
    || md5(n::text) || '","line":"pumps","customer_name":"' || repeat('Łódź ', 10) || '"}}', 'UTF8'
), m.at + n * interval '5 microseconds', 'dealreg_app'
FROM (SELECT max(position) AS last, max(recorded_at) AS at FROM ledger.events) AS m, generate_series(0, %s) AS n
WHERE n > 0
"""


@pytest.fixture(params=SIZES)
def filled(
    request: pytest.FixtureRequest, servers: Servers, _template: str, tmp_path: Path
) -> Iterator[tuple[str, Trust]]:
    """A database with so many facts, sealed; who is trusted."""
    url = made(servers, f"verified_{request.param}", TEMPLATE)
    with closing(psycopg.connect(as_superuser(url))) as root, disarmed(root):
        # The first version of the first stream is left out by the series: it begins with 2.
        root.execute(FILL.encode(), [request.param])
        root.execute(
            "UPDATE ledger.events SET originator_version = originator_version - 1 WHERE originator_id = md5('0')::uuid"
        )
    with psycopg.connect(as_superuser(url), autocommit=True) as root:
        root.execute("VACUUM ANALYZE ledger.events")
    things = Things(tmp_path / "state.json", tmp_path / "keys", "bench/log")
    with Sealer(url, things) as sealer:
        sealer.seal_all()
    key = parse_vkey((things.keys / VKEYS).read_text().strip())
    yield url, Trust({"bench/log": [LogKey(key)]}, (), 5, "the bench")
    with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as root:
        root.execute(f"DROP DATABASE verified_{request.param} WITH (FORCE)".encode())


def read_rows(url: str) -> int:
    """Every row as Python has it, by a cursor of the server, in binary and in batches: what any reader pays."""
    read = 0
    with (
        psycopg.connect(pinned(url, "dealreg_auditor")) as connection,
        connection.cursor("rows", binary=True) as cursor,
    ):
        cursor.itersize = 5000
        for _ in cursor.execute(
            "SELECT position, originator_id, originator_version, recorded_at, recorded_by, topic, salt, state FROM ledger.events ORDER BY position"
        ):
            read += 1
    return read


def copy_rows(url: str) -> int:
    """The bytes of the same rows as the verification takes them, not looked at."""
    with psycopg.connect(pinned(url, "dealreg_auditor")) as connection:
        return sum(1 for _ in copied(connection))


def timed(work: Callable[[], int]) -> tuple[float, float, int]:
    """Seconds, processor seconds of this process, and what came of it."""
    cpu, began = time.process_time(), time.perf_counter()
    done = work()
    return time.perf_counter() - began, time.process_time() - cpu, done


@contextmanager
def peak() -> Iterator[list[int]]:
    """The most memory that this process had during the block, in bytes, looked at every 20 ms."""
    most, over = [psutil.Process().memory_info().rss], threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            most[0] = max(most[0], psutil.Process().memory_info().rss)

    looking = threading.Thread(target=look)
    looking.start()
    yield most
    over.set()
    looking.join()


@pytest.mark.timeout(1800)
def test_verification_against_reading(filled: tuple[str, Trust], report: Report) -> None:
    url, trust = filled

    def verified() -> int:
        found = verify(Asked(pinned(url, "dealreg_auditor"), trust))
        of_the_ledger = [one for one in found.findings if one.check != "catalogue"]  # Which has tests of its own.
        assert not of_the_ledger, of_the_ledger[:5]
        return found.size

    ways = {"verify": verified, "read as rows": lambda: read_rows(url), "read as bytes": lambda: copy_rows(url)}
    before, taken = (
        psutil.Process().memory_info().rss,
        dict[str, list[tuple[float, float, int]]]({name: [] for name in ways}),
    )
    with peak() as most:
        for number in range(ROUNDS):
            names = list(ways)
            for name in names[number % 3 :] + names[: number % 3]:
                taken[name].append(timed(ways[name]))
    size = taken["verify"][0][2]
    assert all(one[2] == size for runs in taken.values() for one in runs)
    rows = [
        {
            "facts": size,
            "way": name,
            "seconds": round(min(one[0] for one in runs), 2),
            "client CPU s": round(min(one[1] for one in runs), 2),
            "facts a second": round(size / min(one[0] for one in runs)),
            "× read as rows": round(min(one[1] for one in runs) / min(one[1] for one in taken["read as rows"]), 2),
            "bytes a fact at most": round((most[0] - before) / size) if name == "verify" else None,
        }
        for name, runs in taken.items()
    ]
    report.say(f"Verification of {size} facts", rows)
