"""What is told of an account, through the doors: who tells, who reads, and what it does to claims (ROE-18, 19, 20, 23, 25)."""

import pytest

from tests.fix_web import claim
from tests.service.test_cli_asking import Line, line, program  # noqa: F401 - fixtures of the command line

ACME = {"identifiers": [{"scheme": "domain", "value": "acme.de"}]}
SALE = {"customer": ACME, "line": "storage", "scope": {"territory": "DE"}, "dealer": "BETA", "distributor": "NORTH"}


def _sold(world, **more):
    done = world["desk"].post("/accounts/sales", {**SALE, "sold_on": "2026-09-01", **more})
    assert done.status_code == 200, done.text
    return done.json()


def _reports(world, who, **asked):
    done = world[who].get("/accounts/reports", **asked)
    assert done.status_code == 200, done.text
    return [(row["kind"], row["dealer"], row["over_at"] is not None) for row in done.json()["reports"]]


@pytest.fixture
def domain():
    """The customer whom sale and claim name alike."""
    return ACME["identifiers"][0]["value"]


def test_a_sale_stands_before_a_newcomer_and_only_its_region_reads_of_it(world, domain):
    _sold(world)
    filed = world["alpha"].post("/registrations", claim("ALPHA", "NORTH", domain=domain)).json()
    assert filed["state"] == "waiting"
    assert _reports(world, "desk") == _reports(world, "emea") == [("sale", "BETA", False)]
    assert _reports(world, "apac") == []
    for partner in ("alpha", "beta", "north"):
        assert world[partner].get("/accounts/reports").status_code == 403
    conflict = world["desk"].get("/conflicts").json()["conflicts"][0]
    assert (conflict["kind"], conflict["state"]) == ("seller_of_record", "ruled")


def test_a_seller_gives_up_for_itself_and_for_nobody_else(world, domain):
    _sold(world)
    body = {
        "customer": ACME,
        "tier": "dealer",
        "line": "storage",
        "scope": {"territory": "DE"},
        "dated_on": "2026-09-02",
        "digest": "0" * 64,
        "reason": "We leave this customer to others.",
    }
    assert world["gamma"].post("/accounts/sellers-of-record/end", body).status_code == 409
    assert world["gamma"].post("/accounts/sellers-of-record/end", {**body, "partner": "BETA"}).status_code == 403
    assert world["beta"].post("/accounts/sellers-of-record/end", body).status_code == 200
    filed = world["alpha"].post("/registrations", claim("ALPHA", "NORTH", domain=domain)).json()
    assert filed["state"] == "protected"


def test_the_direct_team_does_not_rule_on_its_own_opportunity(world, domain):
    told = world["desk"].post(
        "/accounts/direct-opportunities", {"customer": ACME, "lines": ["storage"], "scope": {"territory": "DE"}}
    )
    assert told.status_code == 200, told.text
    filed = world["alpha"].post("/registrations", claim("ALPHA", "NORTH", domain=domain)).json()
    assert (filed["state"], [row["state"] for row in filed["lines"]]) == ("waiting", ["waiting"])
    (conflict,) = world["desk"].get("/conflicts").json()["conflicts"]
    ruling = {"ruling": "uphold_incumbent", "reason": "The direct team was there first."}
    path = f"/conflicts/{conflict['conflict']}"
    for barred in ("direct", "desk"):
        done = world[barred].decide(path, "ruling", ruling)
        assert (done.status_code, done.json()["clause"]) == (403, "ROE-19"), done.text
    assert world["desk2"].decide(path, "ruling", ruling).status_code == 200
    legs = world["alpha"].get(f"/registrations/{filed['registration']}").json()["legs"]
    assert {(leg["state"], leg["clause"]) for leg in legs} == {("declined", "ROE-19")}


def test_the_same_telling_again_is_answered_the_same_and_ends_once(world):
    body = {"customer": ACME, "lines": [], "effective_on": "2199-01-01", "reason": "Served centrally."}
    first = world["desk"].post("/accounts/flags", body, key="flag")
    again = world["desk"].post("/accounts/flags", body, key="flag")
    assert (first.json(), again.headers["idempotent-replayed"]) == (again.json(), "true")
    ends = f"/accounts/reports/{first.json()['report']}/end"
    assert world["desk"].post(ends, {"reason": "Given back to the channel."}).status_code == 200
    assert world["desk"].post(ends, {"reason": "Given back to the channel."}).status_code == 409
    assert _reports(world, "desk", kind="strategic_flag") == [("strategic_flag", None, True)]
    assert _reports(world, "desk", standing=True) == []


def test_the_command_line_tells_and_lists(program: Line):  # noqa: F811 - the fixture
    from dealreg.service.projecting.projector import Projector

    tender = {
        "customer": ACME,
        "reference": "2026/S 049-0001",
        "lines": ["storage"],
        "scope": {"territory": "DE"},
        "published_on": "2026-03-10",
        "source": "The official journal.",
    }
    told = program("ask", "EnterTender", program.write("tender.json", tender))
    Projector(program.environment["DATABASE_URL"], strict=True).catch_up()
    (row,) = program("accounts", "--kind", "tender")
    assert (row["report"], row["reference"], row["day"]) == (told["report"], "2026/S 049-0001", "2026-03-10")
    assert program("accounts", "--as", "channel_manager:APAC") == []
    early = {"customer": ACME, "effective_on": "2026-01-01", "reason": "At once."}
    assert program("ask", "FlagAccount", program.write("flag.json", early), code=1)["clause"] == "ROE-20"
