"""The tables in which candidates for one end customer are found: they follow the facts, can be built again, and decide nothing."""

import threading
import time
from contextlib import closing
from typing import Any

import psycopg
import pytest
from psycopg import errors

from dealreg.customer.events import (
    CustomerIdentified,
    CustomerOpened,
    CustomerRecognised,
    CustomersMerged,
    KnownIdentifier,
    MergeUndone,
)
from dealreg.customer.likeness import Likeness
from dealreg.matching.comparing import Verdict
from dealreg.matching.profile import Profile
from dealreg.service.identity.candidates import Candidates
from dealreg.service.identity.following import Following
from dealreg.service.projecting.connecting import connect
from tests.fix_histories import START, History, customer

ULM = {"country": "DE", "place": "Ulm"}
CONTENT = """
SELECT customer::text, name, words, country, place, street, postcode, identifiers::text,
       (SELECT array_agg((key, blocks.place, sign)::text ORDER BY key) FROM identity.blocks WHERE blocks.number = descriptions.number)
FROM identity.descriptions ORDER BY customer, name
"""
KEPT = "SELECT count(*), count(DISTINCT number) FROM identity.blocks"
MERGED = "SELECT absorbed::text, into_one::text FROM identity.merged ORDER BY 1"


def opened(name, key, *, country="DE", place="Ulm", **more):
    return CustomerOpened(customer=customer(key), name=name, country=country, place=place, possible=(), **more)


def merged(absorbed, into):
    told: dict[str, Any] = {
        "identifiers": (),
        "possible": (),
        "steps": 1,
        "reason": "one",
        "merged_by": "desk",
        "merged_at": START,
    }
    return [
        CustomersMerged(customer=customer(one), absorbed=customer(absorbed), into=customer(into), **told)
        for one in (absorbed, into)
    ]


def undone(absorbed, into):
    told: dict[str, Any] = {"identifiers": (), "reason": "two", "undone_by": "desk", "undone_at": START}
    return [
        MergeUndone(customer=customer(one), absorbed=customer(absorbed), into=customer(into), **told)
        for one in (absorbed, into)
    ]


class Searched:
    """A ledger of customer facts and the search over it."""

    def __init__(self, ledger, url):
        self.ledger, self.url, self.history = ledger, url, History()
        self.following = Following(url, batch=3)
        self.candidates = Candidates(ledger)

    def record(self, *facts):
        for fact in facts:
            self.history.add(fact.customer, fact, START)
        self.history.save(self.ledger)

    def follow(self, *facts):
        self.record(*facts)
        self.following.catch_up()

    def near(self, name, **more):
        return [one.customer for one in self.candidates.near(Profile(name, **{**ULM, **more}))]

    def tables(self):
        with closing(connect(self.url)) as connection:
            content, merged, kept = (connection.execute(asked).fetchall() for asked in (CONTENT, MERGED, KEPT))
            return content, (merged, kept)


@pytest.fixture
def searched(ledger, database_url):
    searched = Searched(ledger, database_url)
    house: dict[str, Any] = {
        "street": "Hauptstraße 1",
        "postcode": "89073",
        "identifiers": (KnownIdentifier(scheme="domain", value="rosenbauer.de"),),
    }
    searched.follow(
        opened("Rosenbauer Maschinenbau GmbH", "rosenbauer", **house),
        opened("Rosenbauer Immobilien GmbH", "sister"),
        opened("Rosenbauer Maschinenbau AG", "namesake", place="Bonn"),
        opened("Rosenbauer Maschinenbau GmbH", "abroad", country="AT", place="Linz"),
        opened("Halifax Trading Ltd", "halifax"),
        opened(None, "nameless", identifiers=(KnownIdentifier(scheme="duns", value="150483782"),)),
        opened("!!!", "signs"),
        CustomerIdentified(customer=customer("halifax"), scheme="duns", value="006924872"),
    )
    return searched


def test_the_nearest_are_found_with_what_the_comparison_said(searched):
    assert searched.near("Rosenbaur Maschinenbau") == [customer("rosenbauer"), customer("namesake"), customer("sister")]
    assert searched.near("Rosenbauer Maschinenbau", place="Bonn")[0] == customer("namesake")
    assert searched.near("Rosenbauer Maschinenbau", place=None)[:2] in (
        [customer("rosenbauer"), customer("namesake")],
        [customer("namesake"), customer("rosenbauer")],
    )
    whole = Profile(
        "ROSENBAUER MASCHINENBAU",
        street="Hauptstr. 1",
        postcode="89073",
        identifiers=(("domain", "rosenbauer.de"),),
        **ULM,
    )
    (first, *_) = searched.candidates.near(whole)
    assert (first.customer, first.comparison.verdict) == (customer("rosenbauer"), Verdict.SAME)
    assert first.score == first.comparison.score > 0.9
    assert len(searched.candidates.near(whole, limit=1)) == 1


def test_nobody_is_near_what_nobody_is_called(searched):
    assert searched.near("Osram Licht") == searched.near("") == searched.near(None) == searched.near("?!") == []
    assert searched.near("Rosenbauer Maschinenbau", country="FR", place=None) == []


def test_a_customer_is_found_under_every_name_that_was_recognised_as_it_and_once(searched):
    likeness = Likeness(other=customer("halifax"), score=900, reasons=(), method="test")
    described: dict[str, Any] = {
        "country": "DE",
        "place": "Ulm",
        "street": None,
        "postcode": None,
        "identifiers": (),
        "likeness": likeness,
    }
    searched.follow(
        CustomerRecognised(customer=customer("halifax"), name="Zephyr Imports", **described),
        CustomerRecognised(customer=customer("halifax"), name="Halifax Trading & Co", **described),
    )
    assert searched.near("Zephir Imports") == [customer("halifax")]
    assert searched.near("Halifax Trading") == [customer("halifax")]


def test_a_merge_is_followed_and_its_undoing_too(searched):
    searched.follow(*merged("rosenbauer", "halifax"))
    assert searched.near("Rosenbauer Maschinenbau")[0] == customer("halifax")
    searched.follow(*merged("halifax", "namesake"))
    found = searched.near("Rosenbauer Maschinenbau")
    assert found[0] == customer("namesake")
    assert len(found) == len(set(found))
    searched.follow(*undone("halifax", "namesake"))
    assert searched.near("Rosenbauer Maschinenbau")[0] == customer("halifax")
    searched.follow(*undone("rosenbauer", "halifax"))
    assert searched.near("Rosenbauer Maschinenbau")[0] == customer("rosenbauer")


def test_built_again_they_are_what_they_were(searched):
    searched.follow(*merged("sister", "rosenbauer"))
    live = searched.tables()
    assert len(live[0]) == 5
    assert all(row[-1] for row in live[0])
    searched.following.catch_up()
    assert searched.tables() == live
    assert searched.following.rebuild() == searched.ledger.head()
    assert searched.tables() == live


def test_keys_of_another_method_are_thrown_away(searched):
    live = searched.tables()
    with closing(connect(searched.url)) as connection:
        connection.execute("UPDATE identity.followed SET method = 'names-2020'")
        connection.execute("UPDATE identity.blocks SET key = key + 1")
    assert searched.near("Rosenbauer Maschinenbau") == []
    searched.following.catch_up()
    assert searched.tables() == live


def test_several_that_follow_at_once_take_each_fact_in_once(searched):
    searched.record(*(opened(f"Firma {number} Bau", f"firm-{number}") for number in range(40)))
    threads = [threading.Thread(target=Following(searched.url, batch=2).catch_up) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows, _ = searched.tables()
    assert sum(row[1].startswith("Firma") for row in rows) == 40


def test_whoever_runs_hears_of_a_newcomer_by_itself(searched):
    stop = threading.Event()
    thread = threading.Thread(target=searched.following.run, args=(stop,))
    thread.start()
    try:
        searched.record(opened("Zephyr Imports", "zephyr"))
        until = time.monotonic() + 30
        while searched.near("Zephyr Imports") == [] and time.monotonic() < until:
            time.sleep(0.01)
        assert searched.near("Zephyr Imports") == [customer("zephyr")]
    finally:
        stop.set()
        thread.join()


def test_who_decides_reads_the_tables_and_writes_none(searched):
    with (
        pytest.raises(errors.InsufficientPrivilege),
        psycopg.connect(searched.url, options="-c role=dealreg_app") as connection,
    ):
        connection.execute("DELETE FROM identity.merged")
    with (
        pytest.raises(errors.InsufficientPrivilege),
        psycopg.connect(searched.url, options="-c role=dealreg_reader") as connection,
    ):
        connection.execute("SELECT name FROM identity.descriptions")
