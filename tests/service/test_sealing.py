"""The sealer over a real ledger: what it signs, and what makes it go no further."""

import itertools
import json
import signal
import subprocess
import sys

import psycopg
import pytest

from dealreg.proof.note import checkpoint_body, signed_note, vkey
from dealreg.proof.tiles import full_tiles, tile_of
from dealreg.proof.tree import Tree
from dealreg.proof.verify import parse_checkpoint, parse_vkey, signed_by, verify_consistency
from dealreg.service.sealing.halting import Halted, NotOurs, Occupied
from dealreg.service.sealing.leaves import leaf_of, text_of
from dealreg.service.sealing.patrolling import Patrol
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.token_key import BadKey
from tests.fix_ledger import Put, ask

FORGE = """
INSERT INTO ledger.events (position, originator_id, originator_version, topic, state, recorded_at, recorded_by)
SELECT {position}, gen_random_uuid(), 1, topic, state, {at}, recorded_by FROM ledger.events WHERE position = 1
"""


def put(toys, count, name="p"):
    """So many facts, a hundred to a save."""
    for start in range(0, count, 100):
        numbers = range(start, min(start + 100, count))
        toys.decide_batch([ask(Put(shelf=f"{name}{number % 7}"), f"{name}-{number}") for number in numbers])


def entries(sealer):
    return [entry for found in sealer.tables.walk(1, sealer.tables.head()) for entry in found]


def reopened(sealer):
    """The same sealer after a start."""
    sealer.close()
    sealer.open()
    return sealer


def _everything(sealer):
    """All that a sealer looks at, at a start and while it runs."""
    sealer.open()
    sealer.seal_all()
    patrol = Patrol(sealer)
    while patrol.position <= sealer.own.size:
        patrol.step()


def refuses(sealer, words):
    """It halts with these words, says so in both places, and does not go on when it is started again."""
    with pytest.raises(Halted, match=words):
        _everything(sealer)
    own = sealer.memory.read()
    assert own is not None
    assert own.halted is not None
    with psycopg.connect(sealer.database_url) as connection:
        told = connection.execute("SELECT halted FROM seal.standing WHERE origin = %s", [own.origin]).fetchone()
    assert told == (own.halted,)
    with pytest.raises(Halted, match="seal --restored"):
        sealer.open()


def test_a_checkpoint_signs_the_tree_over_every_row(toys, sealer, signer):
    put(toys, 5)
    own = sealer.seal_all()
    found = entries(sealer)
    assert own.size == len(found) == found[-1].position
    said = parse_checkpoint(own.note)
    assert said.root == Tree.of(map(leaf_of, found)).root()
    assert signed_by(said.note, parse_vkey(vkey(signer)))
    newest = sealer.tables.newest(own.origin)
    assert (newest.size, newest.note) == (own.size, own.note)


def test_a_leaf_is_lines_that_anybody_can_hash(toys, sealer):
    put(toys, 1)
    first = entries(sealer)[0]
    lines = text_of(first).decode().split("\n")
    assert lines[:4] == ["dealreg/event/v1", "1", str(first.stream), "1"]
    assert lines[4] == f"{first.recorded_at:%Y-%m-%dT%H:%M:%S.%fZ}"
    assert lines[5:7] == ["dealreg_owner", "audit.migrated.v1"]
    assert lines[8:] == [""]


def test_every_checkpoint_extends_the_one_before_and_full_tiles_are_kept(toys, sealer):
    sizes = []
    for count in (3, 300, 1, 600):
        put(toys, count, f"{count}-")
        own = sealer.seal_all()
        sizes.append((own.size, bytes.fromhex(own.root)))
    for (size1, root1), (size2, root2) in itertools.pairwise(sizes):
        verify_consistency(size1, size2, root1, root2, sealer.tree.consistency(size1, size2))
    kept = dict(sealer.tables.tiles(own.origin))
    assert set(kept) == set(full_tiles(0, own.size))
    assert len(kept) >= 3
    assert all(tile_of(sealer.tree, tile) == hashes for tile, hashes in kept.items())


def test_a_backlog_is_sealed_in_batches_and_nothing_new_signs_nothing(toys, sealer):
    put(toys, 50)
    sealer.batch = 10
    own = sealer.seal_all()
    published = [one.size for one in sealer.tables.checkpoints(own.origin)]
    assert len(published) == -(-own.size // 10)
    assert published[-1] == own.size
    assert sealer.seal() is own
    assert [one.size for one in sealer.tables.checkpoints(own.origin)] == published


def test_what_is_new_is_found_without_reading_the_whole_table(toys, sealer):
    put(toys, 300)
    text = "EXPLAIN SELECT * FROM ledger.events WHERE position >= 300 ORDER BY position LIMIT 8192"
    plan = "\n".join(row[0] for row in sealer.tables.connection.execute(text))
    assert "Index Scan using events_pkey" in plan
    assert "Sort" not in plan


def test_a_start_rebuilds_the_same_tree(toys, sealer):
    put(toys, 700)
    before = sealer.seal_all()
    reopened(sealer)
    assert sealer.own == before
    assert sealer.tree.root().hex() == before.root
    put(toys, 3, "after")
    assert sealer.seal_all().size == before.size + 3


def test_only_one_sealer_has_the_turn(toys, sealer, things):
    with pytest.raises(Occupied):
        Sealer(sealer.database_url, things).open()
    sealer.close()
    with Sealer(sealer.database_url, things) as second:
        assert second.seal_all().size == second.tables.head()


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        ("DELETE FROM ledger.events WHERE position = 4", "position 4, which is gone|the fact at position 4"),
        ("DELETE FROM ledger.events WHERE position > 10", "position 11"),
        (
            "DELETE FROM ledger.events WHERE originator_id = (SELECT originator_id FROM ledger.events WHERE position = 9)",
            "is not there any more",
        ),
        ("TRUNCATE ledger.events", "position 1 is not there"),
    ],
)
def test_requirement_02_what_was_sealed_and_removed_halts_the_sealer(toys, sealer, superuser, attack, words):
    put(toys, 20)
    sealer.seal_all()
    sealer.close()
    superuser.run(attack)
    refuses(sealer, words)


def test_requirement_02_a_tail_cut_off_and_written_anew_halts_a_sealer_that_never_stopped(
    toys, sealer, superuser, dispatch_for, database_url
):
    put(toys, 20)
    size = sealer.seal_all().size
    superuser.run("DELETE FROM ledger.events WHERE position > %s" % (size - 3))
    with pytest.raises(Halted, match=f"position {size}, which is gone"):
        sealer.look()


def test_requirement_02_a_tail_replaced_before_anybody_looked_is_seen_by_its_last_fact(toys, sealer, superuser):
    put(toys, 20)
    size = sealer.seal_all().size
    superuser.run(
        f"DELETE FROM ledger.events WHERE position = {size}", FORGE.format(position=size, at="clock_timestamp()")
    )
    put(toys, 3, "after")
    with pytest.raises(Halted, match=f"position {size} .*is not what was sealed"):
        sealer.look()


@pytest.mark.parametrize(
    "change",
    [
        "state = state || ' '", "topic = 'shelf_counted.v1'", "recorded_at = recorded_at - interval '1 microsecond'",
        "recorded_by = 'dealreg'", "salt = sha256(salt)", "originator_id = gen_random_uuid()", "originator_version = 4711",
    ],
)  # fmt: skip
def test_requirement_01_an_edit_of_a_sealed_fact_is_found_by_the_patrol(toys, sealer, superuser, change):
    put(toys, 300)
    sealer.seal_all()
    sealer.close()
    superuser.run(f"UPDATE ledger.events SET {change} WHERE position = 77")
    refuses(sealer, "the fact at position 77 .*is not what was sealed")


def test_rows_and_tiles_rewritten_together_do_not_fit_the_root_on_the_own_disk(toys, sealer, superuser):
    put(toys, 300)
    sealer.seal_all()
    sealer.close()
    superuser.run("UPDATE ledger.events SET state = state || ' ' WHERE position = 77")
    tables = sealer
    tables.open()
    found = Tree.of(map(leaf_of, entries(tables)))
    tables.close()
    hashes = b"".join(found.leaf(at) for at in range(256))
    superuser.run("UPDATE seal.tiles SET hashes = %s WHERE level = 0 AND tile = 0", parameters=[hashes])
    refuses(sealer, "fit each other, and not the root that was signed")


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (
            "UPDATE seal.tiles SET hashes = sha256('') || substr(hashes, 33) WHERE level = 0 AND tile = 1",
            "fact at position 257",
        ),
        ("DELETE FROM seal.tiles WHERE level = 0 AND tile = 0", "tile/0/001 of the database is not one"),
        ("DELETE FROM seal.tiles WHERE level = 0 AND tile = 1", "tile/0/001 of the database is gone"),
        (
            "INSERT INTO seal.tiles SELECT origin, level, 99, hashes FROM seal.tiles LIMIT 1",
            "tile/0/099 of the database is not one",
        ),
        ("DELETE FROM seal.checkpoints WHERE size = (SELECT min(size) FROM seal.checkpoints)", None),
        (
            "UPDATE seal.checkpoints SET root = sha256(root) WHERE size = (SELECT min(size) FROM seal.checkpoints)",
            "root that was never signed",
        ),
        (
            "UPDATE seal.checkpoints SET note = replace(note, '— ', '— x') WHERE size = (SELECT min(size) FROM seal.checkpoints)",
            "no signature",
        ),
        (
            "INSERT INTO seal.checkpoints SELECT origin, size + 1, root, note FROM seal.checkpoints ORDER BY size DESC LIMIT 1",
            "never signed here",
        ),
    ],
)
def test_what_was_changed_in_the_tables_of_the_seal_is_found_at_a_start(toys, sealer, superuser, attack, words):
    put(toys, 100)
    sealer.seal_all()
    put(toys, 500, "more")
    sealer.seal_all()
    sealer.close()
    superuser.run(attack)
    if words is None:  # An old checkpoint that is gone takes no proof away; who kept it can still show it.
        sealer.open()
    else:
        refuses(sealer, words)


def test_a_checkpoint_forged_with_the_stolen_key_while_it_runs_halts_it(toys, sealer, signer, superuser):
    put(toys, 10)
    own = sealer.seal_all()
    forged = signed_note(checkpoint_body(own.origin, own.size + 1, b"\1" * 32), [signer])
    superuser.run(
        "INSERT INTO seal.checkpoints VALUES (%s, %s, %s, %s)",
        parameters=[own.origin, own.size + 1, b"\1" * 32, forged],
    )
    put(toys, 3, "after")
    with pytest.raises(Halted, match="newest checkpoint in the database"):
        sealer.seal_all()


def test_a_gap_in_the_positions_halts(toys, sealer, superuser):
    put(toys, 3)
    size = sealer.seal_all().size
    superuser.run(FORGE.format(position=size + 2, at="clock_timestamp()"))
    with pytest.raises(Halted, match=f"position {size + 1} is empty"):
        sealer.seal_all()


def test_requirement_06_recorded_time_that_falls_halts(toys, sealer, superuser):
    put(toys, 3)
    size = sealer.seal_all().size
    superuser.run(FORGE.format(position=size + 1, at="clock_timestamp() - interval '1 hour'"))
    with pytest.raises(Halted, match=f"position {size + 1} .*recorded time never falls"):
        sealer.seal_all()


def test_requirement_06_the_ledger_refuses_a_clock_that_was_set_back(toys, sealer, superuser):
    """The server's clock is not the test's to set; a fact from the future is the same to it."""
    put(toys, 3)
    size = sealer.seal_all().size
    superuser.run(FORGE.format(position=size + 1, at="clock_timestamp() + interval '1 hour'"))
    with pytest.raises(Exception, match="the clock of the database is behind the ledger"):
        put(toys, 1, "after")
    assert sealer.seal_all().size == size + 1


def test_a_memory_older_than_the_database_halts(toys, sealer):
    put(toys, 3)
    sealer.seal_all()
    older = sealer.memory.path.read_bytes()
    put(toys, 3, "more")
    sealer.seal_all()
    sealer.memory.path.write_bytes(older)
    sealer.close()
    refuses(sealer, "was never signed here")


def test_a_memory_that_is_gone_or_anothers_or_no_memory_changes_nothing(toys, sealer, things):
    put(toys, 3)
    sealer.seal_all()
    sealer.close()
    kept = things.state.read_bytes()
    things.state.unlink()
    with pytest.raises(NotOurs, match="SEALER_STATE"):
        sealer.open()
    things.state.write_text("{")
    with pytest.raises(NotOurs, match="is no state of a sealer"):
        sealer.open()
    things.state.write_text(json.dumps({**json.loads(kept), "origin": "another.example/log"}))
    with pytest.raises(NotOurs, match="LOG_ORIGIN"):
        sealer.open()
    things.state.write_bytes(kept)
    sealer.open()
    assert sealer.tables.halted(sealer.own.origin) is None


def test_a_key_that_is_another_or_gone_or_open_to_others_is_refused(toys, sealer, things):
    put(toys, 3)
    sealer.seal_all()
    sealer.close()
    key = things.keys / "log"
    kept = key.read_bytes()
    key.chmod(0o644)
    with pytest.raises(BadKey, match="chmod 600"):
        sealer.open()
    key.unlink()
    with pytest.raises(NotOurs, match="put it back"):
        sealer.open()
    assert not key.exists(), "a lost key is never replaced by itself"
    Sealer(sealer.database_url, type(things)(things.state.with_name("other.json"), things.keys))
    from dealreg.service.token_key import read_or_make

    read_or_make(key)
    with pytest.raises(NotOurs, match="another key"):
        sealer.open()
    key.write_bytes(kept)
    sealer.open()


def test_the_key_and_the_memory_are_for_their_owner_alone(sealer, things):
    assert (things.keys / "log").stat().st_mode & 0o777 == 0o600
    assert things.state.stat().st_mode & 0o777 == 0o600


DYING = """
import os, signal, sys
from pathlib import Path
from dealreg.service.sealing import sealer as module
from dealreg.service.sealing.own_state import Memory
from dealreg.service.sealing.tables import Tables
from dealreg.service.sealing.things import Things

step = sys.argv[1]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class DyingMemory(Memory):
    def keep(self, state):
        if state.size and step == "before keeping":
            die()
        if state.size and step == "in the draft":
            self.path.with_name(f".{self.path.name}.draft").write_text("half")
            die()
        super().keep(state)
        if state.size and step == "after keeping":
            die()

class DyingTables(Tables):
    def publish(self, origin, made, tiles):
        if step == "in the transaction":
            begin = self.connection.transaction()
            begin.__enter__()
            super().publish(origin, made, tiles)
            die()
        super().publish(origin, made, tiles)
        if step == "after publishing":
            die()

class Dying(module.Sealer):
    @property
    def memory(self):
        return DyingMemory(self.things.state)

module.Tables = DyingTables
dying = Dying(sys.argv[2], Things(Path(sys.argv[3]), Path(sys.argv[4]), sys.argv[5]))
dying.open()
dying.look()
if step == "after reading":
    die()
dying.seal()
"""


@pytest.mark.parametrize(
    "step",
    ["after reading", "before keeping", "in the draft", "after keeping", "in the transaction", "after publishing"],
)
def test_a_sealer_killed_at_any_step_goes_on_with_one_history(toys, sealer, things, step):
    put(toys, 300)
    before = sealer.seal_all()
    put(toys, 300, "more")
    sealer.close()
    done = subprocess.run(
        [sys.executable, "-c", DYING, step, sealer.database_url, things.state, things.keys, str(things.origin)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    _wait_for_turn(sealer)
    remembered = sealer.memory.read()
    assert sealer.own == remembered
    put(toys, 3, "after")
    own = sealer.seal_all()
    assert own.size == sealer.tables.head()
    for one in sealer.tables.checkpoints(own.origin):
        assert sealer.tree.root(one.size) == one.root
    assert before.size in {one.size for one in sealer.tables.checkpoints(own.origin)}
    assert set(dict(sealer.tables.tiles(own.origin))) == set(full_tiles(0, own.size))
    reopened(sealer)


def _wait_for_turn(sealer):
    """The server notices a killed client a moment later."""
    for _ in range(200):
        try:
            sealer.open()
        except Occupied:
            subprocess.run(["sleep", "0.05"], check=True)
        else:
            return
    pytest.fail("the killed sealer's turn was never free")
