"""The ledger is an application of the ``eventsourcing`` library: its own faces read and write the same table (architecture D3)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.persistence import IntegrityError, StoredEvent

from dealreg.service.ledger.recorded import Recorded
from tests import fix_ledger as toy

A, B = toy.shelf("a"), toy.shelf("b")


@pytest.fixture
def library(toy_ledger):
    return toy_ledger.application


def _fold(initial, events):
    """How the library's repository is told to fold: ``None`` when there is nothing."""
    state = initial
    for recorded in events:
        state = toy.evolve(state or toy.Shelf(), recorded.event)
    return state


def test_the_librarys_repository_folds_what_dispatch_saved(toys, library):
    for n in range(3):
        toys.decide_batch([toy.ask(toy.Put(shelf="a", boxes=2), f"r{n}")])
    assert library.repository.get(A, projector_func=_fold) == toy.Shelf(boxes=6)
    assert library.repository.get(A, version=2, projector_func=_fold) == toy.Shelf(boxes=4)
    with pytest.raises(AggregateNotFoundError):
        library.repository.get(B, projector_func=_fold)


def test_dispatch_builds_on_what_the_library_saved(toys, library, toy_ledger):
    recordings = library.save(
        toy.fact(A, 1, toy.BoxesPut(boxes=5), toy_ledger), toy.fact(B, 1, toy.BoxesPut(boxes=7), toy_ledger)
    )
    assert [recording.notification.id for recording in recordings] == [toy_ledger.head() - 1, toy_ledger.head()]
    [outcome] = toys.decide_batch([toy.ask(toy.Move(source="b", target="a", boxes=7), "r1")])
    assert outcome.answer == {"boxes": 12}


def test_the_librarys_save_is_all_or_nothing(library, toy_ledger):
    library.save(toy.fact(A, 1, toy.BoxesPut(boxes=5), toy_ledger))
    head = toy_ledger.head()
    with pytest.raises(IntegrityError):
        library.save(
            toy.fact(B, 1, toy.BoxesPut(boxes=1), toy_ledger), toy.fact(A, 1, toy.BoxesPut(boxes=1), toy_ledger)
        )
    assert toy_ledger.head() == head


def test_the_notification_log_is_the_log(toys, library, toy_ledger):
    toys.decide_batch([toy.ask(toy.Put(shelf="a"), f"r{n}") for n in range(12)])
    rows = toy_ledger.notifications(0)
    items, following = [], "1,10"
    while following:
        section = library.notification_log[following]
        items.extend(section.items)
        following = section.next_id
    assert [(item.id, item.topic, item.state) for item in items] == [
        (row.position, row.topic, row.state) for row in rows
    ]
    assert library.recorder.max_notification_id() == len(rows)
    first = rows[-12].position
    some = library.recorder.select_notifications(start=1, limit=5, stop=first + 1, topics=["boxes_put.v2"])
    assert [item.id for item in some] == [first, first + 1]
    after = library.recorder.select_notifications(start=first, limit=1, inclusive_of_start=False)
    assert [item.id for item in after] == [first + 1]


def test_the_librarys_subscription_follows_the_ledger(toys, library, toy_ledger):
    with library.recorder.subscribe(gt=toy_ledger.head()) as subscription:
        toys.decide_batch([toy.ask(toy.Put(shelf="a"), "r1")])
        assert next(subscription).originator_id == A


def test_the_recorder_reads_one_stream(toys, library):
    toys.decide_batch([toy.ask(toy.Put(shelf="a"), f"r{n}") for n in range(4)])
    stored = library.recorder.select_events(A, gt=1, lte=3, desc=True)
    assert [event.originator_version for event in stored] == [3, 2]
    assert all(isinstance(library.mapper.to_domain_event(event), Recorded) for event in stored)


def test_an_old_shape_is_read_as_the_present_one(toys, toy_ledger, library):
    """``boxes_put.v1`` said ``count``; what was stored never changes, what is read does."""
    present = library.mapper.to_stored_event(toy.fact(A, 1, toy.BoxesPut(boxes=9), toy_ledger))
    old = present.state.replace(b'"boxes":9,"note":null,"sender":null', b'"count":9')
    toy_ledger.application.recorder.insert_events([StoredEvent(A, 1, "boxes_put.v1", old)])
    [row] = toy_ledger.read_many({A: 0}).rows
    assert (row.topic, toy_ledger.read(row).event) == ("boxes_put.v1", toy.BoxesPut(boxes=9))
    [outcome] = toys.decide_batch([toy.ask(toy.Put(shelf="a"), "r1")])
    assert outcome.answer == {"boxes": 10}


def test_a_fact_that_this_build_does_not_know_is_named(toy_ledger, library):
    stored = StoredEvent(uuid4(), 1, "from_the_future.v3", b'{"meta": {}, "data": {}}')
    with pytest.raises(ValueError, match=r"from_the_future\.v3; it is older than the ledger"):
        library.mapper.to_domain_event(stored)
    with pytest.raises(ValueError, match="does not have the shape"):
        library.mapper.to_domain_event(StoredEvent(uuid4(), 1, "boxes_put.v2", b'{"meta": {}, "data": {}}'))


def test_bytes_are_the_same_after_a_round_trip(toy_ledger, library):
    fact = toy.fact(A, 1, toy.BoxesPut(boxes=-1, note="Łódź – 東京"), toy_ledger)
    stored = library.mapper.to_stored_event(fact)
    read = library.mapper.to_domain_event(stored)
    assert read == fact
    assert library.mapper.to_stored_event(read) == stored
    assert read.meta.effective_at.utcoffset() == timedelta(0)


def test_the_library_keeps_no_tracking_here(library, toy_ledger):
    from eventsourcing.persistence import Tracking

    stored = library.mapper.to_stored_event(toy.fact(A, 1, toy.BoxesPut(boxes=1), toy_ledger))
    with pytest.raises(ValueError, match="no tracking"):
        library.recorder.insert_events([stored], tracking=Tracking("view", 1))
