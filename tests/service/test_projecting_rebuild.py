"""Rebuilding: beside the live tables, swapped at its last batch, and a comparison that finds what differs."""

import threading

import pytest

from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.projector import Projector
from dealreg.service.projecting.rebuilding import rebuild
from tests.fix_histories import START, Claim, History, customer


@pytest.fixture
def filed(ledger):
    """``filed(n)``: so many more registrations."""
    history = History()
    numbers = iter(range(10_000))

    def add(count):
        for number in (next(numbers) for _ in range(count)):
            claim = Claim(f"r{number}", customer(f"c{number}"), "dist-1", f"dealer-{number % 3}")
            claim.filed(history, START)
            history.add(claim.file, claim.approved(START), START)
        return history.save(ledger)

    return add


def test_a_rebuild_swaps_at_its_last_batch_and_removes_the_old(projected_url, filed):
    head = filed(30)
    Projector(projected_url).catch_up()
    heard = []
    done = rebuild(projected_url, ["my_deals", "conflict_queue"], progress=lambda *said: heard.append(said))
    assert [(one.model, one.generation, one.position, one.differs) for one in done] == [
        ("my_deals", 2, head, None),
        ("conflict_queue", 2, head, None),
    ]
    assert heard[-1] == ("conflict_queue", head, head)
    standing = {one.model: (one.generation, one.position) for one in Projector(projected_url).positions()}
    assert (standing["my_deals"], standing["network_deals"]) == ((2, head), (1, head))
    with connect(projected_url) as connection:
        assert connection.execute("SELECT to_regnamespace('my_deals_g1')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("damage", "differs"),
    [
        (
            "UPDATE my_deals_g1.my_deals SET state = 'lapsed' WHERE ctid = (SELECT min(ctid) FROM my_deals_g1.my_deals)",
            ("my_deals",),
        ),
        ("DELETE FROM my_deals_g1.changes WHERE n = 3", ("changes",)),
        (
            "INSERT INTO my_deals_g1.opportunities VALUES ('00000000-0000-0000-0000-000000000000', 'acme', 'crm', NULL, '{}', '{}', '{}')",
            ("opportunities",),
        ),
        ("SELECT 1", ()),
    ],
)
def test_a_check_finds_what_differs_and_swaps_nothing(projected_url, filed, damage, differs):
    filed(10)
    Projector(projected_url).catch_up()
    with connect(projected_url) as connection:
        connection.execute(damage)
    assert [one.differs for one in rebuild(projected_url, ["my_deals"], check=True)] == [differs]
    with connect(projected_url) as connection:
        assert connection.execute(
            "SELECT generation, state FROM projection.generations WHERE model = 'my_deals'"
        ).fetchall() == [(1, "live")]


def test_a_rebuild_while_facts_come_in_and_the_projector_works_ends_with_the_same_rows(projected_url, filed):
    filed(50)
    stop = threading.Event()
    following = threading.Thread(target=Projector(projected_url, models=["my_deals", "falling_due"]).run, args=(stop,))

    def write():
        for _ in range(20):
            filed(5)

    writing = threading.Thread(target=write)
    following.start()
    writing.start()
    try:
        for _ in range(3):
            rebuild(projected_url, ["my_deals", "falling_due"])
    finally:
        writing.join(30)
        stop.set()
        following.join(10)
    Projector(projected_url).catch_up()
    assert [one.differs for one in rebuild(projected_url, ["my_deals", "falling_due"], check=True)] == [(), ()]


def test_an_old_generation_that_is_being_read_is_left_until_the_reader_has_gone(projected_url, filed):
    filed(5)
    Projector(projected_url).catch_up()
    with connect(projected_url, "dealreg_reader") as slow:
        with slow.transaction():
            slow.execute("SELECT * FROM my_deals_g1.my_deals")
            rebuild(projected_url, ["my_deals"])
            assert slow.execute("SELECT count(*) FROM my_deals_g1.my_deals").fetchone() == (0,)
        Projector(projected_url, models=["my_deals"]).catch_up()
        assert slow.execute(
            "SELECT to_regnamespace('my_deals_g1'), to_regnamespace('my_deals_g2') IS NOT NULL"
        ).fetchone() == (None, True)
