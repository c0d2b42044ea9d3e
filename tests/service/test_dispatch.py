"""Dispatch on a real ledger: what is asked, decided, saved and answered (architecture D5, D14, D16, D17)."""

from datetime import UTC, datetime

import pytest

from dealreg.service.ledger.outcomes import Broken, Decided, LateOutcome, RefusedOutcome
from dealreg.service.personal import digest, refs, seal
from dealreg.vocabulary.fact import Actor, Command, Role
from dealreg.vocabulary.refused import Closed, Reused
from tests import fix_ledger as toy


@pytest.fixture
def rows(toy_ledger):
    """The toy's facts as recorded, without those of the migrations."""

    def read():
        return [row for row in toy_ledger.notifications(0) if not row.topic.startswith("audit.")]

    return read


def test_a_decision_is_recorded_and_answered(toys, toy_ledger, rows):
    [outcome] = toys.decide_batch([toy.ask(toy.Put(shelf="a", boxes=3), "r1", reason="delivered", cause="x:1")])
    assert outcome == Decided({"boxes": 3}, facts=1, seen=toy_ledger.head())
    [row] = rows()
    recorded = toy_ledger.read(row)
    assert (row.stream, row.version, row.topic, row.recorded_by) == (toy.shelf("a"), 1, "boxes_put.v2", "dealreg_app")
    assert recorded.event == toy.BoxesPut(boxes=3)
    meta = recorded.meta
    assert (meta.program, meta.actor, meta.reason, meta.cause, meta.build) == (
        "toys",
        toy.CLERK,
        "delivered",
        "x:1",
        "test",
    )
    assert meta.read == {str(toy.shelf("a")): 0}
    assert meta.request is not None
    assert (meta.request.caller, meta.request.id, meta.request.answer) == ("deal_desk:clerk", "r1", {"boxes": 3})
    assert meta.effective_at <= row.recorded_at


def test_one_save_changes_several_streams_or_none(toys, rows):
    [outcome] = toys.decide_batch([toy.ask(toy.Move(source="a", target="b", boxes=2), "r1")])
    assert isinstance(outcome, Decided)
    first, second = rows()
    assert (first.stream, second.stream) == (toy.shelf("a"), toy.shelf("b"))
    assert first.recorded_at == second.recorded_at
    answers = [toys.ledger.read(row).meta.request.answer for row in (first, second)]
    assert answers == [None, {"boxes": 2}], "the answer is remembered in the home stream only"


def test_a_repeat_is_answered_and_records_nothing(toys, toy_ledger, dispatch_for, rows):
    request = toy.ask(toy.Put(shelf="a"), "r1")
    toys.decide_batch([request])
    toys.decide_batch([toy.ask(toy.Put(shelf="a"), "r2")])
    another_process = dispatch_for(
        toy_ledger, decide=toy.decide, home=toy.home, home_kind=toy.home_kind, aggregates={"shelf": toy.SHELF}
    )
    for dispatch in (toys, another_process):
        [outcome] = dispatch.decide_batch([request])
        assert outcome == Decided({"boxes": 1}, facts=0, seen=toy_ledger.head(), repeated=True)
    assert len(rows()) == 2


def test_a_repeat_in_the_same_batch_is_answered_from_the_first(toys, rows):
    request = toy.ask(toy.Put(shelf="a"), "r1")
    first, second = toys.decide_batch([request, request])
    assert (first.answer, first.repeated, second.answer, second.repeated) == ({"boxes": 1}, False, {"boxes": 1}, True)
    assert len(rows()) == 1


def test_a_request_id_with_another_content_is_refused(toys, rows):
    toys.decide_batch([toy.ask(toy.Put(shelf="a"), "r1")])
    [outcome] = toys.decide_batch([toy.ask(toy.Put(shelf="a", boxes=2), "r1")])
    assert isinstance(outcome, RefusedOutcome)
    assert isinstance(outcome.refused, Reused)
    assert len(rows()) == 1


def test_request_ids_of_two_callers_never_meet(toys):
    other = Actor(role=Role.DEAL_DESK, subject="another clerk")
    toys.decide_batch([toy.ask(toy.Put(shelf="a"), "r1")])
    [outcome] = toys.decide_batch([toy.ask(toy.Put(shelf="a"), "r1", actor=other)])
    assert outcome.answer == {"boxes": 2}


def test_a_refusal_is_answered_and_not_recorded(toys, rows):
    [outcome] = toys.decide_batch([toy.ask(toy.Put(shelf="a", boxes=5, at_most=4), "r1")])
    assert isinstance(outcome, RefusedOutcome)
    assert isinstance(outcome.refused, Closed)
    assert rows() == []


def test_what_raises_is_set_aside_and_its_neighbours_stand(toys, rows):
    requests = [
        toy.ask(toy.Put(shelf="a"), "r1"),
        toy.ask(toy.Fail(shelf="a"), "r2"),
        toy.ask(toy.Put(shelf="a"), "r3"),
    ]
    first, failed, third = toys.decide_batch(requests)
    assert (first.answer, third.answer) == ({"boxes": 1}, {"boxes": 2}), "the failed one left nothing behind"
    assert isinstance(failed, Broken)
    assert isinstance(failed.exception, ZeroDivisionError)
    assert [row.version for row in rows()] == [1, 2]


def test_a_request_without_a_home_is_set_aside(toys):
    first, second = toys.decide_batch([toy.ask(Command(), "r1"), toy.ask(toy.Put(shelf="a"), "r2")])
    assert isinstance(first, Broken)
    assert isinstance(second, Decided)


def test_a_batch_is_decided_one_after_another(toys, rows):
    outcomes = toys.decide_batch([toy.ask(toy.Put(shelf="a", at_most=3), f"r{n}") for n in range(5)])
    assert [getattr(outcome, "answer", None) for outcome in outcomes] == [
        {"boxes": 1},
        {"boxes": 2},
        {"boxes": 3},
        None,
        None,
    ]
    assert [row.version for row in rows()] == [1, 2, 3]


def test_streams_found_one_after_another_are_read_in_rounds(toys, toy_ledger, dispatch_for, monkeypatch):
    for n in range(5):
        toys.decide_batch([toy.ask(toy.Put(shelf=f"s{n}", boxes=n, note=f"s{n + 1}" if n < 4 else None), f"r{n}")])
    newcomer = dispatch_for(
        toy_ledger, decide=toy.decide, home=toy.home, home_kind=toy.home_kind, aggregates={"shelf": toy.SHELF}
    )
    reads = _counted(toy_ledger, "read_many", monkeypatch)
    for dispatch, queries in ((newcomer, 6), (newcomer, 2), (toys, 2)):
        batch = [toy.ask(toy.Follow(shelf="s0", diary=f"d{n}"), f"f{dispatch is toys}{queries}-{n}") for n in range(20)]
        assert [outcome.answer for outcome in dispatch.decide_batch(batch)] == [{"found": 4}] * 20
        assert len(reads) == queries, (
            "who knows nothing reads shelf after shelf, for the whole batch at once; who knows, twice"
        )
        reads.clear()


def test_a_wrong_guess_is_never_decided_on(toys, toy_ledger, dispatch_for, rows):
    """One process knows the shelf as it was; another has put boxes on it since."""
    old = dispatch_for(
        toy_ledger, decide=toy.decide, home=toy.home, home_kind=toy.home_kind, aggregates={"shelf": toy.SHELF}
    )
    old.decide_batch([toy.ask(toy.Count(shelf="a", diary="d"), "r1")])
    toys.decide_batch([toy.ask(toy.Put(shelf="a", boxes=5, note="b"), "r2")])
    toys.decide_batch([toy.ask(toy.Put(shelf="b", boxes=7), "r3")])
    outcomes = old.decide_batch([
        toy.ask(toy.Count(shelf="a", diary="d"), "r4"),
        toy.ask(toy.Follow(shelf="a", diary="e"), "r5"),
        toy.ask(toy.Put(shelf="c", boxes=1), "r6"),
        toy.ask(toy.Count(shelf="c", diary="e"), "r7"),
    ])  # fmt: skip
    assert [outcome.answer for outcome in outcomes] == [{"found": 5}, {"found": 7}, {"boxes": 1}, {"found": 1}]
    assert old.decide_batch([toy.ask(toy.Put(shelf="a", at_most=3), "r8")])[0].refused.reason == "the shelf holds 5"


def test_a_refusal_never_rests_on_a_guess(toys, toy_ledger, dispatch_for):
    """It records nothing, so no append would find out."""

    def picky(request, situation):
        if situation.of(toy.SHELF, toy.shelf("a")).boxes == 0:
            raise Closed("the shelf is empty")
        return {"boxes": situation.of(toy.SHELF, toy.shelf("a")).boxes}

    old = dispatch_for(
        toy_ledger, decide=picky, home=toy.home, home_kind=toy.home_kind, aggregates={"shelf": toy.SHELF}
    )
    assert isinstance(old.decide_batch([toy.ask(toy.Put(shelf="z"), "r1")])[0], RefusedOutcome)
    toys.decide_batch([toy.ask(toy.Put(shelf="a", boxes=5), "r2")])
    assert old.decide_batch([toy.ask(toy.Put(shelf="z"), "r3")])[0].answer == {"boxes": 5}


def test_a_decision_that_never_stops_asking_is_set_aside(toys, dispatch_for, toy_ledger):
    def endless(request, situation):
        n = 0
        while True:
            situation.of(toy.SHELF, toy.shelf(f"endless {n}"))
            n += 1

    dispatch = dispatch_for(
        toy_ledger, decide=endless, home=toy.home, home_kind=toy.home_kind, aggregates={"shelf": toy.SHELF}
    )
    [outcome] = dispatch.decide_batch([toy.ask(toy.Put(shelf="a"), "r1")])
    assert isinstance(outcome, Broken)
    assert "more streams" in str(outcome.exception)


def test_a_stream_that_cannot_be_read_stops_only_who_asks_for_it(toys, toy_ledger):
    toys.decide_batch([toy.ask(toy.Put(shelf="a"), "r1")])
    stream, at = toy.shelf("b"), toy_ledger.clock().isoformat()
    state = f'{{"meta": {{"program": "toys", "actor": null, "effective_at": "{at}", "build": "x"}}, "data": {{}}}}'
    toy_ledger.run(
        "SELECT ledger.append(%s::int[], %s, %s, %s, %b::bytea[], '{}', '{}', '{}')",
        [[0], [stream], [1], ["unheard_of.v9"], [state.encode()]],
    )
    first, second = toys.decide_batch([toy.ask(toy.Put(shelf="b"), "r2"), toy.ask(toy.Put(shelf="a"), "r3")])
    assert isinstance(first, Broken)
    assert "unheard_of.v9" in str(first.exception)
    assert second.answer == {"boxes": 2}


def test_the_instant_is_the_databases_or_the_doors(toys, toy_ledger, rows):
    before = toy_ledger.clock()
    door = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    toys.decide_batch([toy.ask(toy.Put(shelf="a"), "r1"), toy.ask(toy.Put(shelf="b"), "r2", door_at=door)])
    own, fed = (toy_ledger.read(row).meta.effective_at for row in rows())
    assert before <= own <= rows()[0].recorded_at
    assert fed == door


def test_a_due_fact_keeps_its_own_instant(toys, toy_ledger, rows):
    due = datetime(2026, 3, 1, tzinfo=UTC)
    toys.decide_batch([toy.ask(toy.Put(shelf="a", counts_since=due), "r1")])
    first, second = (toy_ledger.read(row).meta.effective_at for row in rows())
    assert first == due
    assert second > due


def test_personal_values_are_kept_only_with_their_fact(toys, toy_ledger):
    kept, row = seal("person-1", "Ada Lovelace")
    refused, other = seal("person-1", "Grace Hopper")
    requests = [
        toy.ask(toy.Put(shelf="a", sender=kept), "r1"),
        toy.ask(toy.Put(shelf="a", sender=refused, at_most=1), "r2"),
    ]
    toys.decide_batch(requests, {row.ref: row, other.ref: other})
    held = toy_ledger.run("SELECT ref::text, subject, value, salt FROM personal.held")
    assert [one["ref"] for one in held] == [kept.ref]
    assert digest(held[0]["salt"], held[0]["value"]) == kept.digest
    assert b"Ada" not in b"".join(bytes(one.state) for one in toy_ledger.notifications(0))
    assert list(refs(requests[0].command)) == [kept.ref]


def test_a_repeat_sealed_anew_is_still_a_repeat(toys, toy_ledger):
    for _ in range(2):
        sealed, row = seal("person-1", "Ada Lovelace")
        [outcome] = toys.decide_batch([toy.ask(toy.Put(shelf="a", sender=sealed), "r1")], {row.ref: row})
    assert outcome.repeated
    assert toy_ledger.run("SELECT count(*) AS n FROM personal.held")[0]["n"] == 1


def test_a_value_that_cannot_be_stored_breaks_only_its_own_request(toys, toy_ledger, rows):
    kept, row = seal("person-1", "Ada")
    sealed, poison = seal("person-2", "nul \x00 character")
    requests = [
        toy.ask(toy.Put(shelf="a"), "r1"),
        toy.ask(toy.Put(shelf="a", sender=sealed), "r2"),
        toy.ask(toy.Put(shelf="a", sender=kept), "r3"),
    ]
    mark = ("INSERT INTO intake.positions (follower, position) VALUES (%s, %s)", ["test", 1])
    first, broken, third = toys.decide_batch(requests, {poison.ref: poison, row.ref: row}, [mark])
    assert isinstance(broken, Broken)
    assert (first.answer, third.answer) == ({"boxes": 1}, {"boxes": 2})
    assert len(rows()) == 2
    assert toy_ledger.run("SELECT position FROM intake.positions") == [{"position": 1}]


def test_extra_statements_share_the_save(toys, toy_ledger, rows):
    mark = ("INSERT INTO intake.positions (follower, position) VALUES (%s, %s)", ["test", 7])
    toys.decide_batch([toy.ask(toy.Put(shelf="a"), "r1")], extra_sql=[mark])
    recorded = toy_ledger.run(
        "SELECT p.xmin::text = e.xmin::text AS together FROM intake.positions AS p, ledger.events AS e WHERE e.originator_id = %s",
        [toy.shelf("a")],
    )
    assert recorded == [{"together": True}]
    toys.decide_batch([], extra_sql=[("UPDATE intake.positions SET position = 8", [])])
    assert toy_ledger.run("SELECT position FROM intake.positions") == [{"position": 8}]


def test_a_command_overtaken_by_another_process_is_decided_again(toys, toy_ledger, dispatch_for):
    overtaking = iter(range(3))

    def overtaken(request, situation):
        answer = toy.decide(request, situation)
        if (n := next(overtaking, None)) is not None:
            toys.decide_batch([toy.ask(toy.Put(shelf="a", boxes=10), f"overtaking {n}")])
        return answer

    slow = dispatch_for(
        toy_ledger, decide=overtaken, home=toy.home, home_kind=toy.home_kind, aggregates={"shelf": toy.SHELF}
    )
    [outcome] = slow.decide_batch([toy.ask(toy.Count(shelf="a", diary="d"), "r1")])
    assert outcome.answer == {"found": 30}, "what it read was never stale when it was saved"


def test_a_command_overtaken_for_ever_is_given_back(toys, toy_ledger, dispatch_for, rows):
    counted: list[object] = []

    def overtaken(request, situation):
        answer = toy.decide(request, situation)
        counted.append(toys.decide_batch([toy.ask(toy.Put(shelf="a"), f"overtaking {len(counted)}")]))
        return answer

    slow = dispatch_for(
        toy_ledger, decide=overtaken, home=toy.home, home_kind=toy.home_kind, aggregates={"shelf": toy.SHELF}
    )
    [outcome] = slow.decide_batch([toy.ask(toy.Count(shelf="a", diary="d"), "r1")])
    assert outcome == LateOutcome(6)
    assert {row.stream for row in rows()} == {toy.shelf("a")}


def test_a_repeat_of_a_late_command_is_late_with_it(toys, toy_ledger, dispatch_for, rows):
    """An answer given on the strength of a fact that was never recorded would be a lie."""
    overtaking = iter([1])

    def overtaken(request, situation):
        answer = toy.decide(request, situation)
        if next(overtaking, None):
            toys.decide_batch([toy.ask(toy.Put(shelf="a", boxes=10), "overtaking")])
        return answer

    slow = dispatch_for(
        toy_ledger, decide=overtaken, home=toy.home, home_kind=toy.home_kind, aggregates={"shelf": toy.SHELF}
    )
    request = toy.ask(toy.Put(shelf="a"), "r1")
    first, second = slow.decide_batch([request, request])
    assert (first.answer, second.answer) == ({"boxes": 11}, {"boxes": 11})


def test_a_lost_acknowledgement_is_found_again(toys, toy_ledger, database_url, monkeypatch, rows):
    """The commit happened, its answer did not arrive: the retry finds its own result."""
    from dealreg.service.ledger.errors import Unavailable
    from dealreg.service.ledger.recorder import OneCallRecorder

    real = OneCallRecorder.append
    cut = iter([True])

    def append(self, *given):
        done = real(self, *given)
        if next(cut, False):
            raise Unavailable("the connection was cut after the commit")
        return done

    monkeypatch.setattr(OneCallRecorder, "append", append)
    request = toy.ask(toy.Put(shelf="a"), "r1")
    with pytest.raises(Unavailable):
        toys.decide_batch([request])
    [outcome] = toys.decide_batch([request])
    assert outcome.repeated
    assert outcome.answer == {"boxes": 1}
    assert len(rows()) == 1


def test_states_are_brought_up_to_date_by_what_came_after(toys, toy_ledger, monkeypatch):
    for n in range(10):
        toys.decide_batch([toy.ask(toy.Put(shelf="a"), f"r{n}")])
    folded = _counted(toy_ledger, "read", monkeypatch)
    [outcome] = toys.decide_batch([toy.ask(toy.Put(shelf="a"), "r10")])
    assert outcome.answer == {"boxes": 11}
    assert folded == []


def test_the_cache_forgets_the_least_used_and_reads_it_again(toy_ledger, dispatch_for):
    small = dispatch_for(
        toy_ledger,
        decide=toy.decide,
        home=toy.home,
        home_kind=toy.home_kind,
        aggregates={"shelf": toy.SHELF},
        cache_size=2,
    )
    for turn in range(3):
        outcomes = [small.decide_batch([toy.ask(toy.Put(shelf=name), f"{name}{turn}")])[0] for name in "abcd"]
    assert [outcome.answer for outcome in outcomes] == [{"boxes": 3}] * 4
    assert list(small._states._kept) == [toy.shelf("c"), toy.shelf("d")]


def test_every_request_leaves_one_line(toys):
    from structlog.testing import capture_logs

    with capture_logs() as lines:
        toys.decide_batch([toy.ask(toy.Put(shelf="a"), "r1"), toy.ask(toy.Fail(shelf="a"), "r2")])
    assert [(line["event"], line["request"], line["outcome"]) for line in lines] == [
        ("command_decided", "r1", "decided"),
        ("command_decided", "r2", "broken"),
    ]
    assert lines[0]["facts"] == 1
    assert lines[0]["tries"] == 1


def _counted(ledger, name, monkeypatch):
    calls = []
    real = getattr(ledger, name)

    def counting(*given, **named):
        calls.append(given)
        return real(*given, **named)

    monkeypatch.setattr(ledger, name, counting)
    return calls
