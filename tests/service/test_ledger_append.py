"""The one door: ``ledger.append`` (architecture D5, D10, D14, section 5), asked directly and broken in every way it forbids."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from dealreg.service.ledger.errors import Unavailable, Unstorable
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Saved
from dealreg.service.personal import seal
from tests import fix_ledger as toy
from tests.fix_postgres import past_the_door

A, B, C, D = (toy.shelf(name) for name in "abcd")


@pytest.fixture
def save(toy_ledger):
    """``save({stream: versions}, read={stream: version})``: one command's facts."""

    def one(written, read=None):
        facts = [
            toy.fact(stream, version, toy.BoxesPut(boxes=1), toy_ledger)
            for stream, versions in written.items()
            for version in versions
        ]
        return Saved(facts, read or {})

    return one


@pytest.fixture
def own(database_url):
    """A connection of the app's role without the ledger around it."""
    with psycopg.connect(database_url, autocommit=True, options="-c role=dealreg_app") as connection:
        yield connection


@pytest.fixture
def owner(database_url):
    """What an administrator could do, and nobody else."""
    with psycopg.connect(database_url, autocommit=True, options="-c role=dealreg_owner") as connection:
        yield connection


def _append(connection, cmds, ids, versions, *, reads=((), (), ()), topics=None):
    states = [b"{}"] * len(cmds)
    return connection.execute(
        "SELECT before, late FROM ledger.append(%s::int[], %s::uuid[], %s::bigint[], %s::text[], %b::bytea[], %s::int[], %s::uuid[], %s::bigint[])",
        [cmds, ids, versions, topics or ["boxes_put.v2"] * len(cmds), states, *map(list, reads)],
    ).fetchone()


def test_positions_have_no_gaps_under_eight_writers(database_url, toy_ledger):
    """Aborted and late saves included: a reader that has seen position n has seen everything up to n."""
    before = toy_ledger.head()
    stop, seen = threading.Event(), []

    def write(number):
        with Ledger(database_url, names=toy.TOY_NAMES, pool_size=1) as ledger:
            for version in range(1, 31):
                mine = Saved([toy.fact(toy.shelf(f"{number}"), version, toy.BoxesPut(boxes=1), ledger)], {})
                stale = Saved([toy.fact(A, 99, toy.BoxesPut(boxes=1), ledger)], {})
                assert ledger.append([mine, stale]).late == {1}

    def follow():
        at = before
        while not stop.is_set() or toy_ledger.head() > at:
            for row in toy_ledger.notifications(at, 50):
                seen.append(row.position)
                at = row.position

    reader = threading.Thread(target=follow)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    assert seen == list(range(before + 1, before + 241))


def test_a_save_that_is_rolled_back_leaves_no_gap(own, toy_ledger):
    head = toy_ledger.head()
    with own.transaction(force_rollback=True):
        _append(own, [0], [A], [1])
    assert _append(own, [0], [B], [1]) == (head, [])
    assert toy_ledger.head() == head + 1


def test_instants_grow_from_save_to_save_and_are_one_within_a_save(toy_ledger, save):
    for version in range(1, 51):
        toy_ledger.append([save({A: [version]}), save({B: [version]})])
    rows = [row for row in toy_ledger.notifications(0) if row.stream in {A, B}]
    instants = [row.recorded_at for row in rows if row.stream == A]
    assert instants == [row.recorded_at for row in rows if row.stream == B]
    assert all(earlier < later for earlier, later in itertools.pairwise(instants))


def test_instants_grow_even_when_the_clock_stands_still(owner, own, toy_ledger):
    """The newest fact is a second ahead of the clock, as after a step back: less than what is refused."""
    _ahead(owner, seconds=1)
    _append(own, [0], [A], [1])
    newest, saved = [row.recorded_at for row in toy_ledger.notifications(0)][-2:]
    assert saved - newest == timedelta(microseconds=1)
    assert toy_ledger.clock() >= saved, "no decision is made before the newest fact"


def test_a_clock_behind_the_ledger_is_refused(owner, toy_ledger, save):
    _ahead(owner, seconds=4)
    with pytest.raises(Unavailable, match="clock of the database is behind"):
        toy_ledger.append([save({A: [1]})])


def _ahead(owner, *, seconds):
    row = "SELECT max(position) + 1, %s, 1, 'boxes_put.v2', '{}', clock_timestamp() + %s, 'test' FROM ledger.events"
    with past_the_door(owner):
        owner.execute(f"INSERT INTO ledger.events {row}", [uuid4(), timedelta(seconds=seconds)])


@pytest.mark.parametrize("level", ["off", "local"])
def test_a_save_that_could_be_lost_is_refused(own, level):
    own.execute(f"SET synchronous_commit = {level}")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="synchronous_commit"):
        _append(own, [0], [A], [1])


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_save_on_an_old_snapshot_is_refused(own, level):
    """It would not see that a stream which was only read has moved."""
    own.execute(f"SET default_transaction_isolation = '{level}'")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="read committed"):
        _append(own, [0], [A], [1])


def test_a_stream_that_has_moved_turns_its_writer_away(toy_ledger, save):
    toy_ledger.append([save({A: [1]})])
    assert toy_ledger.append([save({A: [1]}), save({B: [1]})]).late == {0}
    assert [row.version for row in toy_ledger.read_many({A: 0, B: 0}).rows] == [1, 1]


def test_a_stream_that_has_moved_turns_its_reader_away(toy_ledger, save):
    """The writer of B rests on A as it no longer is; the stale read leaves no trace."""
    toy_ledger.append([save({A: [1]})])
    assert toy_ledger.append([save({B: [1]}, read={A: 0})]).late == {0}
    assert toy_ledger.append([save({B: [1]}, read={A: 1})]).late == frozenset()


def test_each_command_is_answered_by_itself(toy_ledger, save):
    """Only the late one and what was decided on top of it come back, through any number of steps, and nobody else."""
    toy_ledger.append([save({A: [1]})])
    commands = [
        save({B: [1]}),  # 0 stands
        save({A: [1], C: [1]}),  # 1 late: A has moved
        save({D: [1]}, read={C: 1}),  # 2 late: read what 1 wrote
        save({toy.shelf("e"): [1]}, read={D: 1}),  # 3 late: read what 2 wrote
        save({B: [2]}),  # 4 stands on 0
        save({toy.shelf("f"): [1]}, read={C: 0}),  # 5 stands: C as it is without 1
    ]
    before = toy_ledger.head()
    done = toy_ledger.append(commands)
    assert (done.before, done.late) == (before, frozenset({1, 2, 3}))
    assert [row.stream for row in toy_ledger.notifications(before)] == [B, B, toy.shelf("f")]


def test_who_came_before_the_late_one_in_the_same_stream_stands(toy_ledger, save):
    toy_ledger.append([save({A: [1]})])
    commands = [save({B: [1]}), save({B: [2]}, read={A: 0}), save({B: [3]})]
    assert toy_ledger.append(commands).late == {1, 2}
    assert [row.version for row in toy_ledger.read_many({B: 0}).rows] == [1]


@pytest.mark.parametrize("versions", [[2], [1, 3], [1, 1]])
def test_versions_follow_one_another(own, versions):
    """From the version that was read; a gap would be there for ever."""
    with pytest.raises((psycopg.errors.InvalidParameterValue, psycopg.errors.IntegrityError)):
        _append(own, [0] * len(versions), [A] * len(versions), versions, reads=([0], [A], [0]))


@pytest.mark.parametrize(
    ("cmds", "ids", "versions"), [([None], [A], [1]), ([0], [None], [1]), ([0], [A], [None]), ([0, 1], [A], [1])]
)
def test_lists_with_holes_are_refused(own, cmds, ids, versions):
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        _append(own, cmds, ids, versions)


def test_facts_of_audit_have_a_door_of_their_own(own, database_url):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        _append(own, [0], [A], [1], topics=["audit.made_up.v1"])
    append = "SELECT before, late FROM ledger.append_audit(%s::uuid[], %s::bigint[], %s::text[], %b::bytea[])"
    with psycopg.connect(database_url, autocommit=True, options="-c role=dealreg_auditor") as auditor:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            auditor.execute(append, [[A], [1], ["boxes_put.v2"], [b"{}"]])
        assert auditor.execute(append, [[A], [1], ["audit.made_up.v1"], [b"{}"]]).fetchone() is not None
    assert own.execute("SELECT recorded_by FROM ledger.events WHERE originator_id = %s", [A]).fetchall() == [
        ("dealreg_auditor",)
    ]


def test_saves_wait_for_the_turn_and_not_for_the_table(database_url, own, owner):
    """Whoever works on the table of events (VACUUM, ANALYZE, a new index) stops nobody."""
    own.execute("SET lock_timeout = '2s'")
    with owner.transaction():
        owner.execute("LOCK TABLE ledger.events IN SHARE UPDATE EXCLUSIVE MODE")
        _append(own, [0], [A], [1])
    with owner.transaction():
        owner.execute("LOCK TABLE ledger.turn IN EXCLUSIVE MODE")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            _append(own, [0], [B], [1])


def test_a_ledger_does_not_wait_for_ever_and_lets_no_one_wait(toy_ledger):
    shown = {
        name: toy_ledger.run(f"SHOW {name}")[0][name]
        for name in ("lock_timeout", "idle_in_transaction_session_timeout")
    }
    assert shown == {"lock_timeout": "5s", "idle_in_transaction_session_timeout": "2s"}


def test_a_save_wakes_who_listens_and_an_empty_one_does_not(toy_ledger, save):
    listening = toy_ledger.wakeups(timeout=0.3)
    assert next(listening) is True, "the first reading is not waited for"
    assert next(listening) is False
    toy_ledger.append([save({A: [1]})])
    assert next(listening) is True
    toy_ledger.append([save({A: [1]})])
    assert next(listening) is False
    listening.close()


def test_an_instant_is_a_position(toy_ledger, save):
    assert toy_ledger.position_at(toy_ledger.notifications(0)[0].recorded_at - timedelta(seconds=1)) == 0
    for version in range(1, 8):
        toy_ledger.append([save({A: [version], B: [version]})])
    rows = toy_ledger.notifications(0)
    for row in rows:
        newest = max(other.position for other in rows if other.recorded_at <= row.recorded_at)
        assert toy_ledger.position_at(row.recorded_at) == newest
        assert toy_ledger.position_at(row.recorded_at - timedelta(microseconds=1)) < row.position
    assert toy_ledger.position_at(toy_ledger.clock() + timedelta(days=1)) == toy_ledger.head()


def test_many_streams_are_read_from_what_is_known_up_to_a_position(toy_ledger, save):
    for version in range(1, 4):
        toy_ledger.append([save({A: [version], B: [version]})])
    head = toy_ledger.head()
    found = toy_ledger.read_many({A: 1, B: 3, C: 0})
    assert [(row.stream, row.version) for row in found.rows] == [(A, 2), (A, 3)]
    assert found.head == head
    assert found.at >= found.rows[-1].recorded_at
    assert [row.version for row in toy_ledger.read_many({A: 0}, up_to=head - 2).rows] == [1, 2]


def test_the_log_is_read_by_stored_name(toy_ledger, save):
    toy_ledger.append([save({A: [1]})])
    assert {row.topic for row in toy_ledger.notifications(0, topics=["audit.migrated.v1"])} == {"audit.migrated.v1"}
    assert [row.stream for row in toy_ledger.notifications(0, topics=["boxes_put.v2"])] == [A]
    assert [row.position for row in toy_ledger.notifications(1, limit=1)] == [2]


def test_a_database_that_is_not_there_is_unavailable():
    with Ledger("postgresql://nobody@127.0.0.1:9/none", names=toy.TOY_NAMES, patience=0.5) as nowhere:
        with pytest.raises(Unavailable):
            nowhere.head()
        with pytest.raises(Unavailable):
            nowhere.read_many({A: 0})


def test_a_database_without_the_ledger_says_what_to_do(empty_database_url):
    with Ledger(empty_database_url, names=toy.TOY_NAMES) as empty, pytest.raises(Unavailable, match="dealreg migrate"):
        empty.read_many({})


@pytest.mark.parametrize("value", ["nul \x00", "1" * 300_000])
def test_a_value_that_can_never_be_held_is_unstorable(toy_ledger, value):
    """NUL is refused by the column, 300,000 characters by the index; asking again is useless for both."""
    with pytest.raises(Unstorable):
        toy_ledger.run(
            "INSERT INTO personal.held (ref, subject, value, salt) VALUES (%s, %s, 'x', '')", [uuid4(), value]
        )


def test_a_killed_server_is_unavailable_and_then_there_again(toy_ledger, save, servers):
    with ThreadPoolExecutor(4) as pool:  # Several connections are open, and every one of them breaks.
        list(pool.map(lambda stream: toy_ledger.append([save({stream: [1]})]), (A, B, C, D)))
    servers.postgres.kill()
    with pytest.raises(Unavailable):
        toy_ledger.append([save({A: [2]})])
    servers.postgres.start()
    done = toy_ledger.append([save({A: [2]})])
    assert done.late == frozenset()
    assert [row.version for row in toy_ledger.read_many({A: 0}).rows] == [1, 2]


def test_a_late_command_leaves_no_personal_value(toy_ledger, save):
    """The facts that would name it are not there, so nobody would ever ask for its erasure."""
    toy_ledger.append([save({A: [1]})])
    stands, late = (seal(f"person-{n}", "Ada")[1] for n in range(2))
    commands = [Saved(save({B: [1]}).facts, {}, [stands]), Saved(save({A: [1]}).facts, {}, [late])]
    assert toy_ledger.append(commands).late == {1}
    assert toy_ledger.run("SELECT ref::text AS ref FROM personal.held") == [{"ref": stands.ref}]
