"""Special prices through the doors: who asks, who decides, who reads (ROE-33), and what is noted for managers (ROE-3)."""

from typing import Any
from uuid import UUID

import pytest

from tests.fix_web import claim

ASKED = {
    "line": "storage",
    "discount": "0.15",
    "size": {"amount": "120000.00", "currency": "EUR"},
    "competitor": "Globex",
}


@pytest.fixture
def held(world):
    """A registration of ALPHA through NORTH that is protected."""
    return world["alpha"].post("/registrations", claim("ALPHA", "NORTH")).json()["registration"]


def _asked(world, registration, who="alpha"):
    done = world[who].post(f"/registrations/{registration}/special-prices", ASKED)
    assert done.status_code == 201, done.text
    return done.json()


def test_a_price_is_asked_decided_by_two_people_and_read_by_its_own_parties_only(world, held):
    asked = _asked(world, held)
    price = asked["special_price"]
    assert (asked["state"], asked["levels_left"]) == ("requested", ["channel_manager", "regional_director"])
    (waiting,) = world["emea"].get("/special-prices", to_decide=True).json()["special_prices"]
    assert (waiting["special_price"], waiting["competitor"], waiting["decisions"]) == (price, "Globex", [])
    first = world["emea"].decide(f"/special-prices/{price}", "decision", {"decision": "approve"})
    assert first.json()["levels_left"] == ["regional_director"]
    again = world["emea"].decide(f"/special-prices/{price}", "decision", {"decision": "approve"})
    assert (again.status_code, again.json()["clause"]) == (403, "ROE-33")
    granted = world["director"].decide(f"/special-prices/{price}", "decision", {"decision": "approve"})
    assert granted.json()["state"] == "granted"
    for who in ("alpha", "north"):
        (row,) = world[who].get("/special-prices").json()["special_prices"]
        assert (row["state"], row["discount"], row["distributor"]) == ("granted", "0.15", "NORTH")
        assert "decisions" not in row
    for who in ("beta", "gamma", "south", "master"):
        assert world[who].get("/special-prices").json()["special_prices"] == []
    assert world["apac"].get("/special-prices").json()["special_prices"] == []


def test_a_decision_names_what_was_read(world, held):
    price = _asked(world, held)["special_price"]
    assert world["emea"].post(f"/special-prices/{price}/decision", {"decision": "approve"}).status_code == 428
    stale = world["emea"].post(f"/special-prices/{price}/decision", {"decision": "approve"}, match='"old"')
    assert stale.status_code == 412
    assert world["emea"].get(f"/special-prices/{UUID(int=1)}").status_code == 404
    assert world["alpha"].get(f"/special-prices/{price}").status_code == 403


def test_absurd_discounts_and_sizes_are_refused_with_their_field(world, held):
    path = f"/registrations/{held}/special-prices"
    for field, value in (("discount", "1.5"), ("discount", "0"), ("discount", "0.123456"), ("discount", "NaN")):
        done = world["alpha"].post(path, {**ASKED, field: value})
        assert (done.status_code, field in done.text) == (422, True), done.text
    huge = {**ASKED, "size": {"amount": "1E+200000", "currency": "EUR"}}
    assert world["alpha"].post(path, huge).status_code == 422
    unknown = world["alpha"].post(path, {**ASKED, "size": {"amount": "5", "currency": "XXX"}})
    assert (unknown.status_code, unknown.json()["clause"]) == (422, "ROE-33")
    assert world["alpha"].post(path, {**ASKED, "line": "network"}).status_code == 404


def test_the_manager_is_shown_what_reaches_the_minimum_only_together(world):
    small: dict[str, Any] = {"value": {"amount": "6000.00", "currency": "EUR"}}
    world["alpha"].post("/registrations", claim("ALPHA", "NORTH", **small))
    other = claim("ALPHA", "NORTH", **small)
    other["lines"][0]["line"] = "network"
    world["alpha"].post("/registrations", other)
    (notice,) = world["emea"].get("/notices").json()["notices"]
    assert (notice["kind"], notice["partner"], notice["amount"]) == ("minimum_reached_together", "ALPHA", "12000.00")
    assert len(notice["registrations"]) == 2
    assert world["apac"].get("/notices").json()["notices"] == []
    assert world["alpha"].get("/notices").status_code == 403
