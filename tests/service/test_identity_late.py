"""Customers that the search did not know of when they were decided on are found later and asked about, once (ROE-24)."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from dealreg.customer.commands import TellCustomersApart
from dealreg.customer.state import CUSTOMER
from dealreg.service.composition import House
from dealreg.service.identity.following import Following
from dealreg.service.identity.late import LateQuestions
from dealreg.service.settings import Role as DatabaseRole
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import ProgramId
from tests.fix_web import claim

DESK = Actor(role=Role.DEAL_DESK, subject="u-desk")


@pytest.fixture
def seekers(seeded, settings):
    """What follows the ledger, what asks, and the house that both are of; nothing runs by itself."""
    with House(settings) as house:
        yield Following(settings.database_url(DatabaseRole.PROJECTOR)), LateQuestions(house.dispatch), house


def filed(world, name, domain, **more):
    body = claim("ALPHA", "NORTH", domain=domain)
    body["customer"] |= {"name": name, **more}
    answer = world["alpha"].post("/registrations", body)
    assert answer.status_code == 201, answer.text
    return answer


def asked_of(house):
    """Every question, as the pair and what the comparison said."""
    rows = house.ledger.run("SELECT originator_id FROM ledger.events WHERE topic = 'customer_opened.v1'")
    held = house.states.see({row["originator_id"]: CUSTOMER.name for row in rows}).held
    return {UUID(str(stream)): set(one.state.asked) for stream, one in held.items() if one.state.asked}


def looked(following, late):
    following.catch_up()
    while late.look():
        pass


def test_two_that_were_opened_before_the_search_knew_either_are_asked_about_once(seeded, seekers):
    following, late, house = seekers
    filed(seeded, "Nordlicht Windkraftanlagen GmbH", "nordlicht.example")
    filed(seeded, "Nordlicht Windkraftanlage", "windkraft.example")
    filed(seeded, "Bestattungen Ruhe", "ruhe.example")
    assert asked_of(house) == {}
    looked(following, late)
    pairs = asked_of(house)
    assert len(pairs) == 2
    (one, others), (other, ones) = pairs.items()
    assert (others, ones) == ({other}, {one})
    facts = house.ledger.run("SELECT count(*) AS many FROM ledger.events")[0]["many"]
    house.ledger.run("UPDATE identity.looked_through SET position = 0")
    looked(following, late)
    assert house.ledger.run("SELECT count(*) AS many FROM ledger.events")[0]["many"] == facts, "nothing is asked twice"
    told = TellCustomersApart(customer=one, other=other, reason="two firms")
    house.dispatch.decide_batch([Request(id="t", program=ProgramId("reference"), actor=DESK, command=told)])
    house.ledger.run("UPDATE identity.looked_through SET position = 0")
    looked(following, late)
    assert asked_of(house) == {}


def test_one_that_the_search_knows_is_asked_about_in_the_decision_that_opens_the_other(seeded, seekers):
    following, late, house = seekers
    filed(seeded, "Nordlicht Windkraftanlagen GmbH", "nordlicht.example")
    following.catch_up()
    filed(seeded, "Nordlicht Windkraftanlage", "windkraft.example")
    assert len(asked_of(house)) == 2
    facts = house.ledger.run("SELECT count(*) AS many FROM ledger.events")[0]["many"]
    looked(following, late)
    assert house.ledger.run("SELECT count(*) AS many FROM ledger.events")[0]["many"] == facts


def test_who_the_decision_was_shown_is_recorded_with_it_and_decides_the_same_again(seeded, seekers):
    following, _, house = seekers
    filed(seeded, "Nordlicht Windkraftanlagen GmbH", "nordlicht.example", street="Hafenstr. 12", postcode="24103")
    following.catch_up()
    answer = filed(seeded, "Nordlicht Windkraft Anlagen", "other.example", street="Hafenstraße 12", postcode="24103")
    rows = house.ledger.run("SELECT topic FROM ledger.events WHERE topic = 'customer_recognised.v1'")
    assert len(rows) == 1
    now = datetime.now(UTC).isoformat()
    told = seeded["desk"].get(f"/registrations/{answer.json()['registration']}/explain", as_of=now).json()
    assert [(one["equal"], one["differs"]) for one in told["decisions"]] == [(True, [])]
