"""Sealed facts were lost: a restored backup or a promoted standby is noticed, and only an operator goes on, in the open."""

import itertools
import json
import os
import subprocess
import sys
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from dealreg.proof.tree import Tree
from dealreg.service.ledger.audit_facts import LogRestored
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.sealing.halting import Halted, NotOurs, Occupied
from dealreg.service.sealing.leaves import leaf_of
from dealreg.service.sealing.restoring import NothingLost, restore
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.sealing.standing import seal_standing
from dealreg.service.sealing.waiting import Seals
from tests.fix_ledger import SHELF, TOY_NAMES, Put, ask, decide, home, home_kind
from tests.fix_sealing import ORIGIN

_numbers = itertools.count(1)


def put(toys, count, name="p"):
    toys.decide_batch([ask(Put(shelf=f"{name}{number % 7}"), f"{name}-{number}") for number in range(count)])


@pytest.fixture
def backup(servers, database_url):
    """A copy of this test's database as it is now, as a backup or a standby has it; its address."""
    name = str(conninfo_to_dict(database_url)["dbname"])
    made = []

    def copy():
        with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", [name])
            made.append(f"{name}_backup_{next(_numbers)}")
            admin.execute(
                sql.SQL("CREATE DATABASE {} OWNER dealreg TEMPLATE {}").format(
                    sql.Identifier(made[-1]), sql.Identifier(name)
                )
            )
        return servers.postgres.url(made[-1])

    yield copy
    with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as admin:
        for one in made:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(one)))


@pytest.fixture
def toys_on(dispatch_for):
    """The toy domain over another database."""
    opened = []

    def make(address):
        opened.append(Ledger(address, names=TOY_NAMES))
        return dispatch_for(opened[-1], decide=decide, home=home, home_kind=home_kind, aggregates={"shelf": SHELF})

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def history(sealer, toys_on):
    """More facts, without a checkpoint or with one."""

    def go_on(name, count, *, seal=True):
        put(toys_on(sealer.database_url), count, name)
        return sealer.seal_all() if seal else None

    return go_on


@pytest.fixture
def lost(sealer, history, backup):
    """The address of a backup whose newest checkpoint is ``kept``, and what the sealer signed last."""
    history("first", 300)
    kept = history("second", 300).size
    history("unsealed", 7, seal=False)
    sealer.close()
    address = backup()
    sealer.open()
    last = history("lost", 20)
    sealer.close()
    return address, kept, last


def remembered(sealer):
    own = sealer.memory.read()
    assert own is not None
    return own


def test_requirement_07_restore_of_an_old_backup_is_noticed(lost, things):
    address, _, last = lost
    restored = Sealer(address, things)
    with pytest.raises(Halted, match="is not there any more"):
        restored.open()
    own = remembered(restored)
    assert "is not there any more" in str(own.halted)
    assert own.size == last.size
    with pytest.raises(Halted, match="seal --restored REASON"):
        restored.open()


def test_what_is_recorded_in_the_place_of_what_was_lost_is_not_called_sealed(lost, things, toys_on):
    """The halted sealer remembers a size that the database does not reach any more; whoever starts then hears of the checkpoint there."""
    address, kept, last = lost
    with pytest.raises(Halted):
        Sealer(address, things).open()
    toys = toys_on(address)
    put(toys, 10, "other")
    seals = Seals(address, 3.0)
    try:
        assert seals.covers(kept)
        assert not seals.covers(kept + 1)
        assert not seals.wait(last.size)
    finally:
        seals.close()
    assert seal_standing(toys.ledger).unsealed == 17


def test_one_memory_does_not_serve_two_databases_at_once(lost, things, sealer):
    """A promoted standby beside the old primary: each gives a turn, and the two logs would have two roots of one size."""
    address, _, last = lost
    sealer.open()
    with pytest.raises(Occupied, match="another database"):
        Sealer(address, things).open()
    with pytest.raises(Occupied, match="another database"):
        restore(address, things, by="operator", reason="promoted")
    assert remembered(sealer) == last
    sealer.close()
    with pytest.raises(Halted):
        Sealer(address, things).open()
    restore(address, things, by="operator", reason="promoted")


def test_requirement_07_a_backup_that_went_on_is_noticed_as_well(lost, things, toys_on):
    """It has as many facts again, and other ones."""
    address, _, _ = lost
    put(toys_on(address), 40, "other")
    restored = Sealer(address, things)
    with pytest.raises(Halted, match="fit each other, and not the root that was signed"):
        restored.open()


def test_an_operator_goes_on_from_what_stands_under_a_new_origin(lost, things, toys_on):
    address, kept, last = lost
    toys = toys_on(address)
    made = restore(address, things, by="operator-1", reason="the disk of the database broke")
    assert (made.old_origin, made.size, made.kept) == (ORIGIN, last.size, kept)
    assert made.origin == f"{ORIGIN}/restored-2"
    row = next(row for row in toys.ledger.notifications(0) if row.topic == LogRestored.NAME)
    recorded = toys.ledger.read(row)
    assert recorded.meta.reason == "the disk of the database broke"
    assert recorded.meta.actor.subject == "operator-1"
    said = recorded.event
    assert (said.origin, said.old_origin, said.size, said.root, said.kept) == (
        made.origin,
        ORIGIN,
        last.size,
        last.root,
        kept,
    )
    with Sealer(address, things) as sealer:
        own = sealer.seal_all()
        entries = [entry for found in sealer.tables.walk(1, own.size) for entry in found]
        assert Tree.of(map(leaf_of, entries)).root().hex() == own.root
        assert own.size == row.position == len(entries)
        assert [former.note for former in own.formers] == [last.note]
        old = sealer.tables.newest(ORIGIN)
        assert old is not None
        assert old.size == kept
        assert sealer.tree.root(kept) == old.root, "up to there the new log is the old one"
        assert sealer.tables.halted(ORIGIN) is None
        put(toys, 5, "after")
        assert sealer.seal_all().size == own.size + 5
    with Sealer(address, things) as again:
        assert again.own.origin == made.origin


def test_done_again_after_a_crash_it_is_recorded_once(lost, things, toys_on):
    address, _, _ = lost
    before = things.state.read_bytes()
    first = restore(address, things, by="operator", reason="lost")
    things.state.write_bytes(before)
    again = restore(address, things, by="operator", reason="lost")
    assert again == replace(first, recorded=first.recorded + 1)
    facts = [row for row in toys_on(address).ledger.notifications(0) if row.topic == LogRestored.NAME]
    assert len(facts) == 1


def test_a_second_loss_goes_on_from_the_second_origin(lost, things, superuser, toys_on):
    address, _, _ = lost
    restore(address, things, by="operator", reason="lost")
    with Sealer(address, things) as sealer:
        sealer.seal_all()
        sealer.halt("something else")
    made = restore(address, things, by="operator", reason="lost again")
    assert (made.old_origin, made.origin) == (f"{ORIGIN}/restored-2", f"{ORIGIN}/restored-3")
    with Sealer(address, things) as sealer:
        assert [former.origin for former in sealer.seal_all().formers] == [ORIGIN, f"{ORIGIN}/restored-2"]


def test_nothing_that_stands_is_given_up(sealer, history, things):
    history("first", 10)
    with pytest.raises(Occupied):
        restore(sealer.database_url, things, by="operator", reason="to be sure")
    sealer.close()
    with pytest.raises(NothingLost, match="holds all that"):
        restore(sealer.database_url, things, by="operator", reason="to be sure")
    sealer.open()
    assert sealer.own.origin == ORIGIN


def test_an_edited_fact_leaves_what_was_sealed_before_it(sealer, history, things, superuser):
    sizes = [history(name, 50).size for name in ("a", "b", "c")]
    sealer.close()
    superuser.run(f"UPDATE ledger.events SET state = state || ' ' WHERE position = {sizes[1] + 1}")
    made = restore(sealer.database_url, things, by="operator", reason="tampered with, see case 12")
    assert (made.kept, made.size) == (sizes[1], sizes[2])


def test_a_hole_in_the_positions_is_not_sealed(sealer, history, things, superuser):
    history("a", 50)
    sealer.close()
    superuser.run("DELETE FROM ledger.events WHERE position = 20")
    with pytest.raises(Halted):
        sealer.open()
    with pytest.raises(NotOurs, match=r"no fact at position 20, .*put the fact back from a backup"):
        restore(sealer.database_url, things, by="operator", reason="gone")
    assert remembered(sealer).origin == ORIGIN


def test_a_sealer_that_lost_its_disk_goes_on_as_a_new_log(sealer, history, things):
    own = history("a", 50)
    sealer.close()
    things.state.unlink()
    made = restore(sealer.database_url, things, by="operator", reason="the sealer's disk broke")
    assert (made.old_origin, made.size, made.kept) == (ORIGIN, own.size, own.size)
    sealer.open()
    assert sealer.seal_all().size == own.size + 1
    assert [key.file for key in sealer.own.keys] == ["log-2"], "which key signed last is forgotten with the disk"


def test_where_there_was_never_a_log_there_is_nothing_to_restore(database_url, things):
    with pytest.raises(NotOurs, match="neither"):
        restore(database_url, things, by="operator", reason="?")


def test_the_verb_restores_and_seals(lost, things, tmp_path):
    address, kept, last = lost
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "DEALREG_DATA": str(tmp_path),
        "SEALER_STATE": str(things.state),
        "LOG_KEYS": str(things.keys),
    }

    def seal(*words):
        command = [sys.executable, "-m", "dealreg", "seal", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert seal("--once").returncode == 1
    assert seal("--restored", " ").returncode == 2
    done = seal("--restored", "the disk broke", "--subject", "ops-1", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["kept"], told["size"], told["old_origin"]) == (kept, last.size, ORIGIN)
    assert told["sealed"] == told["recorded"] + 1
    assert seal("--once").returncode == 0
    assert seal("--restored", "again").returncode == 1
