"""Questions: pages, parameters, a caller's own write, and a swap in the middle of it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from dealreg.service.ledger.ledger import Ledger
from dealreg.service.projecting.asking import Reading
from dealreg.service.projecting.errors import UnknownQuestion
from dealreg.service.projecting.folders import read_models
from dealreg.service.projecting.projector import Projector
from dealreg.service.projecting.rebuilding import rebuild
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.ids import desk_reader, partner_reader
from tests.fix_histories import PROGRAM, START, Claim, History, another_database, customer, meeting, ruled

DEALER = partner_reader(PROGRAM, "dealer-1")
DESK = desk_reader(PROGRAM)


@pytest.fixture(scope="module")
def world(servers, _template):
    """One database for all who only look; the head of its ledger with it."""
    with another_database(servers, _template) as url, Ledger(url) as ledger:
        head = _fill(ledger)
        Projector(url).catch_up()
        yield url, head


@pytest.fixture
def reading(world):
    with Reading(world[0]) as opened:
        yield opened


def _fill(ledger):
    """Twenty-five registrations of one dealer, two at each instant; those of even number approved, the others in conflicts."""
    history = History()
    for number in range(25):
        claim = Claim(f"r{number}", customer(f"c{number // 2}"), "dist-1", "dealer-1")
        at = START + timedelta(hours=number // 2)
        claim.filed(history, at)
        if number % 2 == 0:
            history.add(claim.file, claim.approved(at, days=30 + number), at)
            incumbent = claim
        else:
            found = meeting(incumbent, claim, history, at)
            history.add(claim.file, claim.queued(at), at)
            if number % 4 == 1:
                ruled(found, incumbent, history, at)
    return history.save(ledger)


PAGED = [
    ("my_deals", "newest", DEALER, Role.DEALER, 50),
    ("protected_customers", "newest", DESK, Role.DEAL_DESK, 50),
    ("protected_customers", "protected", DESK, Role.DEAL_DESK, 26),
    ("conflict_queue", "open", DESK, Role.DEAL_DESK, 6),
    ("conflict_queue", "newest", DESK, Role.DEAL_DESK, 12),
    ("expiring_windows", "next", DESK, Role.DEAL_DESK, 26),
]


@pytest.mark.parametrize(("model", "query", "reader", "role", "count"), PAGED)
def test_pages_are_the_whole_in_order(reading, model, query, reader, role, count):
    whole = reading.ask(model, query, reader, role, {"limit": 1000})
    assert len(whole) == count
    paged, after = [], None
    while page := reading.ask(model, query, reader, role, {"after": after, "limit": 7}):
        paged += page
        after = page[-1]["cursor"]
    assert paged == whole
    assert len({row["cursor"] for row in whole}) == count


def test_a_question_is_narrowed_by_its_parameters(reading):
    ask = reading.ask
    assert {row["state"] for row in ask("my_deals", "newest", DEALER, Role.DEALER, {"state": "waiting"})} == {"waiting"}
    one = {"customer": customer("c3")}
    of_one = ask("protected_customers", "newest", DESK, Role.DEAL_DESK, one)
    assert {row["customer"] for row in of_one} == {customer("c3")}
    with pytest.raises(UnknownQuestion):
        ask("my_deals", "newest", DEALER, Role.DEALER, one)
    assert ask("my_deals", "newest", DEALER, Role.DEALER, {"territory": "fr"}) == []
    until = ask("expiring_windows", "next", DESK, Role.DEAL_DESK, {"until": START + timedelta(days=33)})
    assert [row["ends_at"] for row in until] == sorted(row["ends_at"] for row in until)
    assert len(until) == 4


def test_counts_are_kept_and_right(reading):
    counted = {row["state"]: row["n"] for row in reading.ask("conflict_queue", "counts", DESK, Role.DEAL_DESK)}
    states = [row["state"] for row in reading.ask("conflict_queue", "newest", DESK, Role.DEAL_DESK)]
    assert counted == {state: states.count(state) for state in set(states)} == {"proposed": 6, "closed": 6}


def test_every_question_can_be_asked_without_parameters(reading):
    roles = {
        "dealreg_reader": (DESK, Role.DEAL_DESK),
        "dealreg_auditor": (DESK, Role.AUDITOR),
        "dealreg_app": (None, Role.CLOCK),
    }
    for model in read_models().values():
        for query in model.ask:
            for name in model.roles:
                reading.ask(model.name, query, *roles[name])


def test_the_history_is_in_order_with_who_and_why(reading):
    claim = Claim("r3", customer("c1"), "dist-1", "dealer-1")
    rows = reading.ask("registration_history", "of_registration", None, Role.AUDITOR, {"registration": claim.id})
    assert [row["event"] for row in rows] == [
        "registration_submitted", "registration_completed", "claim_entered", "conflict_detected", "conflict_opened", "ruling_proposed", "claim_queued",
    ]  # fmt: skip
    assert {(row["actor_role"], row["actor_subject"]) for row in rows} == {("deal_desk", "clerk-7")}
    assert (rows[-1]["clause"], rows[-1]["reason"], rows[-1]["data"]["line"]) == ("ROE-8", "others came first", "pumps")
    assert all(row["recorded_at"] is not None and row["effective_at"] == START + timedelta(hours=1) for row in rows)
    cut = reading.ask(
        "registration_history", "of_registration", None, Role.AUDITOR, {"registration": claim.id, "as_of": START}
    )
    assert cut == []


def test_own_history_says_how_each_leg_came_to_its_state(reading):
    claim = Claim("r2", customer("c1"), "dist-1", "dealer-1")
    rows = reading.ask("my_deals", "history", DEALER, Role.DEALER, {"registration": claim.id})
    assert [(row["tier"], row["n"], row["state"]) for row in rows if row["tier"] == "dealer"] == [
        ("dealer", 1, "submitted"), ("dealer", 2, "pending"), ("dealer", 3, "protected"),
    ]  # fmt: skip


def test_what_is_asked_wrongly_says_what_there_is(reading):
    with pytest.raises(UnknownQuestion, match="no read model deals; there are account_reports"):
        reading.ask("deals", "newest", DEALER, Role.DEALER)
    with pytest.raises(UnknownQuestion, match="my_deals does not answer all; it answers history"):
        reading.ask("my_deals", "all", DEALER, Role.DEALER)
    with pytest.raises(UnknownQuestion, match="takes no page; it takes after"):
        reading.ask("my_deals", "newest", DEALER, Role.DEALER, {"page": 2})


def test_a_caller_waits_for_its_own_write_or_hears_how_far_behind_it_is(reading, world):
    head = world[1]
    assert reading.wait_for("my_deals", head, timeout=0) == 0
    assert reading.wait_for("my_deals", head + 3, timeout=0.05) == 3
    assert {(one.model, one.behind) for one in reading.positions()} >= {("my_deals", 0), ("falling_due", 0)}


def test_readers_never_see_a_swap(reading, world):
    """Four readers ask while the tables are built anew and the old ones dropped, again and again."""
    stop = threading.Event()
    expected = reading.ask("my_deals", "newest", DEALER, Role.DEALER)

    def ask():
        asked = 0
        while not stop.is_set():
            assert reading.ask("my_deals", "newest", DEALER, Role.DEALER) == expected
            asked += 1
        return asked

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(ask) for _ in range(4)]
        try:
            for _ in range(6):
                rebuild(world[0], ["my_deals"])
        finally:
            stop.set()
        assert all(reader.result(30) > 10 for reader in readers)
    assert {one.model: one.generation for one in reading.positions()}["my_deals"] > 6


def test_a_generation_that_goes_between_two_statements_is_asked_anew(world):
    """A reader that has learnt of the old generation, and finds it dropped, goes to the new one."""

    class Unlucky(Reading):
        tries = 0

        def _answer(self, *asked):
            self.tries += 1
            if self.tries == 1:
                raise psycopg.errors.UndefinedTable("the generation went")
            return super()._answer(*asked)

    with Unlucky(world[0]) as reading:
        assert len(reading.ask("my_deals", "newest", DEALER, Role.DEALER)) == 50
        assert reading.tries == 2
