"""The role `seal` as a process of its own: started, stopped, doubled, without room on its disk, with another key."""

import itertools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from dealreg.proof.verify import parse_checkpoint, parse_vkey, signed_by
from dealreg.service.ledger.audit_facts import LogKeyRotated
from dealreg.service.sealing.halting import Halted
from dealreg.service.sealing.rotating import rotate
from dealreg.service.sealing.sealer import Sealer
from tests.fix_ledger import Put, ask

PATIENCE = 60.0


def put(toys, count, name="p"):
    toys.decide_batch([ask(Put(shelf=f"{name}{number % 7}"), f"{name}-{number}") for number in range(count)])


class Process:
    """`dealreg seal` with its own folder; its log is read from a file."""

    def __init__(self, database_url, data, *words, **said):
        clean = {
            key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_URL", "SEAL", "LOG_"))
        }
        environment = {**clean, "DEALREG_DATA": str(data), "DATABASE_URL": database_url, "LOG_FORMAT": "json", **said}
        data.mkdir(parents=True, exist_ok=True)
        self.state = data / "sealer" / "state.json"
        command = [sys.executable, "-m", "dealreg", "seal", *words]
        pipe = subprocess.PIPE
        self.child = subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)
        self._lines: list[str] = []
        self._reading = threading.Thread(target=lambda: self._lines.extend(self.child.stderr or ()), daemon=True)
        self._reading.start()

    def stop(self, by=signal.SIGTERM):
        self.child.send_signal(by)
        return self.ended()

    def ended(self):
        assert self.child.stdout is not None
        self.child.wait(timeout=PATIENCE)
        self._reading.join(PATIENCE)
        assert self.child.stderr is not None
        with self.child.stdout as out, self.child.stderr:
            return self.child.returncode, out.read(), self.said

    @property
    def said(self):
        """On standard error so far."""
        return "".join(self._lines)


@pytest.fixture
def start(database_url, tmp_path):
    """Start the verb; what is left of it is killed."""
    started = []

    def begin(*words, data="data", **said):
        process = Process(database_url, tmp_path / data, *words, **said)
        started.append(process)
        return process

    yield begin
    for one in started:
        if one.child.poll() is None:
            one.child.kill()
            one.ended()


def sealed(database_url):
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT coalesce(max(size), 0) FROM seal.checkpoints").fetchone()
        head = connection.execute("SELECT coalesce(max(position), 0) FROM ledger.events").fetchone()
    assert row is not None
    assert head is not None
    return row[0], head[0]


def until(condition, why="it did not come about"):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE, why
        time.sleep(0.05)


def all_sealed(database_url):
    size, head = sealed(database_url)
    return size == head


def test_once_seals_what_there_is_and_says_so(toys, start, database_url):
    put(toys, 20)
    code, out, err = start("--once", "--json").ended()
    assert code == 0, err
    told = json.loads(out)
    assert told["size"] == sealed(database_url)[1]
    again = json.loads(start("--once", "--json").ended()[1])
    assert again == told


def test_it_follows_and_seals_the_rest_when_it_is_asked_to_stop(toys, start, database_url):
    process = start(SEAL_SECONDS="0.2")
    until(lambda: all_sealed(database_url))
    put(toys, 20)
    until(lambda: all_sealed(database_url))
    code, _, err = process.stop()
    assert code == 0, err
    assert all_sealed(database_url)


def test_what_is_to_be_sealed_at_once_must_be_a_fact(start):
    code, _, err = start(SEAL_AT_ONCE="shelf_counted.v1,conflict_ruled.v1").ended()
    assert code == 2
    assert "SEAL_AT_ONCE names shelf_counted.v1; no fact is called so" in err


def test_the_rest_waits_for_its_second_and_fights_do_not(toys, sealing, database_url):
    role = sealing(seconds=3600, at_once=frozenset({"boxes_put.v2"}))
    until(lambda: role.sealer._tables is not None and role.sealer._own is not None)
    put(toys, 3)
    until(lambda: all_sealed(database_url))
    role.stop()
    role = sealing(seconds=3600, at_once=frozenset({"another.v1"}))
    put(toys, 3, "more")
    until(lambda: role.sealer.tree.size == sealed(database_url)[1])
    assert not all_sealed(database_url)
    role.stop()
    assert all_sealed(database_url), "what was read is sealed before it stops"


def test_a_second_sealer_waits_and_takes_over(toys, start, database_url):
    first = start(SEAL_SECONDS="0.2")
    until(lambda: all_sealed(database_url))
    second = start(SEAL_SECONDS="0.2")
    time.sleep(2)
    assert second.child.poll() is None
    first.stop(signal.SIGKILL)
    put(toys, 5)
    until(lambda: all_sealed(database_url))
    code, _, err = second.stop()
    assert code == 0
    assert "another sealer has the turn" in err


def test_a_database_that_goes_away_is_waited_for(toys, start, database_url, servers):
    process = start(SEAL_SECONDS="0.2")
    until(lambda: all_sealed(database_url))
    servers.postgres.kill()
    time.sleep(1)
    servers.postgres.start()
    toys.ledger.clock()
    put(toys, 5)
    until(lambda: all_sealed(database_url))
    assert process.stop()[0] == 0


def test_an_edit_of_an_old_fact_ends_a_running_sealer_with_1(toys, start, database_url, superuser):
    put(toys, 30)
    process = start(SEAL_SECONDS="0.2")
    until(lambda: all_sealed(database_url))
    superuser.run("UPDATE ledger.events SET state = state || ' ' WHERE position = 7")
    code, _, err = process.ended()
    assert code == 1
    assert "the fact at position 7" in err
    code, _, err = start("--once").ended()
    assert code == 1
    assert "seal --restored REASON" in err


def test_a_sealer_that_never_rests_patrols_all_the_same(toys, sealing, database_url, superuser):
    put(toys, 30)
    role = sealing(seconds=0.001, at_once=frozenset({"boxes_put.v2"}))
    until(lambda: all_sealed(database_url))
    superuser.run("UPDATE ledger.events SET state = state || ' ' WHERE position = 7")
    began = time.monotonic()
    number = itertools.count()
    while role.failed is None and time.monotonic() - began < PATIENCE:
        put(toys, 1, f"busy-{next(number)}")
    assert "the fact at position 7" in str(role.failed)


def test_a_disk_that_is_full_is_waited_for_and_the_log_stays_whole(toys, start, database_url, tmp_path):
    """The kernel refuses the sealer every byte of a file, as a full disk does, and later does not."""
    process = start(SEAL_SECONDS="0.2")
    until(lambda: all_sealed(database_url))
    before = process.state.read_bytes()
    assert len(before) > 100
    resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    put(toys, 20)
    until(lambda: "File too large" in process.said)
    assert process.child.poll() is None
    assert not all_sealed(database_url)
    assert process.state.read_bytes() == before, "what was remembered stands"
    resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(lambda: all_sealed(database_url))
    code, _, err = process.stop()
    assert code == 0, err
    assert json.loads(start("--once", "--json").ended()[1])["size"] == sealed(database_url)[1]


TINY = """
mount -t tmpfs -o size=8k,mode=700 none "$DEALREG_DATA/sealer" && cp "$1" "$DEALREG_DATA/sealer/state.json" || exit 99
head -c 8192 /dev/zero > "$DEALREG_DATA/sealer/filler" 2>/dev/null
"$2" -m dealreg seal 2> "$3" &
child=$!
for _ in $(seq 600); do grep -q "No space left on device" "$3" && break; sleep 0.1; done
cat "$3" >&2
kill -0 $child || exit 98
cmp "$1" "$DEALREG_DATA/sealer/state.json" || exit 97
rm "$DEALREG_DATA/sealer/filler"
for _ in $(seq 600); do cmp -s "$1" "$DEALREG_DATA/sealer/state.json" || break; sleep 0.1; done
kill -TERM $child; wait $child; code=$?
cp "$DEALREG_DATA/sealer/state.json" "$1"
exit $code
"""


def _may_mount():
    tried = (
        subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False)
        if shutil.which("unshare")
        else None
    )
    return tried is not None and tried.returncode == 0


def test_a_file_system_that_is_really_full(toys, start, database_url, tmp_path):
    """A file system of two pages in a name space of the test; where the kernel gives none, the limit above says the same."""
    put(toys, 5)
    assert start("--once").ended()[0] == 0
    data = tmp_path / "data"
    kept = tmp_path / "kept.json"
    shutil.copy(data / "sealer" / "state.json", kept)
    put(toys, 20, "more")
    if not _may_mount():
        limited = start(SEAL_SECONDS="0.2")
        resource.prlimit(limited.child.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        time.sleep(2)
        assert limited.child.poll() is None
        return
    environment = {
        **os.environ,
        "DEALREG_DATA": str(data),
        "DATABASE_URL": database_url,
        "SEAL_SECONDS": "0.2",
        "LOG_FORMAT": "json",
    }
    command = ["unshare", "-Urm", "sh", "-c", TINY, "sh", str(kept), sys.executable, str(tmp_path / "said")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert "No space left on device" in done.stderr
    assert json.loads(kept.read_text())["size"] == sealed(database_url)[0] == sealed(database_url)[1]
    shutil.copy(kept, data / "sealer" / "state.json")
    assert start("--once").ended()[0] == 0


def test_another_key_signs_beside_the_old_one_and_then_alone(toys, sealer, things):
    put(toys, 5)
    before = sealer.seal_all()
    made = rotate(sealer, by="operator", reason="yearly")
    both = sealer.seal_all()
    keys = [parse_vkey(key.vkey) for key in sealer.own.keys]
    assert [signed_by(parse_checkpoint(both.note).note, key) for key in keys] == [True, True]
    assert [signed_by(parse_checkpoint(before.note).note, key) for key in keys] == [True, False]
    rows = [row for row in toys.ledger.notifications(0) if row.topic == LogKeyRotated.NAME]
    said = toys.ledger.read(rows[0]).event
    assert (len(rows), said.old, said.new, said.from_size) == (1, sealer.own.keys[0].vkey, made.vkey, before.size)
    assert (things.keys / made.file).stat().st_mode & 0o777 == 0o600
    assert (things.keys / "log.vkeys").read_text().split() == [key.vkey for key in sealer.own.keys]
    ended = sealer.own.keys[0].model_copy(update={"signs_until": sealer.own.keys[0].signs_until - things.overlap})
    sealer.remember(sealer.own.model_copy(update={"keys": (ended, sealer.own.keys[1])}))
    put(toys, 5, "later")
    alone = sealer.seal_all()
    assert [signed_by(parse_checkpoint(alone.note).note, key) for key in keys] == [False, True]
    sealer.close()
    sealer.open()
    assert sealer.own == alone


def test_a_change_of_key_that_died_half_way_is_finished_with_the_same_key(toys, sealer):
    put(toys, 5)
    before = sealer.seal_all()
    first = rotate(sealer, by="operator", reason=None)
    sealer.remember(before)
    again = rotate(sealer, by="operator", reason=None)
    assert again == first
    assert len([row for row in toys.ledger.notifications(0) if row.topic == LogKeyRotated.NAME]) == 1


def test_a_running_sealer_takes_up_a_change_of_key(toys, start, database_url):
    process = start(SEAL_SECONDS="0.2")
    until(lambda: all_sealed(database_url))
    code, out, err = start("--rotate-key", "--reason", "yearly", "--subject", "ops-1", "--json").ended()
    assert code == 0, err
    told = json.loads(out)
    assert told["old"] != told["new"]
    assert start("--show-key").ended()[1].split() == [told["old"], told["new"]]
    until(lambda: all_sealed(database_url))
    assert process.stop()[0] == 0
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT note FROM seal.checkpoints ORDER BY size DESC LIMIT 1").fetchone()
    assert row is not None
    note = parse_checkpoint(row[0]).note
    assert all(signed_by(note, parse_vkey(told[which])) for which in ("old", "new"))


def test_what_signs_and_what_it_remembers_never_enter_the_database_or_the_log(toys, start, database_url, tmp_path):
    put(toys, 5)
    _, out, err = start("--once").ended()
    secret = (tmp_path / "data" / "keys" / "log").read_text().split("\n")[1]
    with psycopg.connect(database_url) as connection:
        for schema, table in connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall():
            row = connection.execute(
                f'SELECT count(*) FROM "{schema}"."{table}" AS t WHERE t::text LIKE %s', [f"%{secret}%"]
            ).fetchone()
            assert row == (0,), table
    assert secret not in out + err


def test_before_anything_was_sealed_there_is_no_key_to_show(start):
    code, _, err = start("--show-key").ended()
    assert code == 2
    assert "nothing was sealed yet" in err


def test_a_halted_sealer_never_unhalts_itself(toys, sealer, superuser):
    put(toys, 5)
    size = sealer.seal_all().size
    superuser.run(
        f"CREATE TABLE public.away AS SELECT * FROM ledger.events WHERE position = {size}",
        f"DELETE FROM ledger.events WHERE position = {size}",
    )
    with pytest.raises(Halted):
        sealer.look()
    superuser.run("INSERT INTO ledger.events SELECT * FROM public.away")
    for _ in range(2):
        with pytest.raises(Halted, match="is halted"):
            sealer.open()
    superuser.run("UPDATE seal.standing SET halted = NULL")
    with pytest.raises(Halted, match="is halted"):
        sealer.open()
    other = Sealer(sealer.database_url, sealer.things)
    with pytest.raises(Halted, match="is halted"):
        other.open()
