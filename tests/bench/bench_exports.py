"""What it costs to write the whole log out, to compute its root from the file, and to take it in again, against reading its rows.

    make bench ARGS="tests/bench/bench_exports.py"

The facts are made by the database as a superuser: registrations of about 600 bytes. All steps run one after another in one run; what
is quoted is the ratio to reading the same rows through the same pages.
"""

import hashlib
import os
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from dealreg.service.embedded.servers import Servers
from dealreg.service.exporting import cloudevents, ocel
from dealreg.service.exporting.importing import Trusted, take_in
from dealreg.service.exporting.reading_back import lines, whole
from dealreg.service.exporting.root import roots
from dealreg.service.exporting.stored import stored
from dealreg.service.exporting.wanted import Wanted
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.tokens import Claims
from tests.bench.measuring import Figure, Report
from tests.fix_attacks import disarmed, made
from tests.fix_postgres import TEMPLATE, as_superuser

FACTS = int(os.environ.get("EXPORTED_FACTS", "100000"))

FILL = """
INSERT INTO ledger.events (position, originator_id, originator_version, topic, state, recorded_at, recorded_by)
SELECT m.last + n, md5('deal' || n)::uuid, 1, 'registration_submitted.v1', convert_to(
    '{"meta":{"program":"acme","actor":{"role":"dealer","subject":"s-1","partner":"dealer-' || n %% 50 || '"},"effective_at":'
    '"2026-02-03T04:05:06Z","build":"0.1.0"},"data":{"registration":"' || md5('deal' || n)::uuid || '","filed_by":"dealer-' || n %% 50
    || '","customer":"' || md5('customer' || n %% 1000)::uuid || '","customer_name":"' || repeat('Łódź ', 40) || '"}}', 'UTF8'
), m.at + n * interval '5 microseconds', 'dealreg_app'
FROM (SELECT max(position) AS last, max(recorded_at) AS at FROM ledger.events) AS m, generate_series(1, %s) AS n
"""


@pytest.fixture
def filled(servers: Servers, _template: str) -> Iterator[str]:
    url = made(servers, "exported", TEMPLATE)
    with closing(psycopg.connect(as_superuser(url))) as root, disarmed(root):
        root.execute(FILL.encode(), [FACTS])
    with psycopg.connect(as_superuser(url), autocommit=True) as root:
        root.execute("VACUUM ANALYZE")
    yield url
    with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as root:
        root.execute(b"DROP DATABASE exported WITH (FORCE)")


@pytest.fixture
def empty(servers: Servers) -> Iterator[str]:
    url = made(servers, "taken_in", "template1")
    yield url
    with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as root:
        root.execute(b"DROP DATABASE taken_in WITH (FORCE)")


@pytest.mark.timeout(1800)
def test_what_an_export_costs(filled: str, empty: str, tmp_path: Path, report: Report) -> None:
    rows: list[dict[str, Figure]] = []
    path, graph = tmp_path / "log.jsonl", tmp_path / "log.ocel.json"

    def say(what: str, work: Callable[[], object], file: Path | None = None) -> float:
        began = time.perf_counter()
        work()
        took = time.perf_counter() - began
        read = float(rows[0]["seconds"] or 0) if rows else took
        size = {"bytes a fact": round(file.stat().st_size / FACTS)} if file is not None else {}
        rows.append(
            {
                "what": what,
                "seconds": round(took, 2),
                "facts a second": round(FACTS / took),
                "ratio": round(took / read, 2),
                **size,
            }
        )
        return took

    with Ledger(filled) as ledger:
        wanted = Wanted(ledger.head())

        def write(form: Callable[..., object], file: Path) -> Callable[[], None]:
            def written() -> None:
                with file.open("wb") as out:
                    form(ledger, out, wanted, lambda _: None)

            return written

        def root() -> bytes:
            with path.open("rb") as opened:
                return roots(whole(lines(opened))).root

        say("rows read, page by page", lambda: sum(1 for _ in stored(ledger, wanted)))
        say("their leaves hashed too", lambda: [fact.leaf for fact in stored(ledger, wanted)][-1])
        say("CloudEvents lines written", write(cloudevents.write, path), path)
        say("OCEL 2.0 written", write(ocel.write, graph), graph)
        say("SHA-256 of the file of lines", lambda: hashlib.sha256(path.read_bytes()).digest())
        say("the root out of the file", root)
        found = root()
        who = Claims.model_validate({"sub": "bench", "role": "auditor", "program": "p", "iat": 0, "exp": 0})
        say(
            "checked, taken into an empty database, read back",
            lambda: take_in(empty, path, Trusted(root=found), who, "bench"),
        )
        tracemalloc.start()
        write(cloudevents.write, path)()
        rows.append(
            {
                "what": "memory at the peak of writing lines, MiB",
                "seconds": round(tracemalloc.get_traced_memory()[1] / 2**20, 1),
            }
        )
        tracemalloc.stop()
    report.say(f"exports of {FACTS} facts", rows)
