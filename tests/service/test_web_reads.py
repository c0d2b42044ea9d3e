"""Reading over HTTP: each its own rows, page by page, never behind what was seen, and nothing of what a rival does."""

import json
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import psycopg
import pytest

from dealreg.service.projecting.folders import read_models
from dealreg.service.projecting.projector import Projector
from dealreg.web import rows
from tests.fix_web import claim

QUESTIONS: dict[str, type[rows.Row]] = {
    "my_deals/newest": rows.Deal, "my_deals/of_registration": rows.Deal, "my_deals/history": rows.Change,
    "network_deals/newest": rows.Deal, "network_deals/of_registration": rows.Deal, "network_deals/history": rows.Change,
    "protected_customers/newest": rows.ManagedDeal, "protected_customers/of_registration": rows.ManagedDeal,
    "protected_customers/of_customer": rows.ManagedDeal, "protected_customers/protected": rows.ManagedDeal,
    "protected_customers/to_review": rows.ManagedDeal, "protected_customers/history": rows.ManagedChange,
    "conflict_queue/newest": rows.ConflictRow, "conflict_queue/open": rows.ConflictRow, "conflict_queue/one": rows.ConflictRow,
    "expiring_windows/next": rows.Ending, "my_joinings/open": rows.JoiningAsked, "registration_history/of_registration": rows.Fact,
    "dead_letters/newest": rows.DeadLetter,
}  # fmt: skip
"""Every question that is asked over HTTP, and what its rows are told as."""

UNTOLD = {"cursor", "program"}
OF_PARTNERS = {"my_deals", "network_deals", "my_joinings"}
"""Models of partners, who are not told the customer's id."""


def test_every_column_of_a_question_is_told(database_url):
    """A column that is added to a question and forgotten here would be dropped unseen."""
    models = read_models()
    with psycopg.connect(database_url) as connection:
        for question, row in QUESTIONS.items():
            name, _, query = question.partition("/")
            connection.execute("SELECT set_config('search_path', %s, true)", [f"{name}_g1"])
            statement = models[name].ask[query]
            connection.execute(f"PREPARE asked AS {statement.text}")
            types = connection.execute(
                "SELECT result_types FROM pg_prepared_statements WHERE name = 'asked'"
            ).fetchone()
            given = ", ".join("NULL" for _ in statement.names)
            found = connection.execute(f"EXECUTE asked ({given})" if given else "EXECUTE asked")
            columns = {column.name for column in found.description or ()}
            connection.execute("DEALLOCATE asked")
            assert types
            assert columns - UNTOLD == set(row.model_fields) - UNTOLD, question
            assert name not in OF_PARTNERS or not any(
                "customer" in n for n in (*statement.names, *columns - {"customer_name"})
            )


def _filed(world, name, dealer, number, **more):
    done = world[name].post("/registrations", claim(dealer, None, domain=f"customer{number}.de", **more))
    assert done.status_code == 201, done.text
    return done.json()["registration"]


def _walk(caller, path, name, *, between=lambda: None, **params):
    following: str | None = None
    while True:
        page = caller.get(path, limit=2, **params, **({"cursor": following} if following else {})).json()
        yield from page[name]
        following = page["next"]
        if following is None:
            return
        between()


def test_a_list_is_walked_whole_and_once_while_others_file(world):
    filed = [_filed(world, "alpha", "ALPHA", number) for number in range(5)]
    more = iter(range(100, 200))
    seen = list(_walk(world["alpha"], "/deals", "deals", between=lambda: _filed(world, "alpha", "ALPHA", next(more))))
    keys = [(deal["registration"], deal["tier"]) for deal in seen]
    assert len(keys) == len(set(keys)) == 10
    assert {registration for registration, _ in keys} == set(filed), (
        "what was filed meanwhile is newer than where it began"
    )
    instants = [deal["submitted_at"] for deal in seen]
    assert all(newer >= older for newer, older in pairwise(instants))


def test_a_cursor_is_of_its_question_and_of_nothing_else(world):
    for number in range(2):
        _filed(world, "alpha", "ALPHA", number)
    following = world["alpha"].get("/deals", limit=1).json()["next"]
    for path, cursor in (
        ("/deals", "x"),
        ("/deals", following[:-3]),
        ("/deals", "WyJhIl0"),
        ("/deals", "é"),
        ("/reviews", following),
    ):
        done = world["desk" if path == "/reviews" else "alpha"].get(path, cursor=cursor)
        assert (done.status_code, done.json()["type"]) == (422, "urn:dealreg:problem:malformed"), cursor
    assert world["alpha"].get("/deals", limit=0).status_code == 422
    assert world["alpha"].get("/deals", limit=501).status_code == 422


def test_each_reads_its_own(world):
    mine, other = _filed(world, "alpha", "ALPHA", 1), _filed(world, "gamma", "GAMMA", 2)
    asian = _filed(world, "beta", "BETA", 3, territory="JP")
    expected = {
        "alpha": {mine}, "beta": {asian}, "gamma": {other}, "north": {mine, asian}, "south": {other}, "master": {mine, asian},
        "emea": {mine, other}, "apac": {asian}, "desk": {mine, other, asian}, "auditor": {mine, other, asian},
    }  # fmt: skip
    for name, registrations in expected.items():
        listed = world[name].get("/deals")
        assert {deal["registration"] for deal in listed.json()["deals"]} == registrations, (name, listed.text)
        for registration in (mine, other, asian):
            allowed = registration in registrations
            for path in (f"/registrations/{registration}", f"/registrations/{registration}/explain"):
                done = world[name].get(path)
                assert done.status_code == (200 if allowed else 404), (name, path)
    assert world["crm"].get("/deals").status_code == 403
    for name in ("alpha", "north", "master"):
        for path in ("/conflicts", "/protected-customers", "/reviews", "/expiring-windows", "/dead-letters"):
            assert world[name].get(path).status_code == 403, (name, path)


def _everything(world, name, registration):
    """All that a partner can read, with every header that could carry something."""
    paths = ["/deals", "/joinings", *(f"/registrations/{registration}{more}" for more in ("", "/history", "/explain"))]
    told = []
    for path in paths:
        done = world[name].get(path)
        headers = {key: value for key, value in done.headers.items() if key not in {"x-request-id", "date"}}
        told.append((path, done.status_code, headers, done.text))
    return told


def test_nothing_that_an_incumbent_reads_changes_when_rivals_come_and_go(world):
    mine = _filed(world, "alpha", "ALPHA", 1)
    before = {name: _everything(world, name, mine) for name in ("alpha", "north", "master")}
    rival = world["gamma"].post("/registrations", claim("GAMMA", None, domain="customer1.de")).json()
    assert rival["state"] == "waiting"
    path = f"/registrations/{rival['registration']}"
    world["gamma"].post(f"{path}/progress", {"stage": "negotiation"})
    world["gamma"].post(
        f"{path}/evidence", {"evidence": {"kind": "quote", "dated_on": "2026-10-01", "digest": "0" * 64}}
    )
    world["south"].post("/registrations", claim(None, "SOUTH", domain="customer1.de"))
    world["gamma"].post(f"{path}/withdraw")
    for name, told in before.items():
        assert _everything(world, name, mine) == told, name


def test_a_challenger_reads_the_same_whoever_the_incumbent_is(world):
    """Two customers, held by different partners in different tracks and values: the two answers differ in nothing but ids and times."""
    _filed(world, "alpha", "ALPHA", 1)
    world["north"].post(
        "/registrations", claim(None, "NORTH", domain="customer2.de", value={"amount": "90000", "currency": "EUR"})
    )
    told = []
    for number in (1, 2):
        filed = world["gamma"].post("/registrations", claim("GAMMA", None, domain=f"customer{number}.de"))
        registration = filed.json()["registration"]
        read = [text for _, _, _, text in _everything(world, "gamma", registration)[2:]]
        legs = json.loads(read[0])["legs"]
        for word in ("ALPHA", "NORTH", "MASTER", "conflict", "90000"):
            assert word not in filed.text + "".join(read)
        vary = {"registration", "customer", "since", "submitted_at", "completed_at", "at", "customer_name"}
        told.append(
            [
                {key: value for key, value in filed.json().items() if key not in vary},
                [{key: value for key, value in leg.items() if key not in vary} for leg in legs],
                [
                    {key: value for key, value in one.items() if key not in vary}
                    for one in json.loads(read[1])["changes"]
                ],
                json.loads(read[2])["clauses"],
            ]
        )
    assert told[0] == told[1]


def test_each_tier_is_told_its_own_window(world):
    filed = world["alpha"].post("/registrations", claim("ALPHA", None))
    legs = world["alpha"].get(filed.headers["location"]).json()["legs"]
    ends = {leg["tier"]: leg["window_to"] for leg in legs}
    assert ends["dealer"] < ends["distributor"]
    told = {
        name: world[name].post(f"{filed.headers['location']}/progress", {"stage": "qualified"}).json()["lines"][0]
        for name in ("alpha", "north")
    }
    for name, tier in (("alpha", "dealer"), ("north", "distributor")):
        last = datetime.fromisoformat(ends[tier]) - timedelta(seconds=1)
        assert told[name]["protected_until"] == last.astimezone(ZoneInfo("Europe/Berlin")).date().isoformat()


def test_who_waits_is_told_nothing_but_that(world):
    """No clause (it names the other's tier), no customer's id (it tells who came first)."""
    world["alpha"].post("/registrations", claim("ALPHA", None))
    filed = world["gamma"].post("/registrations", claim("GAMMA", None)).json()
    assert world["gamma"].get("/deals", customer="00000000-0000-0000-0000-000000000001").status_code == 403
    assert filed == {
        "registration": filed["registration"], "state": "waiting", "lines": [{"line": "storage", "state": "waiting"}],
    }  # fmt: skip


def test_a_read_knows_of_what_its_caller_has_seen_or_says_how_much_it_lacks(seeded):
    registration = _filed(seeded, "alpha", "ALPHA", 1)
    behind = seeded["alpha"].get("/deals")
    assert (behind.json()["deals"], behind.headers["dealreg-behind"]) == ([], "some"), (
        "a number would count what others do"
    )
    assert int(seeded["desk"].get("/deals").headers["dealreg-behind"]) > 0
    Projector(seeded.settings.database_url("projector")).catch_up()
    there = seeded["alpha"].get("/deals")
    assert {deal["registration"] for deal in there.json()["deals"]} == {registration}
    assert "dealreg-behind" not in there.headers
    for token in ("x", "WyJzZWVuIiwtMV0", "WyJzZWVuIix0cnVlXQ"):
        assert seeded["alpha"].get("/deals", headers={"Dealreg-Seen": token}).status_code == 422


def test_who_has_it_already_is_told_so(world):
    path = f"/registrations/{_filed(world, 'alpha', 'ALPHA', 1)}"
    tag = world["alpha"].get(path).headers["etag"]
    again = world["alpha"].get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    world["alpha"].post(f"{path}/progress", {"stage": "negotiation"})
    assert world["alpha"].get(path, headers={"If-None-Match": tag}).status_code == 200


def test_history_and_explanation_by_tier(seeded):
    incumbent = _filed(seeded, "alpha", "ALPHA", 1)
    registration = _filed(seeded, "gamma", "GAMMA", 1)
    Projector(seeded.settings.database_url("projector")).catch_up()
    path = f"/registrations/{registration}"
    own = seeded["gamma"].get(f"{path}/history").json()["changes"]
    assert [change["state"] for change in own if change["tier"] == "dealer"][-1] == "waiting"
    assert not {"actor", "reason", "position"} & set(own[0])
    managed = seeded["emea"].get(f"{path}/history").json()["changes"]
    assert {"actor", "reason"} <= set(managed[0])
    audited = seeded["auditor"].get(f"{path}/history").json()["changes"]
    assert audited[0]["event"] == "registration_submitted"
    assert [fact["position"] for fact in audited] == sorted(fact["position"] for fact in audited)
    assert seeded["apac"].get(f"{path}/history").status_code == 404
    explained = seeded["desk"].get(f"{path}/explain").json()
    refused = next(step for step in explained["steps"] if step["event"] == "claim_queued")
    assert refused["clause"].startswith("ROE-")
    assert refused["says"]
    assert refused["reason"]
    assert {read["stream"] for read in refused["read"]} >= {registration}
    assert {step["event"] for step in explained["steps"]} >= {"conflict_detected", "conflict_ruled"}
    assert explained["true"]["rulebook_version"] == "2026-1"
    assert incumbent not in seeded["gamma"].get(f"{path}/explain").text


def test_any_decision_is_explained_and_made_again_for_those_who_may_read_all_of_it(seeded):
    incumbent, registration = _filed(seeded, "alpha", "ALPHA", 1), _filed(seeded, "gamma", "GAMMA", 1)
    Projector(seeded.settings.database_url("projector")).catch_up()
    for who in ("desk", "auditor"):
        (filed,) = seeded[who].get(f"/registrations/{registration}/explain").json()["decisions"]
        assert (filed["equal"], filed["differs"]) == (True, [])
        assert filed["asked"].startswith("file registration: filed by GAMMA")
        assert any("claim 1 of ALPHA" in sentence for sentence in filed["true"])
        tried = [one["clause"] for one in filed["tried"] if one["line"]]
        assert tried.index("ROE-1") < tried.index("ROE-3") < tried.index("ROE-12")
        assert [one["clause"] for one in filed["tried"] if one["outcome"] == "answered"] == ["ROE-9"]
        assert seeded[who].get(f"/decisions/{filed['decision']}/explain").json()["decisions"] == [filed]
    (conflict,) = seeded["desk"].get("/conflicts").json()["conflicts"]
    assert seeded["desk"].get(f"/decisions/{conflict['conflict']}/explain").json()["decisions"] == [filed]
    assert seeded["emea"].get(f"/registrations/{registration}/explain").json()["decisions"] == []
    for stranger in ("emea", "gamma"):
        assert seeded[stranger].get(f"/decisions/{registration}/explain").status_code == 403
    assert seeded["gamma"].get(f"/decisions/{incumbent}/explain").status_code == 403
    for nothing in ("nothing", f"{registration}:999", f"{registration}:x", "6d0f5b0e-6f0c-5b1e-9d5e-0d8f2c1f7a11"):
        assert seeded["desk"].get(f"/decisions/{nothing}/explain").status_code == 404


def test_conflicts_are_listed_and_ruled_by_the_desk(world):
    _filed(world, "alpha", "ALPHA", 1)
    body = claim("GAMMA", None, domain="customer1.de")
    body["evidence"] = [{"kind": "quote", "dated_on": "2026-10-01", "digest": "0" * 64}]
    challenger = world["gamma"].post("/registrations", body).json()["registration"]
    (listed,) = world["emea"].get("/conflicts", state="open").json()["conflicts"]
    assert [party["registration"] for party in listed["challengers"]] == [challenger]
    assert listed["proposal"]["reasons"]
    path = f"/conflicts/{listed['conflict']}"
    assert world["apac"].get("/conflicts").json() == {"next": None, "conflicts": []}
    assert world["apac"].get(path).status_code == 404
    assert world["emea"].get("/conflicts", kind="tie").json()["conflicts"] == []
    ruling = {"ruling": "award_challenger", "reason": "Its quote was there before."}
    assert world["emea"].decide(path, "ruling", ruling).status_code == 403
    assert world["desk"].post(f"{path}/ruling", ruling).status_code == 428
    assert world["desk"].decide(path, "ruling", ruling).status_code == 200
    assert world["desk"].decide(path, "ruling", ruling).status_code == 409
    assert [leg["state"] for leg in world["alpha"].get("/deals").json()["deals"]] == ["released", "released"]
    assert [leg["state"] for leg in world["gamma"].get("/deals").json()["deals"]] == ["protected", "protected"]


def test_who_is_asked_to_join_reads_the_registration_only_after_yes(world):
    held = world["north"].post("/registrations", claim(None, "NORTH")).headers["location"]

    def invited(dealer):
        world["north"].post(f"{held}/invitations", {"line": "storage", "tier": "dealer", "partner": dealer.upper()})
        (asked,) = world[dealer].get("/joinings").json()["joinings"]
        assert {"holder", "partner", "customer"}.isdisjoint(asked)
        return f"/registrations/{asked['registration']}/joinings/{asked['joining']}"

    path = invited("beta")
    assert world["gamma"].post(path, {"agree": True}).status_code == 404
    refused = world["beta"].post(path, {"agree": False})
    assert (refused.status_code, set(refused.json())) == (200, {"registration", "joining"}), refused.text
    assert world["beta"].get(held).status_code == 404
    assert world["beta"].get("/joinings").json()["joinings"] == []
    agreed = world["alpha"].post(invited("alpha"), {"agree": True})
    assert agreed.json()["lines"][0]["state"] == "protected", agreed.text
    assert {"ALPHA"} <= {leg["partner"] for leg in world["alpha"].get(held).json()["legs"]}
    assert world["alpha"].get(held).json()["legs"][0]["filed_by"] == "NORTH"


def test_what_waits_for_a_person_and_what_is_held(world):
    held = _filed(world, "alpha", "ALPHA", 1)
    waits = _filed(world, "alpha", "ALPHA", 2, value={"amount": "250000", "currency": "EUR"})
    assert {leg["registration"] for leg in world["emea"].get("/protected-customers").json()["deals"]} == {held}
    assert world["apac"].get("/protected-customers").json()["deals"] == []
    assert {leg["registration"] for leg in world["emea"].get("/reviews").json()["deals"]} <= {waits}


def test_messages_that_could_not_be_decided_are_for_those_of_the_whole_program(bare):
    with psycopg.connect(bare.settings.database_url("app")) as connection:
        connection.execute(
            "INSERT INTO intake.dead_letters (stream, sequence, subject, bytes, reason, received_at)"
            " VALUES ('CRM', 7, 'crm.opportunity.x', 'secret', 'not_json', now())"
        )
    for name in ("desk", "auditor"):
        done = bare[name].get("/dead-letters", open=True)
        assert [one["reason"] for one in done.json()["dead_letters"]] == ["not_json"]
        assert "secret" not in done.text
    assert bare["emea"].get("/dead-letters").status_code == 403


def test_readiness_really_asks(bare):
    def ready():
        return bare.client.get("/health/ready")

    assert ready().json()["worries"].keys() == {"consume", "seal"}
    with psycopg.connect(bare.settings.database_url("sealer"), autocommit=True) as connection:
        connection.execute("INSERT INTO seal.standing VALUES ('log', 100, now(), NULL)")
    assert ready().json()["worries"].keys() == {"consume"}
    assert (ready().status_code, ready().json()["status"]) == (200, "degraded")
    with psycopg.connect(bare.settings.database_url("app"), autocommit=True) as connection:
        connection.execute("INSERT INTO intake.heartbeats (role, instance) VALUES ('consume', 'one')")
        assert ready().json()["status"] == "ready"
        connection.execute("UPDATE intake.heartbeats SET at = at - interval '31 seconds'")
        assert "31 s ago" in ready().json()["worries"]["consume"]
    stopped = json.dumps(
        {"event": "claim_queued", "file": "my_deals/on/claim_queued.sql", "position": 7, "reason": "secret"}
    )
    with psycopg.connect(bare.settings.database_url("projector"), autocommit=True) as connection:
        connection.execute("UPDATE projection.generations SET stopped = %s WHERE model = 'my_deals'", [stopped])
        red = ready()
        assert (red.status_code, red.headers["content-type"]) == (503, "application/problem+json")
        assert "claim_queued" in red.json()["problems"]["projection my_deals"]
        assert "secret" not in red.text
        connection.execute("UPDATE projection.generations SET stopped = NULL")
    assert ready().status_code == 200
    figures = bare.client.get("/metrics").text
    assert "dealreg_ready 1.0" in figures
    assert 'dealreg_projection_behind{model="my_deals"}' in figures


@pytest.mark.parametrize("path", ["/deals", "/conflicts", "/registrations/6d0f5b0e-6f0c-5b1e-9d5e-0d8f2c1f7a11"])
def test_without_a_token_nothing_is_read(bare, path):
    assert bare.client.get(path).status_code == 401
