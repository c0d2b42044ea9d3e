"""The projector: exactly once, in order, each model for itself, through deaths (style section 4; architecture D7, D11)."""

import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from dealreg.registration.events import EvidenceAdded
from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.errors import ModelStopped, NothingTouched
from dealreg.service.projecting.loader import provision
from dealreg.service.projecting.projector import Projector
from dealreg.vocabulary.ids import PartnerId
from tests.fix_histories import START, Claim, History, customer

COUNTED = {
    "table.sql": "CREATE TABLE counted (one integer PRIMARY KEY, n bigint NOT NULL); INSERT INTO counted VALUES (1, 0)",
    "readers.sql": "VALUES ('counted', 'dealreg_auditor', NULL)",
    "on/evidence_added.sql": "UPDATE counted SET n = n + 1 WHERE one = 1",
    "ask/n.sql": "SELECT n FROM counted",
}
"""A model that shows at once whether anything was applied twice or left out."""

CLAIM = Claim("r1", customer("c1"), "dist-1", "dealer-1")


@pytest.fixture
def folder(tmp_path):
    """``folder(name={file: text})``: a folder of read models of the test's own; called again, files are added or replaced."""

    def write(**models):
        for model, files in models.items():
            for name, text in files.items():
                path = tmp_path / model / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        return tmp_path

    return write


@pytest.fixture
def evidence(ledger):
    """``evidence(n)``: so many more facts of one registration."""
    history = History()

    def add(count):
        for number in range(count):
            fact = EvidenceAdded(
                registration=CLAIM.id,
                kind=f"offer-{number}",
                dated_on=START.date(),
                digest="0" * 64,
                added_by=PartnerId("dealer-1"),
                added_at=START,
            )
            history.add(CLAIM.id, fact, START)
        return history.save(ledger, size=500)

    return add


def _counted(url, generation=1):
    with connect(url) as connection:
        return connection.execute(f"SELECT n FROM counted_g{generation}.counted").fetchall()[0][0]


def test_two_runners_apply_each_fact_once(projected_url, folder, evidence):
    """Without the row of the position locked they counted 800 for 500 when the design was tried."""
    root = folder(counted=COUNTED)
    provision(projected_url, root)
    evidence(1000)
    runners = [Projector(projected_url, folder=root, batch=7) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        reached = list(pool.map(lambda runner: runner.catch_up()["counted"], runners))
    assert (_counted(projected_url), reached) == (1000, [reached[0]] * 2)


def test_a_projector_that_is_killed_in_a_batch_leaves_nothing_half_done(projected_url, folder, evidence):
    """SIGKILL again and again while it works; what is there is always exactly what its position says."""
    root = folder(counted=COUNTED)
    provision(projected_url, root)
    first = evidence(1)
    head = evidence(3000)
    program = textwrap.dedent(f"""
        import pathlib
        from dealreg.service.projecting.projector import Projector
        Projector({projected_url!r}, folder=pathlib.Path({str(root)!r}), batch=5).catch_up()
    """)
    positions = [0]
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", program]) as child:
            _until(lambda: _position(projected_url, root) > positions[-1])
            child.kill()
        positions.append(_position(projected_url, root))
        assert _counted(projected_url) == positions[-1] - first + 1
    assert sorted(set(positions)) == positions, "each one got further"
    assert positions[-1] < head, "the last one was killed while it worked"
    Projector(projected_url, folder=root).catch_up()
    assert _counted(projected_url) == 3001


def _position(url, root):
    return Projector(url, folder=root).positions()[0].position


def test_a_server_connection_that_is_cut_in_a_batch_is_taken_up_again(projected_url, folder, evidence):
    root = folder(counted=COUNTED)
    provision(projected_url, root)
    stop = threading.Event()
    thread = threading.Thread(target=Projector(projected_url, folder=root, batch=3).run, args=(stop,))
    thread.start()
    try:
        for _ in range(3):
            evidence(400)
            with psycopg.connect(projected_url, autocommit=True, options="-c role=dealreg_projector") as other:
                cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%%counted%%'"
                with psycopg.connect(projected_url, autocommit=True) as login:
                    login.execute(cut)
                assert other.execute("SELECT 1").fetchone()
        _until(lambda: _counted(projected_url) == 1200)
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def test_what_is_saved_is_seen_at_once(projected_url, folder, evidence):
    """By notification: a poll alone would take up to a second."""
    root = folder(counted=COUNTED)
    provision(projected_url, root)
    stop = threading.Event()
    thread = threading.Thread(target=Projector(projected_url, folder=root).run, args=(stop,))
    thread.start()
    try:
        evidence(1)
        _until(lambda: _counted(projected_url) == 1)
        waits = []
        for expected in range(2, 7):
            evidence(1)
            began = time.monotonic()
            _until(lambda expected=expected: _counted(projected_url) == expected)
            waits.append(time.monotonic() - began)
        assert sorted(waits)[2] < 0.5, waits
    finally:
        stop.set()
        thread.join(10)


def test_the_second_of_two_processes_waits_until_the_first_is_gone(projected_url, folder, evidence):
    root = folder(counted=COUNTED)
    provision(projected_url, root)
    stops = [threading.Event(), threading.Event()]
    threads = [threading.Thread(target=Projector(projected_url, folder=root).run, args=(stop,)) for stop in stops]
    for thread in threads:
        thread.start()
    try:
        evidence(10)
        _until(lambda: _counted(projected_url) == 10)
        assert _leaders(projected_url) == 1
        stops[0].set()
        threads[0].join(10)
        evidence(10)
        _until(lambda: _counted(projected_url) == 20)
        assert _leaders(projected_url) == 1
    finally:
        for stop, thread in zip(stops, threads, strict=True):
            stop.set()
            thread.join(10)


def _leaders(url):
    """How many hold the lock of a model: the classid of our key is the hash of its kind."""
    with connect(url) as connection:
        return connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid::int8 = hashtext('projection.leader')::int8 & 4294967295"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall()[0][0]


def test_a_failing_statement_stops_its_model_alone_and_says_where(projected_url, folder, evidence):
    """Everything before the fact is applied, nothing behind it, and the others go on."""
    broken = COUNTED | {
        "on/evidence_added.sql": "UPDATE counted SET n = n + 1 / (CASE %(kind)s WHEN 'offer-6' THEN 0 ELSE 1 END) WHERE one = 1"
    }
    root = folder(counted=COUNTED, broken=broken)
    provision(projected_url, root)
    head = evidence(20)
    projector = Projector(projected_url, folder=root)
    with pytest.raises(ModelStopped, match=r"broken/on/evidence_added.sql: division by zero") as raised:
        projector.catch_up()
    standing = {one.model: one for one in projector.positions()}
    assert raised.value.position == standing["broken"].position + 1 == head - 13
    assert standing["broken"].stopped == {
        "event": "evidence_added.v1",
        "file": "broken/on/evidence_added.sql",
        "position": raised.value.position,
        "reason": "division by zero",
    }
    assert (standing["counted"].position, standing["counted"].stopped, standing["counted"].behind) == (head, None, 0)
    with connect(projected_url) as connection:
        assert connection.execute("SELECT n FROM broken_g1.counted").fetchone() == (6,)


def test_a_mended_folder_is_built_beside_and_swapped_in(projected_url, folder, evidence):
    broken = COUNTED | {
        "on/evidence_added.sql": "UPDATE counted SET n = n + 1 / (CASE %(kind)s WHEN 'offer-6' THEN 0 ELSE 1 END) WHERE one = 1"
    }
    root = folder(counted=broken)
    provision(projected_url, root)
    evidence(20)
    with pytest.raises(ModelStopped):
        Projector(projected_url, folder=root).catch_up()
    folder(counted=COUNTED)
    assert Projector(projected_url, folder=root).catch_up()
    standing = Projector(projected_url, folder=root).positions()[0]
    assert (standing.generation, standing.behind, standing.stopped) == (2, 0, None)
    assert _counted(projected_url, generation=2) == 20
    with connect(projected_url) as connection:
        assert connection.execute("SELECT to_regnamespace('counted_g1')").fetchone() == (None,)


def test_a_statement_that_changes_nothing_is_counted_and_in_tests_an_error(projected_url, folder, evidence):
    idle = COUNTED | {"on/evidence_added.sql": "UPDATE counted SET n = n + 1 WHERE one = 2"}
    root = folder(
        idle=idle,
        allowed=idle | {"on/evidence_added.sql": "-- May touch no row: it is a test\n" + idle["on/evidence_added.sql"]},
    )
    provision(projected_url, root)
    evidence(3)
    Projector(projected_url, folder=root).catch_up()
    assert {one.model: one.untouched for one in Projector(projected_url, folder=root).positions()} == {
        "idle": 3,
        "allowed": 0,
    }
    evidence(1)
    with pytest.raises((NothingTouched, ModelStopped), match="changed no row"):
        Projector(projected_url, folder=root, strict=True).catch_up()


def test_a_model_that_listens_to_little_keeps_up_with_the_head(projected_url, folder, evidence):
    """Its position is that of the ledger, not of the last fact that concerned it: who waits for a position is not kept waiting."""
    root = folder(
        counted=COUNTED | {"on/evidence_added.sql": "UPDATE counted SET n = n + 1 WHERE one = 1"},
        deaf=COUNTED | {"on/claim_linked.sql": "UPDATE counted SET n = n + 1 WHERE one = 1"},
    )
    (root / "deaf" / "on" / "evidence_added.sql").unlink()
    provision(projected_url, root)
    head = evidence(1200)
    assert Projector(projected_url, folder=root).catch_up() == {"counted": head, "deaf": head}


def _until(true, seconds=20):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.01)
