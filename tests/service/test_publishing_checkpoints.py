"""Checkpoints leave the house: to witnesses in second processes, and to the broker, through every kill."""

import asyncio
import http.server
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from itertools import pairwise

import nats
import pytest

from dealreg.proof.note import checkpoint_body, cosignature, signed_note, vkey
from dealreg.proof.verify import COSIGNED, cosigned_at, parse_checkpoint
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.witnessing import sealed
from dealreg.service.witnessing.announcing import Announcing, provision_checkpoints, stream, subject
from dealreg.service.witnessing.asking import Asking
from dealreg.service.witnessing.carrying import Carrier, once
from dealreg.service.witnessing.keyring import witnesses
from tests.fix_ledger import Put, ask
from tests.fix_witnessing import leaves

PATIENCE = 60


@pytest.fixture
def run(database_url):
    with Ledger(database_url, role="dealreg_sealer", pool_size=4) as ledger:
        yield ledger.run


@pytest.fixture
def sealed_facts(toys, sealer):
    """Records some facts and seals them, each save under a checkpoint of its own."""
    numbers = iter(range(10**6))

    def grow(count=1):
        for _ in range(count):
            number = next(numbers)
            toys.decide_batch([ask(Put(shelf="A"), f"r{number}")])
            sealer.seal_all()
        return sealed.newest(sealer_run)

    with Ledger(sealer.database_url, role="dealreg_sealer", pool_size=2) as ledger:
        sealer_run = ledger.run
        yield grow


def carried(run):
    return {(row["errand"], row["taker"]): row for row in run("SELECT * FROM seal.carried")}


def cosigned(run, size):
    return [row["line"] for row in run("SELECT line FROM seal.cosignatures WHERE size = %s ORDER BY witness", [size])]


@pytest.fixture
def log_vkey(sealer, signer):
    return vkey(signer)


def test_every_witness_cosigns_the_newest_checkpoint_and_its_line_is_kept(run, sealed_facts, start_witness, log_vkey):
    first, second = (start_witness(log_vkey, name=name) for name in ("one", "two"))
    errands = [Asking(run, one) for one in witnesses(f"{first.named} {second.named}")]
    for _ in range(3):
        newest = sealed_facts(2)
        assert [once(run, errand) for errand in errands] == [None, None]
        whole = parse_checkpoint(newest.note + "".join(cosigned(run, newest.size)))
        for witness in (first, second):
            at = cosigned_at(whole.note, witness.key)
            assert at is not None
            assert abs(at - time.time()) < PATIENCE
    assert {row["size"] for row in carried(run).values()} == {newest.size}


def test_a_witness_that_has_the_newest_is_not_asked_again_until_it_is_time(
    run, sealed_facts, start_witness, log_vkey, monkeypatch
):
    witness = start_witness(log_vkey)
    (errand,) = [Asking(run, one) for one in witnesses(witness.named)]
    newest = sealed_facts()
    assert errand.due(newest)
    once(run, errand)
    assert not errand.due(newest)
    monkeypatch.setattr("dealreg.service.witnessing.asking.ALIVE_EVERY", timedelta(0))
    assert errand.due(newest)
    witness.kill()
    assert "does not answer" in (once(run, errand) or "")
    assert "does not answer" in carried(run)["witness", witness.key.name]["trouble"]
    assert carried(run)["witness", witness.key.name]["size"] == newest.size, "what it has is still known"


def test_a_witness_that_comes_back_is_found_where_it_is(run, sealed_facts, start_witness, log_vkey, database_url):
    """Our note of what it has was lost: it says itself, and one more proof brings it to the newest."""
    witness = start_witness(log_vkey)
    (errand,) = [Asking(run, one) for one in witnesses(witness.named)]
    sealed_facts(3)
    once(run, errand)
    run("UPDATE seal.carried SET size = 1, done_at = NULL")
    newest = sealed_facts(2)
    assert once(run, errand) is None
    assert len(cosigned(run, newest.size)) == 1


def test_requirement_08_a_log_that_was_rewritten_is_told_by_its_witness(
    run, sealed_facts, start_witness, sealer, signer, log_vkey, toy_log
):
    """The witness saw another tree of this size, or more than there is: both are said in words that nobody overlooks."""
    witness = start_witness(log_vkey)
    (errand,) = [Asking(run, one) for one in witnesses(witness.named)]
    newest = sealed_facts(2)
    toy_log.signer = signer
    toy_log.tree.extend(leaves("more", 2 * newest.size))
    assert witness.ask(toy_log.request(0, newest.size)).status_code == 200
    assert "the log was rewritten" in (once(run, errand) or "")
    assert witness.ask(toy_log.request(newest.size)).status_code == 200
    assert "positions were lost" in (once(run, errand) or "")
    grown = sealed_facts(toy_log.tree.size)
    assert grown.size > toy_log.tree.size
    assert "says no (422)" in (once(run, errand) or "")
    assert cosigned(run, newest.size) == cosigned(run, grown.size) == []


class Lying:
    """A witness that answers as the test says."""

    def __init__(self):
        self.body, self.status, self.kind = "", 200, "text/plain"
        self.asked_at: list[float] = []
        outer = self

        class Answering(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                outer.asked_at.append(time.monotonic())
                body = outer.body.encode()
                self.send_response(outer.status)
                self.send_header("content-type", outer.kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def lying():
    found = Lying()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def test_an_answer_that_is_no_cosignature_of_this_checkpoint_now_is_not_kept(run, sealed_facts, lying, tmp_path):
    own, other = (FileSigner("w", tmp_path / name) for name in ("own", "other"))
    (errand,) = [Asking(run, one) for one in witnesses(f"{vkey(own, COSIGNED)} {lying.url}")]
    newest, now = sealed_facts(2), int(time.time())
    earlier = checkpoint_body(newest.origin, newest.size - 1, newest.root)
    wrong = {
        "": "not a cosignature",
        "thank you\n": "no cosignature",
        cosignature(newest.body, other, now): "not a cosignature",
        cosignature(earlier, own, now): "not a cosignature",
        signed_note(newest.body, [own]).rpartition("\n\n")[2]: "not a cosignature",
        cosignature(newest.body, own, now - 3600): "clock is -36",
        cosignature(newest.body, own, now + 3600): "clock is 3",
        cosignature(newest.body, own, now) * 2: "no cosignature",
        "—" * 100_000: "too long",
    }
    for answer, said in wrong.items():
        lying.body = answer
        assert said in (once(run, errand) or "nothing"), answer[:80]
    for status, kind, body in [
        (409, "text/plain", "5\n"),
        (409, "text/x.tlog.size", "-5\n"),
        (409, "text/x.tlog.size", "x"),
        (404, "text/plain", "?"),
        (302, "text/plain", ""),
    ]:
        lying.status, lying.kind, lying.body = status, kind, body
        assert f"says no ({status})" in (once(run, errand) or "nothing")
    lying.status, lying.kind, lying.body = 409, "text/x.tlog.size", "2\n"
    assert "moves on" in (once(run, errand) or "nothing")
    assert cosigned(run, newest.size) == []
    stranger = cosignature(newest.body, FileSigner("stranger", tmp_path / "stranger"), now)
    lying.status, lying.body = 200, stranger + cosignature(newest.body, own, now)
    assert once(run, errand) is None
    assert cosigned(run, newest.size) == [cosignature(newest.body, own, now)], "a stranger's line is not ours to keep"


def test_a_witness_that_says_no_is_asked_again_more_and_more_seldom(run, sealed_facts, lying, tmp_path, database_url):
    lying.status = 503
    named = f"{vkey(FileSigner('w', tmp_path / 'w'), COSIGNED)} {lying.url}"
    sealed_facts(1)
    stop = threading.Event()
    carrier = Carrier(database_url, run, lambda: [Asking(run, one) for one in witnesses(named)])
    thread = threading.Thread(target=carrier.run, args=(stop,))
    thread.start()
    try:
        assert in_time(lambda: len(lying.asked_at) >= 4)
        rests = [after - before for before, after in pairwise(lying.asked_at)]
        assert rests[0] > 0.9
        assert rests[1] > 1.9
        assert rests[2] > 3.9
        lying.status, lying.body = (
            200,
            cosignature(newest_of(run).body, FileSigner("w", tmp_path / "w"), int(time.time())),
        )
        assert in_time(lambda: carried(run)["witness", "w"]["trouble"] is None)
    finally:
        stop.set()
        thread.join()


def newest_of(run):
    found = sealed.newest(run)
    assert found is not None
    return found


# --- The broker -------------------------------------------------------------------------------------------------------


def on_the_broker(url, prefix=""):
    """Every message of the stream, in its order: id and text."""

    async def read():
        client = await nats.connect(url)
        try:
            jetstream = client.jetstream()
            info = await jetstream.stream_info(stream(prefix))
            found = [await jetstream.get_msg(stream(prefix), seq) for seq in range(1, info.state.last_seq + 1)]
            return [((one.headers or {}).get("Nats-Msg-Id"), (one.data or b"").decode()) for one in found]
        finally:
            await client.close()

    return asyncio.run(read())


def test_every_checkpoint_is_on_the_broker_in_order_once(run, sealed_facts, nats_url, stream_prefix):
    assert provision_checkpoints(nats_url, stream_prefix)
    assert not provision_checkpoints(nats_url, stream_prefix)
    errand = Announcing(run, nats_url, stream_prefix)
    sealed_facts(3)
    assert once(run, errand) is None
    sealed_facts(2)
    run("UPDATE seal.carried SET size = size - 1")  # Killed between the broker's word and our note of it.
    assert once(run, errand) is None
    rows = run("SELECT origin, size, note FROM seal.checkpoints ORDER BY size")
    assert on_the_broker(nats_url, stream_prefix) == [(f"{row['origin']}:{row['size']}", row["note"]) for row in rows]
    newest = sealed.newest(run)
    assert newest is not None
    assert not errand.due(newest)


def test_a_broker_that_is_away_or_has_no_such_stream_is_told_and_gets_all_later(
    run, sealed_facts, nats_url, stream_prefix, servers
):
    errand = Announcing(run, nats_url, stream_prefix)
    sealed_facts(2)
    assert "dealreg migrate" in (once(run, errand) or "")
    provision_checkpoints(nats_url, stream_prefix)
    servers.nats.kill()
    assert "NATS" in (once(run, errand) or "")
    assert "NATS" in carried(run)["broker", subject(stream_prefix)]["trouble"]
    servers.nats.start()
    assert once(run, errand) is None
    assert carried(run)["broker", subject(stream_prefix)]["trouble"] is None
    assert len(on_the_broker(nats_url, stream_prefix)) == run("SELECT count(*) AS all FROM seal.checkpoints")[0]["all"]


# --- The role ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def start_publish(database_url, nats_url, tmp_path):
    running = []

    def start(**environment):
        said = {
            **os.environ,
            "DEALREG_DATA": str(tmp_path / "publish"),
            "DATABASE_URL": database_url,
            "INTAKE_URL": nats_url,
            **environment,
        }
        log = (tmp_path / "publish.log").open("a")
        running.append(subprocess.Popen([sys.executable, "-m", "dealreg", "publish"], env=said, stdout=log, stderr=log))
        log.close()
        return running[-1]

    yield start
    for one in running:
        if one.poll() is None:
            one.terminate()
            assert one.wait(PATIENCE) == 0, (tmp_path / "publish.log").read_text()


def in_time(question):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if question():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def checkpoint_stream(nats_url):
    provision_checkpoints(nats_url)
    yield
    asyncio.run(_gone(nats_url))


async def _gone(url):
    client = await nats.connect(url)
    await client.jetstream().delete_stream(stream())
    await client.close()


def test_kill_9_of_the_role_loses_no_checkpoint_and_delays_no_seal(
    run, sealed_facts, start_publish, start_witness, log_vkey, nats_url, checkpoint_stream
):
    away = start_witness(log_vkey, name="away")
    there = start_witness(log_vkey, name="there")
    away.kill()
    for _ in range(3):
        role = start_publish(WITNESSES=f"{away.named} {there.named}")
        sealed_facts(5)
        assert in_time(lambda: on_the_broker(nats_url))
        role.send_signal(signal.SIGKILL)
        role.wait()
    newest = sealed_facts(1)
    start_publish(WITNESSES=f"{away.named} {there.named}")
    assert in_time(lambda: cosigned(run, newest.size)), (
        "the witness that is there is not delayed by the one that is away"
    )
    rows = run("SELECT origin, size, note FROM seal.checkpoints ORDER BY size")
    wanted = [(f"{row['origin']}:{row['size']}", row["note"]) for row in rows]
    assert in_time(lambda: on_the_broker(nats_url) == wanted)
    assert "does not answer" in carried(run)["witness", away.key.name]["trouble"]


def test_the_witness_of_this_machine_is_found_when_it_comes_and_where_it_comes(
    run, sealed_facts, start_publish, start_witness, log_vkey, tmp_path
):
    """Under `up`: WITNESSES names nobody, the witness writes down where it is, and after a restart it is elsewhere."""
    role = start_publish(DEALREG_DATA=str(tmp_path / "witness"))
    first = sealed_facts(1)
    witness = start_witness(log_vkey)
    assert in_time(lambda: cosigned(run, first.size))
    witness.kill()
    again = start_witness(log_vkey)
    assert again.url != witness.url
    second = sealed_facts(1)
    assert in_time(lambda: cosigned(run, second.size))
    assert role.poll() is None
