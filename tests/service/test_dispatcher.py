"""Concurrent callers share a commit, and are sent away when too many come (architecture D14)."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dealreg.service.ledger.dispatcher import Dispatcher
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.outcomes import Broken, Busy, Decided
from dealreg.service.personal import seal
from tests import fix_ledger as toy


@pytest.fixture
def gate(toys, monkeypatch):
    """A dispatch that waits at a gate before each batch, and remembers the batches' sizes."""
    real, opened, entered, sizes = toys.decide_batch, threading.Event(), threading.Semaphore(0), []

    def decide_batch(requests, *more):
        sizes.append(len(requests))
        entered.release()
        assert opened.wait(20)
        return real(requests, *more)

    monkeypatch.setattr(toys, "decide_batch", decide_batch)
    return opened, entered, sizes


def _ask(dispatcher, n, **more):
    return dispatcher.submit(toy.ask(toy.Put(shelf="a"), f"r{n}"), **more)


def _until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_single_caller_goes_straight(toys):
    dispatcher = Dispatcher(toys)
    assert [_ask(dispatcher, n).answer for n in range(3)] == [{"boxes": 1}, {"boxes": 2}, {"boxes": 3}]
    assert threading.active_count() >= 1
    assert dispatcher.waiting == 0


def test_callers_who_come_meanwhile_share_the_next_commit(toys, gate, toy_ledger):
    opened, entered, sizes = gate
    dispatcher = Dispatcher(toys, old=60)
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(_ask, dispatcher, 0)
        entered.acquire()
        rest = [pool.submit(_ask, dispatcher, n) for n in range(1, 20)]
        _until(lambda: dispatcher.waiting == 19)
        opened.set()
        answers = sorted(one.result().answer["boxes"] for one in (first, *rest))
    assert answers == list(range(1, 21))
    assert sizes == [1, 19]
    rows = [row for row in toy_ledger.notifications(0) if row.stream == toy.shelf("a")]
    assert len({row.recorded_at for row in rows}) == 2


def test_many_callers_are_all_answered_once(toys, toy_ledger):
    dispatcher = Dispatcher(toys, old=60)
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda n: _ask(dispatcher, n, timeout=60), range(300)))
    assert sorted(outcome.answer["boxes"] for outcome in outcomes) == list(range(1, 301))


def test_one_callers_bug_is_not_anothers(toys):
    dispatcher = Dispatcher(toys)
    with ThreadPoolExecutor(2) as pool:
        broken = pool.submit(dispatcher.submit, toy.ask(toy.Fail(shelf="a"), "bug"))
        fine = pool.submit(_ask, dispatcher, 1)
    assert isinstance(broken.result(), Broken)
    assert isinstance(fine.result(), Decided)


def test_a_full_queue_sends_away(toys, gate):
    opened, entered, _ = gate
    dispatcher = Dispatcher(toys, queue=2, old=60)
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(_ask, dispatcher, 0)]
        entered.acquire()
        waiting += [pool.submit(_ask, dispatcher, n) for n in (1, 2)]
        _until(lambda: dispatcher.waiting == 2)
        with pytest.raises(Busy) as sent_away:
            _ask(dispatcher, 3)
        opened.set()
        assert [isinstance(one.result(), Decided) for one in waiting] == [True] * 3
    assert sent_away.value.retry_after >= 1


def test_a_command_that_waited_too_long_is_sent_away(toys, gate):
    opened, entered, sizes = gate
    now = [0.0]
    dispatcher = Dispatcher(toys, clock=lambda: now[0])
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(_ask, dispatcher, 0)
        entered.acquire()
        old = pool.submit(_ask, dispatcher, 1)
        _until(lambda: dispatcher.waiting == 1)
        now[0] = 1.9
        fresh = pool.submit(_ask, dispatcher, 2)
        _until(lambda: dispatcher.waiting == 2)
        now[0] = 2.1
        opened.set()
        with pytest.raises(Busy, match="waited more than 2 s"):
            old.result()
        assert isinstance(first.result(), Decided)
        assert isinstance(fresh.result(), Decided)
    assert sizes == [1, 1]


def test_patience_ends_before_and_while_it_is_decided(toys, gate):
    opened, entered, _ = gate
    dispatcher = Dispatcher(toys, old=60)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(_ask, dispatcher, 0)
        entered.acquire()
        with pytest.raises(Busy, match="not begun"):
            _ask(dispatcher, 1, timeout=0.05)
        assert dispatcher.waiting == 0, "it is gone and will not be decided behind the caller's back"
        opened.set()
        assert first.result().answer == {"boxes": 1}
    opened.clear()
    with ThreadPoolExecutor(3) as pool:
        second = pool.submit(_ask, dispatcher, 2)
        entered.acquire()
        third = pool.submit(_ask, dispatcher, 3)
        _until(lambda: dispatcher.waiting == 1)
        led_by_third = pool.submit(_ask, dispatcher, 4, timeout=1.0)
        _until(lambda: dispatcher.waiting == 2)
        opened.set()
        assert second.result().answer == {"boxes": 2}
        assert {third.result().answer["boxes"], led_by_third.result().answer["boxes"]} == {3, 4}


def test_a_database_that_is_gone_is_told_to_everyone(toys, servers):
    dispatcher = Dispatcher(toys, old=60)
    assert isinstance(_ask(dispatcher, 0), Decided)
    servers.postgres.kill()
    with ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(_ask, dispatcher, n) for n in range(1, 6)]
        for one in asked:
            with pytest.raises(Unavailable):
                one.result()
    servers.postgres.start()
    _until(lambda: _answers(dispatcher))


def _answers(dispatcher):
    try:
        return _ask(dispatcher, 9).answer == {"boxes": 2}
    except Unavailable:
        return False


def test_personal_values_travel_with_their_request(toys, toy_ledger):
    dispatcher = Dispatcher(toys)
    sealed, row = seal("person-1", "Ada")
    dispatcher.submit(toy.ask(toy.Put(shelf="a", sender=sealed), "r1"), [row])
    assert toy_ledger.run("SELECT value FROM personal.held") == [{"value": "Ada"}]
