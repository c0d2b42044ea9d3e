"""What a proof costs as the log grows: from tiles, out of the database, against a log of ten times and a hundred times the facts.

``PROOF_SIZES=10000,100000,1000000`` are the sizes. Checked: every proof is taken by the verifier, and the bundle of a deal at every size.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from dealreg.proof.evidence import check_bundle
from dealreg.proof.note import vkey
from dealreg.proof.policy import read_policy
from dealreg.proof.verify import verify_consistency, verify_inclusion
from dealreg.service.composition import House
from dealreg.service.embedded.servers import Servers
from dealreg.service.evidence.heads import heads_map
from dealreg.service.evidence.making import make
from dealreg.service.evidence.one_file import verifier
from dealreg.service.evidence.subject import Kind, Subject
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.proving.hashes import Hashes
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.settings import Settings
from tests.bench.measuring import Figure, Report, median
from tests.bench.program import DEALERS, PROGRAM, filing

SIZES = [int(size) for size in os.environ.get("PROOF_SIZES", "10000,100000,1000000").split(",")]
PROOFS, COLD = 200, 40

FILLED = """
INSERT INTO ledger.events (position, originator_id, originator_version, topic, state, recorded_at, recorded_by)
SELECT m.last + n, md5('filler' || ((m.last + n) / 7))::uuid, mod(m.last + n, 7) + 1, 'filler.v1', convert_to(repeat('x', 300), 'UTF8'), m.at, 'dealreg_app'
FROM (SELECT max(position) AS last, max(recorded_at) AS at FROM ledger.events) AS m, generate_series(1, %s) AS n
"""


def _fill(servers: Servers, database_url: str, up_to: int, head: int) -> None:
    name = str(psycopg.conninfo.conninfo_to_dict(database_url)["dbname"])
    with psycopg.connect(servers.postgres.superuser_url, dbname=name, autocommit=True) as connection:
        for (guard,) in connection.execute("SELECT evtname FROM pg_event_trigger WHERE evtenabled <> 'D'").fetchall():
            connection.execute(f'ALTER EVENT TRIGGER "{guard}" DISABLE'.encode())
        connection.execute("ALTER TABLE ledger.events DISABLE TRIGGER ALL")
        connection.execute(FILLED, [up_to - head])
        connection.execute("VACUUM ANALYZE ledger.events")


@contextmanager
def _sealing(sealer: Sealer) -> Iterator[None]:
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.005):
            sealer.seal_all()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


def _took(calls: Callable[[int], object], numbers: list[int]) -> float:
    """The median of single calls, in milliseconds."""
    spent = []
    for number in numbers:
        began = time.perf_counter()
        calls(number)
        spent.append(time.perf_counter() - began)
    return median(spent) * 1000


def test_proofs_as_the_log_grows(
    house: House, servers: Servers, settings: Settings, report: Report, tmp_path: Path
) -> None:
    rows: list[dict[str, Figure]] = []
    with Sealer(settings.database_url("sealer"), settings.things) as sealer:
        for number, size in enumerate(SIZES):
            _fill(servers, settings.database_url(), size, house.audited.head())
            sealer.seal_all()
            rows.append(_row(house, sealer, settings, number, tmp_path))
    report.say("proofs", rows)
    first, last = rows[0], rows[-1]
    assert float(str(last["hashes in a proof"])) <= float(str(first["hashes in a proof"])) + 10, (
        "a proof grows with the logarithm"
    )


def _row(house: House, sealer: Sealer, settings: Settings, number: int, tmp_path: Path) -> dict[str, Figure]:
    asked = [
        house.dispatcher.submit(filing(10_000 + 10 * number + turn, 900 + number, turn))
        for turn in range(min(3, len(DEALERS)))
    ]
    deal = asked[0]
    assert isinstance(deal, Decided)
    assert deal.answer is not None
    sealer.seal_all()
    origin, size, root = sealer.own.origin, sealer.own.size, bytes.fromhex(sealer.own.root)
    chosen = [random.Random(number).randrange(1, size - 1) for _ in range(PROOFS)]
    run = house.audited.run
    inclusion = _took(lambda at: Hashes(run, origin, size).inclusion(at), chosen[:COLD])
    consistency = _took(lambda at: Hashes(run, origin, size).consistency(at), chosen[:COLD])
    warm = Hashes(run, origin, size)
    proofs = {at: warm.inclusion(at) for at in chosen}
    leaves = {at: warm.leaf(at) for at in chosen}
    verified = _took(lambda at: verify_inclusion(at, size, leaves[at], proofs[at], root), chosen)
    older = {at: (warm.consistency(at), warm.root(at)) for at in chosen}
    begun = _took(lambda at: verify_consistency(at, size, older[at][1], root, older[at][0]), chosen)
    before = psutil.Process().memory_info().rss
    mapped = _took(lambda _: heads_map(house.audited, size, origin), [0])
    grown = psutil.Process().memory_info().rss - before
    subject = Subject.of(Kind.DEAL, str(deal.answer["registration"]), PROGRAM)
    with _sealing(sealer):
        began = time.perf_counter()
        made = make(house.ledger, house.audited, subject, by="bench", reason="bench", seconds=60)
        exported = time.perf_counter() - began
    bundle, policy = tmp_path / f"{size}.json", tmp_path / f"{size}.policy"
    bundle.write_bytes(made.data)
    policy.write_text(_policy(sealer, settings))
    began = time.perf_counter()
    assert list(check_bundle(made.data, read_policy(policy.read_bytes())))
    checked = time.perf_counter() - began
    (tmp_path / "verify.py").write_text(verifier())
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(bundle), "--policy", str(policy)],
        check=True,
        capture_output=True,
    )
    assert done.stdout.endswith(b"VERIFIED\n")
    return {
        "facts": size,
        "hashes in a proof": median(len(proof) for proof in proofs.values()),
        "inclusion from tiles ms": round(inclusion, 2),
        "consistency from tiles ms": round(consistency, 2),
        "verify inclusion ms": round(verified, 4),
        "verify consistency ms": round(begun, 4),
        "map of heads s": round(mapped / 1000, 2),
        "map MiB": round(grown / 2**20),
        "export a deal s": round(exported, 2),
        "facts in it": len(made.facts),
        "kB": round(len(made.data) / 1000, 1),
        "check it ms": round(checked * 1000, 1),
        "verify.py ms": round((time.perf_counter() - began) * 1000),
    }


def _policy(sealer: Sealer, settings: Settings) -> str:
    key = vkey(FileSigner(sealer.own.origin, settings.things.keys / "log"))
    logs = [{"origin": sealer.own.origin, "keys": [{"vkey": key, "from_size": 0, "to_size": None}]}]
    return json.dumps({"logs": logs, "witnesses": [], "quorum": 0, "skew_seconds": 5, "require_completeness": True})
