"""The past over HTTP, with the rights of rules.md section 4: diff, first-known, history, and what was protected where."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from dealreg.service.ledger.recorded import Row
from tests.fix_web import claim

STEP = timedelta(microseconds=1)
SOON = "2199-01-01T00:00:00Z"


@pytest.fixture
def deal(world):
    """Filed by ALPHA and protected; GAMMA waits behind it; then the dealer gave up."""
    filed = world["alpha"].post("/registrations", claim("ALPHA", None)).json()["registration"]
    rival = world["gamma"].post("/registrations", claim("GAMMA", None)).json()["registration"]
    world["alpha"].post(f"/registrations/{filed}/withdraw")
    return filed, rival


def the_withdrawal(world) -> Row:
    rows: list[Row] = world.house.ledger.notifications(0, 1000)
    return next(row for row in rows if row.topic == "leg_withdrawn.v1")


def test_a_diff_says_what_changed_by_whom_and_why(world, deal):
    filed, _ = deal
    path, before = f"/registrations/{filed}", (the_withdrawal(world).recorded_at - STEP).isoformat()
    told = world["emea"].get(f"{path}/diff", **{"from": before}).json()
    (leg,) = [one for one in told["changes"] if one["field"] == "claims.storage.legs.dealer.ALPHA.state"]
    assert (leg["before"], leg["after"]) == ("protected", "withdrawn")
    assert [(cause["event"], cause["actor_role"], cause["actor"]) for cause in leg["because"]] == [
        ("leg_withdrawn.v1", "dealer", "u-alpha")
    ]
    own = world["alpha"].get(f"{path}/diff", **{"from": before})
    assert own.status_code == 200, own.text
    assert {one["before"] for one in own.json()["changes"] if one["field"].endswith("ALPHA.state")} == {"protected"}
    assert all(one["because"] == [] for one in own.json()["changes"])
    for name in ("gamma", "beta", "apac"):
        assert world[name].get(f"{path}/diff", **{"from": before}).status_code == 404
    assert world["desk"].get(f"{path}/diff", from_size=0, to_size=the_withdrawal(world).position).json()["changes"]
    assert world["emea"].get(f"{path}/diff", from_size=0).status_code == 403
    twice = world["desk"].get(f"{path}/diff", **{"from": before, "from_size": 3})
    assert (twice.status_code, "the same thing twice" in twice.text) == (422, True)


def test_by_effective_instants(world, deal):
    filed, _ = deal
    path, now = f"/registrations/{filed}/diff", datetime.now(UTC)
    done = world["desk"].get(
        path, **{"from": "2026-01-01T00:00:00Z", "to": (now + timedelta(days=1)).isoformat(), "by_effective": True}
    )
    assert {one["before"] for one in done.json()["changes"]} == {None}
    assert done.json()["after"]["effective_at"] is not None


def test_when_it_was_first_known(world, deal):
    filed, _ = deal
    told = (
        world["emea"].get(f"/registrations/{filed}/first-known", field="dealer.ALPHA.state", value="protected").json()
    )
    assert (told["first"]["known_from"]["event"], told["first"]["known_to"]["event"]) == (
        "line_approved.v1",
        "leg_withdrawn.v1",
    )
    assert world["alpha"].get(f"/registrations/{filed}/first-known", field="state").status_code == 403
    assert world["emea"].get(f"/registrations/{filed}/first-known", field="weather").status_code == 404
    assert world["apac"].get(f"/registrations/{filed}/first-known", field="state").status_code == 404
    assert world["emea"].get(f"/registrations/{filed}/first-known").status_code == 422


def test_the_history_of_every_kind(world, deal):
    filed, _ = deal
    customer = world["desk"].get(f"/registrations/{filed}").json()["legs"][0]["customer"]
    conflict = world["desk"].get("/conflicts").json()["conflicts"][0]["conflict"]
    for path in (f"/customers/{customer}", f"/conflicts/{conflict}", "/partners/ALPHA"):
        told = world["auditor"].get(f"{path}/history")
        assert told.status_code == 200, told.text
        positions = [one["position"] for one in told.json()["facts"]]
        assert positions
        assert positions == sorted(positions)
        early = world["auditor"].get(f"{path}/history", at_size=positions[0]).json()["facts"]
        assert [one["position"] for one in early] == positions[:1]
        assert world["alpha"].get(f"{path}/history").status_code == 403
    of_region = world["emea"].get(f"/customers/{customer}/history").json()["facts"]
    assert of_region
    assert all(one["registration"] for one in of_region)
    assert world["apac"].get(f"/customers/{customer}/history").status_code == 404
    assert world["apac"].get(f"/conflicts/{conflict}/history").status_code == 404
    assert world["emea"].get("/partners/ALPHA/history").status_code == 403
    assert world["desk"].get(f"/overrides/{uuid4()}/history").status_code == 404


def test_a_partner_and_a_customer_as_they_were(world, deal):
    filed, _ = deal
    customer = world["desk"].get(f"/registrations/{filed}").json()["legs"][0]["customer"]
    told = world["desk"].get("/partners/ALPHA", as_of=SOON).json()
    assert (told["tier"], told["parents"], told["standing"]) == ("authorized", ["NORTH"], "good")
    assert world["desk"].get("/partners/ALPHA", effective_at="2025-12-31T00:00:00Z").status_code == 404
    assert world["desk"].get("/partners/NOBODY").status_code == 404
    assert world["emea"].get("/partners/ALPHA").status_code == 403
    who = world["auditor"].get(f"/customers/{customer}").json()
    assert (who["name"], who["identifiers"]) == ("Acme GmbH", [{"scheme": "domain", "value": "acme.de"}])
    assert len(who["claims"]) == 2
    assert "name" not in world["emea"].get(f"/customers/{customer}").json()
    assert world["apac"].get(f"/customers/{customer}").status_code == 404
    assert world["auditor"].get(f"/customers/{uuid4()}").status_code == 404
    assert world["auditor"].get("/customers/nobody").status_code == 404


def test_what_was_protected_where_as_known_when(world, deal):
    filed, _ = deal
    gone, now = the_withdrawal(world).recorded_at, datetime.now(UTC)
    today = now.date().isoformat()
    # Nobody has it before it was known; on the day itself both pieces of that day are there; of a later instant the dealer's is not.
    assert world["desk"].get("/protected", on=today, known_at="2026-01-01T00:00:00Z").json()["intervals"] == []
    told = world["desk"].get("/protected", on=today).json()
    mine = [one for one in told["intervals"] if one["registration"] == filed]
    assert {(one["tier"], one["partner"]) for one in mine} == {("dealer", "ALPHA"), ("distributor", "NORTH")}
    assert not told["as_of"]["final"]
    then = world["desk"].get("/protected", on=in_five_days(now)).json()["intervals"]
    assert {one["tier"] for one in then if one["registration"] == filed} == {"distributor"}
    known = world["desk"].get("/protected", on=in_five_days(now), known_at=(gone - STEP).isoformat()).json()
    assert {one["tier"] for one in known["intervals"] if one["registration"] == filed} == {"dealer", "distributor"}
    assert known["as_of"]["final"]
    (dealer,) = [one for one in known["intervals"] if one["tier"] == "dealer"]
    assert datetime.fromisoformat(dealer["known_to"]) == gone
    size = the_withdrawal(world).position
    by_size = world["auditor"].get("/protected", on=in_five_days(now), at_size=size - 1).json()
    assert by_size["intervals"] == known["intervals"]


def in_five_days(now: datetime) -> str:
    return (now + timedelta(days=5)).isoformat()


def test_a_region_is_a_territory_with_all_below_it_and_a_manager_has_his_own(world, deal):
    today = datetime.now(UTC).date().isoformat()

    def seen(name: str, **more) -> int:
        done = world[name].get("/protected", on=today, **more)
        assert done.status_code == 200, done.text
        return len({one["registration"] for one in done.json()["intervals"]})

    assert [seen("desk", region=region) for region in ("DE", "EMEA", "WORLD", "APAC", "JP")] == [1, 1, 1, 0, 0]
    assert [seen("emea", region=region) for region in ("DE", "EMEA", "APAC")] == [1, 1, 0]
    assert (seen("emea"), seen("apac"), seen("apac", region="DE"), seen("auditor")) == (1, 0, 0, 1)
    assert world["alpha"].get("/protected", on=today).status_code == 403
    assert world["emea"].get("/protected", on=today, at_size=3).status_code == 403
    for wrong in ("yesterday", "2026-02-30", "2026-03-01T10:00:00", ""):
        assert world["desk"].get("/protected", on=wrong).status_code == 422
    assert world["desk"].get("/protected", on="2026-03-01T10:00:00Z", known_at=SOON, at_size=2).status_code == 422


def test_pages_of_pieces(world, deal):
    today = datetime.now(UTC).date().isoformat()
    whole = world["desk"].get("/protected", on=today).json()["intervals"]
    assert len(whole) > 1
    found, cursor = [], None
    while True:
        page = world["desk"].get("/protected", on=today, limit=1, **({"cursor": cursor} if cursor else {})).json()
        found += page["intervals"]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == whole
