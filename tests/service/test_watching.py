"""Direct changes to data raise an alarm within seconds, even of rows that are not sealed (audit 4.5, requirement 20)."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from dealreg.service.guarding.superuser import WATCHER
from dealreg.service.ledger.audit_facts import Change, TamperingSeen
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.watching import own_state
from dealreg.service.watching.changes import Changed, Transaction
from dealreg.service.watching.judging import Judge
from dealreg.service.watching.slot import NotPossible
from dealreg.service.watching.watcher import Watcher
from tests import fix_ledger as toy
from tests.fix_postgres import as_superuser, past_the_door
from tests.service.test_sealing_metrics import figures, firing

PATIENCE_SECONDS = 60


@pytest.fixture
def superuser(database_url):
    """Triggers off, as somebody who means it would."""
    with psycopg.connect(as_superuser(database_url), autocommit=True) as connection:
        connection.execute(WATCHER)
        connection.execute("SET session_replication_role = replica")
        yield connection


@pytest.fixture
def slot(superuser):
    """Slots belong to the server: a name of this test's own."""
    return f"watch_{superuser.info.dbname}"


@pytest.fixture
def watching(database_url):
    """A connection as the watcher has it."""
    with psycopg.connect(database_url, autocommit=True, options="-c role=dealreg_watcher") as connection:
        yield connection


@pytest.fixture
def watcher(watching, slot, tmp_path, toys):
    """Watching since before the first fact; three facts of business then."""
    made = Watcher(watching, slot, tmp_path / "state.json")
    made.look()
    for number in range(3):
        toys.decide_batch([toy.ask(toy.Put(shelf="a"), f"put-{number}")])
    made.look()
    assert made.alarms.raised == 0
    return made


def seen(ledger):
    """The alarms that are facts, in order."""
    rows = ledger.notifications(0, 10_000)
    return [ledger.read(row).event for row in rows if row.topic == TamperingSeen.NAME]


def off(superuser, table):
    superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


TAMPERING = {
    "update": ("UPDATE ledger.events SET state = '{{}}' WHERE position = {n}", Change.UPDATE, "position {n};"),
    "delete the newest": ("DELETE FROM ledger.events WHERE position = {n}", Change.DELETE, "position {n};"),
    "delete many": ("DELETE FROM ledger.events WHERE position > {n} - 3", Change.DELETE, "position {m} to {n};"),
    "move": ("UPDATE ledger.events SET position = {n} + 5 WHERE position = {n}", Change.UPDATE, "position {n} to {k};"),
    "truncate": ("TRUNCATE ledger.events", Change.TRUNCATE, "all rows;"),
    "insert past the head": (
        "INSERT INTO ledger.events SELECT {n} + 2, gen_random_uuid(), 1, 'x.v1', '', now(), 'me'",
        Change.INSERT,
        "position {j} after {n};",
    ),
    "insert dated before the last": (
        "INSERT INTO ledger.events SELECT {n} + 1, gen_random_uuid(), 1, 'x.v1', '', max(recorded_at) - interval '1 ms', 'me' FROM ledger.events",
        Change.INSERT,
        "position {i} dated",
    ),
    "insert back-dated": (
        "INSERT INTO ledger.events SELECT {n} + 1, gen_random_uuid(), 1, 'x.v1', '', now() - interval '1 day', 'me'",
        Change.INSERT,
        "position {i} dated",
    ),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_requirement_20_a_direct_change_of_the_ledger_is_an_alarm(watcher, superuser, toy_ledger, how):
    """With every trigger off and as a replica: seen by the next look, before anything is sealed; in the log and as a fact."""
    statement, change, where = TAMPERING[how]
    n = toy_ledger.head()
    numbers = {"n": n, "m": n - 2, "i": n + 1, "j": n + 2, "k": n + 5}
    off(superuser, "ledger.events")
    superuser.execute(statement.format(**numbers))
    with capture_logs() as logs:
        watcher.look()
    said = [line for line in logs if line["event"] == "tampering_seen"]
    assert [(line["log_level"], line["change"], line["table"]) for line in said] == [
        ("critical", change, "ledger.events")
    ]
    assert said[0]["where"].startswith(where.format(**numbers)), said
    fact = seen(toy_ledger)[-1]
    assert (fact.change, fact.table, fact.where) == (change, "ledger.events", said[0]["where"])


def test_requirement_20_a_row_between_the_last_fact_and_now_is_judged_by_its_commit():
    """An idle ledger leaves room for a date after its last fact; no save of ours is open for more than a minute, but a migration."""
    last = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)

    def judged(dated, committed, topic="x.v1"):
        new = {"position": "8", "recorded_at": dated.isoformat(), "topic": topic}
        fact = Changed(Change.INSERT, "ledger.events", new=new)
        return bool(Judge(7, last).alarms(Transaction(1, committed, 2, (fact,))))

    hour, minute, moment = timedelta(hours=1), timedelta(minutes=1), timedelta(microseconds=1)
    assert not judged(last + hour, last + hour + minute)
    assert judged(last + hour, last + hour + minute + moment)
    assert not judged(last + hour, last + 2 * hour, "audit.migrated.v1")
    assert not judged(last + hour, last + hour - timedelta(seconds=2))
    assert judged(last + hour, last + hour - timedelta(seconds=2) - moment)
    assert not judged(last, last + moment), "facts of one save have one instant"
    assert judged(last - moment, last + moment)


def test_requirement_20_a_row_of_tomorrow_stops_the_ledger_and_is_said_all_the_same(watcher, superuser, toy_ledger):
    """Nothing is recorded behind it, the alarm neither: that is in the log, and the watcher stays at the place until it can."""
    off(superuser, "ledger.events")
    row = (
        "SELECT max(position) + 1, gen_random_uuid(), 1, 'x.v1', '', now() + interval '1 day', 'me' FROM ledger.events"
    )
    superuser.execute(f"INSERT INTO ledger.events {row}")
    for _ in range(2):
        with capture_logs() as logs, pytest.raises(NotPossible, match=r"cannot be recorded .*clock of the database"):
            watcher.look()
    assert logs == [], "said once"
    superuser.execute("DELETE FROM ledger.events WHERE topic = 'x.v1'")
    watcher.look()
    assert [fact.change for fact in seen(toy_ledger)] == [Change.INSERT, Change.DELETE]


SEALED = {
    "seal.checkpoints": "INSERT INTO seal.checkpoints (origin, size, root, note) VALUES ('o', 1, sha256(''), 'n')",
    "seal.tiles": "INSERT INTO seal.tiles VALUES ('o', 0, 0, repeat('x', 8192)::bytea)",
    "seal.cosignatures": "INSERT INTO seal.cosignatures VALUES ('o', 1, 'w', 'l', now())",
    "seal.tokens": "INSERT INTO seal.tokens VALUES ('o', 1, 'a', 't', now())",
}


@pytest.mark.parametrize("table", SEALED)
def test_requirement_20_a_direct_change_of_the_seal_is_an_alarm(watcher, superuser, toy_ledger, table):
    off(superuser, table)
    superuser.execute(SEALED[table])
    watcher.look()
    assert seen(toy_ledger) == [], "what is new is legitimate"
    for one in SEALED:
        off(superuser, one)
    for statement in (f"UPDATE {table} SET origin = 'p'", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        superuser.execute(statement)
    watcher.look()
    changes = {(fact.table, fact.change) for fact in seen(toy_ledger)}
    assert {(table, change) for change in (Change.UPDATE, Change.DELETE, Change.TRUNCATE)} <= changes


def test_the_standing_of_the_sealer_may_change(watcher, superuser, toy_ledger):
    superuser.execute("INSERT INTO seal.standing VALUES ('o', 1, now(), NULL)")
    superuser.execute("UPDATE seal.standing SET size = 2")
    watcher.look()
    assert seen(toy_ledger) == []
    superuser.execute("DELETE FROM seal.standing")
    watcher.look()
    assert [fact.table for fact in seen(toy_ledger)] == ["seal.standing"]


def test_requirement_20_a_personal_value_goes_only_with_the_fact_that_says_so(watcher, superuser, toy_ledger):
    keep = "INSERT INTO personal.held (ref, subject, value, salt) VALUES (gen_random_uuid(), 's', 'v', '') RETURNING ref::text"
    said, unsaid, changed = (superuser.execute(keep).fetchone()[0] for _ in range(3))
    with superuser.transaction():
        superuser.execute("DELETE FROM personal.held WHERE ref = %s", [said])
        state = json.dumps({"meta": {}, "data": {"refs": [said]}})
        superuser.execute(
            "SELECT ledger.append_audit(ARRAY[gen_random_uuid()], '{1}', '{audit.subject_erased.v1}', ARRAY[convert_to(%s, 'UTF8')])",
            [state],
        )
    watcher.look()
    assert watcher.alarms.raised == 0
    with superuser.transaction():
        superuser.execute("DELETE FROM personal.held WHERE ref = %s", [unsaid])
        superuser.execute(
            "SELECT ledger.append_audit(ARRAY[gen_random_uuid()], '{1}', '{audit.subject_erased.v1}', ARRAY[convert_to(%s, 'UTF8')])",
            [state],
        )
    superuser.execute("UPDATE personal.held SET value = 'other' WHERE ref = %s", [changed])
    superuser.execute("DELETE FROM personal.held")
    watcher.look()
    rows = [
        json.loads(bytes(row.state))["data"]
        for row in toy_ledger.notifications(0, 10_000)
        if row.topic == TamperingSeen.NAME
    ]
    assert [(row["change"], row["where"].split(";")[0]) for row in rows] == [
        ("delete", f"ref {unsaid}"),
        ("update", f"ref {changed}"),
        ("delete", f"ref {changed}"),
    ]


def test_requirement_20_a_hold_comes_and_goes_only_with_the_fact_that_says_so(watcher, superuser, toy_ledger):
    """Taken away by hand, it would let through an erasure whose facts look right."""

    def said(topic):
        superuser.execute(
            "SELECT ledger.append_audit(ARRAY[gen_random_uuid()], '{1}', ARRAY[%s], ARRAY['{}'::bytea])", [topic]
        )

    place = (
        "INSERT INTO personal.holds (hold, stream, kind, about, folded, matter, reason, placed_by)"
        " VALUES (gen_random_uuid(), gen_random_uuid(), 'program', 'p', 'p', 'm', 'r', 'b') RETURNING hold::text"
    )
    with superuser.transaction():
        superuser.execute(place)
        said("audit.hold_placed.v1")
    with superuser.transaction():
        superuser.execute("DELETE FROM personal.holds")
        said("audit.hold_lifted.v1")
    watcher.look()
    assert watcher.alarms.raised == 0
    hold = superuser.execute(place).fetchone()[0]
    with superuser.transaction():
        superuser.execute("UPDATE personal.holds SET about = 'q'")
        said("audit.hold_placed.v1")
    with superuser.transaction():
        superuser.execute("DELETE FROM personal.holds")
        said("audit.hold_placed.v1")
    watcher.look()
    assert [(fact.change, fact.where.split(";")[0]) for fact in seen(toy_ledger)] == [
        (change, f"hold {hold}") for change in (Change.INSERT, Change.UPDATE, Change.DELETE)
    ]


def test_business_is_no_alarm(watcher, toys, toy_ledger, ledger):
    """Many saves, personal values, a read fact beside: nothing is said."""
    from dealreg.service.personal import seal

    sealed, _ = seal("person:1", "a name")
    for number in range(50):
        toys.decide_batch(
            [toy.ask(toy.Put(shelf=str(number % 7), sender=sealed if number == 3 else None), f"more-{number}")]
        )
    watcher.look()
    assert watcher.alarms.raised == 0
    assert seen(toy_ledger) == []


def test_a_killed_watcher_loses_no_alarm_and_records_it_once(
    watcher, watching, superuser, toys, toy_ledger, slot, tmp_path, monkeypatch
):
    """Killed after the fact and before its own state, after its state and before the slot, and before anything."""
    off(superuser, "ledger.events")
    superuser.execute("UPDATE ledger.events SET recorded_by = 'x' WHERE position = 2")
    toys.decide_batch([toy.ask(toy.Put(shelf="b"), "between")])
    path = tmp_path / "state.json"

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as now:
        now.setattr(watcher.alarms.__class__, "raise_", killed)
        with pytest.raises(KeyboardInterrupt):
            watcher.look()
    assert seen(toy_ledger) == []
    with monkeypatch.context() as now:
        now.setattr(own_state, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            Watcher(watching, slot, path).look()
    with monkeypatch.context() as now:
        now.setattr("dealreg.service.watching.slot.Slot.advance", killed)
        with pytest.raises(KeyboardInterrupt):
            Watcher(watching, slot, path).look()
    Watcher(watching, slot, path).look()
    assert [fact.change for fact in seen(toy_ledger)] == [Change.UPDATE]


def test_many_changes_at_once_are_one_alarm_and_are_read_in_parts(watcher, superuser, toy_ledger, toys, monkeypatch):
    monkeypatch.setattr("dealreg.service.watching.slot.MOST_CHANGES", 5)
    monkeypatch.setattr("dealreg.service.watching.watcher.MOST_CHANGES", 5)
    for number in range(10):
        toys.decide_batch([toy.ask(toy.Put(shelf="b"), f"many-{number}")])
    off(superuser, "ledger.events")
    superuser.execute("UPDATE ledger.events SET recorded_by = 'x'")
    looks = 1
    while watcher.look():
        looks += 1
    assert looks > 1
    assert [fact.where.split(";")[0] for fact in seen(toy_ledger)] == [f"position 1 to {toy_ledger.head() - 1}"]


def test_requirement_20_the_loss_of_the_slot_is_an_alarm(watcher, superuser, toy_ledger, slot):
    superuser.execute("SELECT pg_drop_replication_slot(%s)", [slot])
    off(superuser, "ledger.events")
    superuser.execute("DELETE FROM ledger.events WHERE position = 2")
    watcher.look()
    assert [fact.change for fact in seen(toy_ledger)] == [Change.WATCH_LOST]
    assert "audit verify" in seen(toy_ledger)[0].where
    superuser.execute("DELETE FROM ledger.events WHERE position = 1")
    watcher.look()
    assert [fact.change for fact in seen(toy_ledger)] == [Change.WATCH_LOST, Change.DELETE], "it goes on watching"


def test_requirement_20_a_slot_that_somebody_else_moved_is_an_alarm(watcher, superuser, toy_ledger, slot):
    """Who advances it hides what it skipped; the watcher knows its own place."""
    off(superuser, "ledger.events")
    superuser.execute("DELETE FROM ledger.events WHERE position = 2")
    superuser.execute("SELECT pg_replication_slot_advance(%s, pg_current_wal_flush_lsn())", [slot])
    watcher.look()
    assert [fact.change for fact in seen(toy_ledger)] == [Change.WATCH_LOST]
    assert "moved" in seen(toy_ledger)[0].where


def test_requirement_20_a_publication_that_hears_less_is_an_alarm(watcher, superuser, toy_ledger):
    """Also when it was put back before the next look."""
    superuser.execute("ALTER PUBLICATION dealreg_watched DROP TABLE ledger.events")
    superuser.execute("ALTER PUBLICATION dealreg_watched ADD TABLE ledger.events")
    watcher.look()
    assert [fact.change for fact in seen(toy_ledger)] == [Change.WATCH_LOST]
    watcher.look()
    assert len(seen(toy_ledger)) == 1


def test_watching_that_begins_late_says_so(watching, slot, tmp_path, toys, toy_ledger):
    """On a ledger that holds facts already, nobody saw what was done to them before."""
    toys.decide_batch([toy.ask(toy.Put(shelf="a"), "put")])
    Watcher(watching, slot, tmp_path / "state.json").look()
    assert [fact.change for fact in seen(toy_ledger)] == [Change.WATCH_LOST]


def test_where_nobody_can_watch_it_says_what_to_do(database_url, superuser, watching, slot, tmp_path):
    superuser.execute("ALTER ROLE dealreg_watcher NOREPLICATION")
    try:
        with pytest.raises(NotPossible, match="lacks REPLICATION"):
            Watcher(watching, slot, tmp_path / "state.json").look()
    finally:
        superuser.execute(WATCHER)


def test_a_slot_of_another_reader_is_left_alone(superuser, watching, slot, tmp_path):
    superuser.execute("SELECT pg_create_physical_replication_slot(%s)", [slot])
    with pytest.raises(NotPossible, match="WATCH_SLOT"):
        Watcher(watching, slot, tmp_path / "state.json").look()
    superuser.execute("SELECT pg_drop_replication_slot(%s)", [slot])


def test_requirement_20_the_role_raises_the_alarm_within_seconds(
    watcher, database_url, superuser, toy_ledger, slot, tmp_path
):
    """The process itself, killed with -9 and started again: what was done while it was dead is seen as well."""
    command = [str(Path(sys.executable).with_name("dealreg")), "watch"]
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "WATCH_SLOT": slot,
        "WATCHER_STATE": str(tmp_path / "state.json"),
    }
    off(superuser, "ledger.events")

    def run(until, tamper=None):
        with (tmp_path / "log").open("a") as log, subprocess.Popen(command, env=environment, stderr=log) as process:
            try:
                if tamper:
                    _wait(lambda: "watch_started" in (tmp_path / "log").read_text())
                    superuser.execute(tamper)
                begun = time.monotonic()
                _wait(until)
                return time.monotonic() - begun
            finally:
                process.send_signal(signal.SIGKILL)

    seconds = run(lambda: len(seen(toy_ledger)) == 1, "UPDATE ledger.events SET recorded_by = 'x' WHERE position = 1")
    superuser.execute("DELETE FROM ledger.events WHERE position = 2")
    run(lambda: len(seen(toy_ledger)) == 2)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines() if "tampering_seen" in line]
    assert [line["change"] for line in lines] == ["update", "delete"]
    assert seconds < PATIENCE_SECONDS


def _wait(until):
    end = time.monotonic() + PATIENCE_SECONDS
    while not until():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_verb_looks_once(watcher, database_url, superuser, slot, tmp_path):
    def dealreg():
        command = [str(Path(sys.executable).with_name("dealreg")), "watch", "--once", "--json"]
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "WATCH_SLOT": slot,
            "WATCHER_STATE": str(tmp_path / "state.json"),
        }
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    assert dealreg() == (0, {"alarms": 0})
    off(superuser, "ledger.events")
    superuser.execute("DELETE FROM ledger.events WHERE position = 2")
    assert dealreg() == (1, {"alarms": 1})
    assert dealreg() == (0, {"alarms": 0})


def test_a_forged_row_by_the_owner_who_let_it_through_is_seen(watcher, database_url, toy_ledger):
    """No superuser is needed where the schema is not frozen: the owner can take the door away, and is seen."""
    with psycopg.connect(database_url, autocommit=True, options="-c role=dealreg_owner") as owner, past_the_door(owner):
        owner.execute("INSERT INTO ledger.events VALUES (1000, gen_random_uuid(), 1, 'x.v1', '', now(), 'me')")
    watcher.look()
    assert [fact.change for fact in seen(toy_ledger)] == [Change.INSERT]


def test_an_empty_database_is_watched_from_its_beginning(database_url, superuser, watching, slot, tmp_path):
    with Ledger(database_url) as ledger:
        assert ledger.head() > 0
    Watcher(watching, slot, tmp_path / "state.json").look()
    kept = own_state.read(tmp_path / "state.json")
    assert kept is not None
    assert kept.seen > 0


def test_requirement_20_the_alarm_is_seen_from_outside(seeded, database_url, superuser, watching, slot, tmp_path):
    """Figures, a sentence for people, and two alerts that ship; a watcher that is gone is seen as well."""

    def worries():
        return seeded.client.get("/health/ready").json()["worries"]

    watcher = Watcher(watching, slot, tmp_path / "state.json")
    watcher.look()
    seen_before = figures(seeded)["dealreg_tampering_seen"]
    off(superuser, "ledger.events")
    superuser.execute("UPDATE ledger.events SET recorded_by = 'x' WHERE position = 2")
    watcher.look()
    known = figures(seeded)
    assert known["dealreg_tampering_seen"] == seen_before + 1
    assert known["dealreg_watch_blind"] == 0
    assert "DealregTampering" in firing(seeded)
    assert "audit verify" in worries()["tampering"]
    superuser.execute("INSERT INTO intake.heartbeats VALUES ('watch', 'x', now() - interval '1 hour', '{}')")
    assert "DealregNobodyWatches" in firing(seeded)
    assert "last heard of" in worries()["watch"]
    superuser.execute(
        "UPDATE intake.heartbeats SET at = now(), detail = '{\"why\": \"wal_level is replica\"}' WHERE role = 'watch'"
    )
    assert worries()["watch"] == "wal_level is replica"
    superuser.execute("UPDATE intake.heartbeats SET at = now(), detail = '{\"why\": null}' WHERE role = 'watch'")
    assert "watch" not in worries()
    assert "DealregNobodyWatches" not in firing(seeded)
