"""Commands over HTTP: who may ask what, named once and answered once, decided on what was read."""

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
import structlog

from dealreg.process.deciding import COMMANDS
from dealreg.service.token_key import read_or_make
from dealreg.service.tokens import mint
from dealreg.web.permissions import MAY
from dealreg.web.routes import WRITES
from tests.fix_web import ACTORS, RULEBOOK, Caller, claim

PARTNERS = {"alpha", "north", "master"}
MANAGERS = {"emea", "desk"}
DESK = {"desk"}
ROLES = ("alpha", "north", "master", "emea", "desk", "auditor", "crm")

RULES_MD_SECTION_4 = {
    "POST /registrations": PARTNERS,
    "POST /registrations/{registration}/supplement": PARTNERS,
    "POST /registrations/{registration}/withdraw": PARTNERS,
    "POST /registrations/{registration}/progress": PARTNERS,
    "POST /registrations/{registration}/evidence": PARTNERS,
    "POST /registrations/{registration}/outcome": PARTNERS,
    "POST /registrations/{registration}/extension": PARTNERS,
    "POST /registrations/{registration}/extension/decision": MANAGERS,
    "POST /registrations/{registration}/reconcile": DESK,
    "POST /registrations/{registration}/stale": DESK,
    "POST /feeds/gaps": DESK,
    "POST /feeds/gaps/{gap}/reconcile": DESK,
    "POST /registrations/{registration}/offer": PARTNERS,
    "POST /registrations/{registration}/invitations": PARTNERS,
    "POST /registrations/{registration}/joinings/{joining}": PARTNERS,
    "POST /registrations/{registration}/special-prices": PARTNERS,
    "POST /registrations/{registration}/distributor": PARTNERS | DESK,
    "POST /registrations/{registration}/hiding": PARTNERS,
    "POST /registrations/{registration}/release": DESK,
    "POST /special-prices/{special_price}/decision": MANAGERS,
    "POST /registrations/{registration}/return": MANAGERS,
    "POST /registrations/{registration}/approve": MANAGERS,
    "POST /registrations/{registration}/decline": MANAGERS,
    "POST /overrides": MANAGERS,
    "POST /overrides/{override}/approve": DESK,
    "POST /overrides/{override}/revoke": DESK,
    "POST /conflicts/{conflict}/ruling": DESK,
    "POST /conflicts/{conflict}/suggestions": MANAGERS,
    "POST /conflicts/{conflict}/stay": DESK,
    "POST /registrations/{registration}/appeal": PARTNERS,
    "POST /registrations/{registration}/appeal/ruling": DESK,
    "POST /registrations/{registration}/scope": PARTNERS,
    "POST /customers/{customer}/merge": DESK | {"crm"},
    "POST /customers/{customer}/apart": DESK | {"crm"},
    "POST /customers/{customer}/undo-merge": DESK | {"crm"},
    "POST /customers/{customer}/split": DESK | {"crm"},
    "POST /customers/{customer}/parent": DESK,
    "PUT /partners/{partner}": DESK,
    "POST /partners/{partner}/parents": DESK,
    "POST /partners/{partner}/tier": DESK,
    "POST /partners/{partner}/authorisation": DESK,
    "POST /partners/{partner}/standing": DESK,
    "POST /rulebooks": DESK,
    "POST /custom-fields/type": DESK,
    "POST /accounts/sales": DESK,
    "POST /accounts/sellers-of-record/end": PARTNERS | DESK,
    "POST /accounts/direct-opportunities": DESK,
    "POST /accounts/flags": DESK,
    "POST /accounts/tenders": DESK,
    "POST /accounts/reports/{report}/activity": DESK,
    "POST /accounts/reports/{report}/end": DESK,
}
"""The row *write*, by hand: a route that is opened to another role, or added without a thought, is seen here."""


def _path(write):
    return write.path.format_map({name: str(uuid4()) for name in write.in_path})


def test_every_route_is_in_the_table_of_who_may_write():
    assert {f"{write.method} {write.path}" for write in WRITES} == set(RULES_MD_SECTION_4)


def test_every_command_of_the_core_says_who_may_ask_it():
    elsewhere = {name for name, roles in MAY.items() if not roles} | {"FoldOpportunity", "FoldAccount", "FollowAccount"}
    assert set(COMMANDS) == {write.command.__name__ for write in WRITES} | elsewhere


def test_every_write_by_every_role(bare):
    """Refused at the door, whatever it names; or let in, and then something else may be wrong with it."""
    for write in WRITES:
        allowed = RULES_MD_SECTION_4[f"{write.method} {write.path}"]
        for role in ROLES:
            done = bare[role].post(_path(write), dict(write.example), method=write.method)
            refused = done.status_code == 403 and "may not ask" in done.json()["detail"]
            assert refused == (role not in allowed), (write.path, role, done.text)


def test_the_example_of_every_write_is_well_formed(bare):
    for write in WRITES:
        role = min(RULES_MD_SECTION_4[f"{write.method} {write.path}"])
        done = bare[role].post(_path(write), dict(write.example), method=write.method)
        assert done.status_code in {200, 404, 422, 428}, (write.path, done.text)
        assert "faults" not in done.json(), (write.path, done.text)


def test_without_a_token_nothing_is_written(bare):
    for write in WRITES:
        done = bare.client.request(
            write.method, _path(write), json=dict(write.example), headers={"Idempotency-Key": "k"}
        )
        assert (done.status_code, done.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')


def test_a_write_without_a_name_is_told_how_to_name_it(world):
    done = world.client.post(
        "/registrations", json=claim("ALPHA", None), headers={"Authorization": f"Bearer {world['alpha'].token}"}
    )
    assert done.status_code == 400
    assert "Idempotency-Key" in done.json()["detail"]
    for key in (" ", "x" * 201):
        assert world["alpha"].post("/registrations", claim("ALPHA", None), key=key).status_code in {400, 422}


def test_a_repeat_is_answered_as_before_and_does_nothing_twice(world):
    first = world["alpha"].post("/registrations", claim("ALPHA", None), key="once")
    position = world.house.ledger.head()
    again = world["alpha"].post("/registrations", claim("ALPHA", None), key="once")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert world.house.ledger.head() == position
    assert first.headers["location"] == f"/registrations/{first.json()['registration']}"


@pytest.mark.parametrize("change", [{"contact": None}, {"stage": "proposal"}, {"value": None}])
def test_a_key_that_was_used_for_something_else_is_refused(world, change):
    world["alpha"].post("/registrations", claim("ALPHA", None), key="once")
    done = world["alpha"].post("/registrations", {**claim("ALPHA", None), **change}, key="once")
    assert (done.status_code, done.json()["type"]) == (422, "urn:dealreg:problem:reused")


def test_keys_of_different_callers_never_meet(world):
    one = world["alpha"].post("/registrations", claim("ALPHA", None), key="same")
    other = world["gamma"].post("/registrations", claim("GAMMA", None, domain="another.de"), key="same")
    assert (one.status_code, other.status_code) == (201, 201)
    assert one.json()["registration"] != other.json()["registration"]


def test_the_same_request_ten_times_at_one_moment_is_one_registration(world):
    """With a personal field: each repeat seals it anew, and one of them is kept."""
    with ThreadPoolExecutor(10) as pool:
        done = list(
            pool.map(lambda _: world["alpha"].post("/registrations", claim("ALPHA", None), key="once"), range(10))
        )
    assert {one.status_code for one in done} == {201}, [one.text for one in done]
    assert len({one.text for one in done}) == 1
    with psycopg.connect(world.settings.database_url("app")) as connection:
        kept = connection.execute("SELECT count(*) FROM personal.held").fetchone()
    assert kept == (1,)


def test_what_is_personal_is_kept_beside_the_ledger_only(world):
    world["alpha"].post("/registrations", claim("ALPHA", None))
    with psycopg.connect(world.settings.database_url("app")) as connection:
        stored = connection.execute("SELECT convert_from(state, 'UTF8') FROM ledger.events").fetchall()
        kept = connection.execute("SELECT subject, value FROM personal.held").fetchall()
    assert not [row for row in stored if "erika" in row[0].lower()]
    assert kept == [("erika mustermann, erika@acme.example", "Erika Mustermann, erika@acme.example")]


@pytest.fixture
def waiting(world):
    """A registration that waits for a person: above what the rulebook approves by itself."""
    done = world["alpha"].post("/registrations", claim("ALPHA", None, value={"amount": "250000", "currency": "EUR"}))
    assert done.json()["state"] == "pending", done.text
    return f"/registrations/{done.json()['registration']}"


def test_nobody_decides_on_what_he_has_not_read(world, waiting):
    assert world["emea"].post(f"{waiting}/approve").status_code == 428
    assert world["emea"].post(f"{waiting}/approve", match='"another"').status_code == 412
    tag = world["emea"].get(waiting).headers["etag"]
    world["alpha"].post(f"{waiting}/progress", {"stage": "negotiation"})
    changed = world["emea"].post(f"{waiting}/approve", match=tag)
    assert (changed.status_code, changed.json()["type"]) == (412, "urn:dealreg:problem:changed")
    done = world["emea"].decide(waiting, "approve", key="approve")
    assert (done.status_code, done.json()["state"]) == (200, "protected")
    assert world["emea"].post(f"{waiting}/approve", match=tag, key="approve").json() == done.json(), (
        "a repeat is no decision"
    )


def test_of_two_who_decide_on_the_same_state_the_second_is_told(world, waiting):
    tag = world["emea"].get(waiting).headers["etag"]
    assert tag == world["desk"].get(waiting).headers["etag"]
    assert (
        world["emea"].post(f"{waiting}/decline", {"clause": "ROE-1", "reason": "a rival brand"}, match=tag).status_code
        == 200
    )
    assert world["desk"].post(f"{waiting}/approve", match=tag).status_code == 412
    assert world["desk"].decide(waiting, "approve").status_code == 409


def test_a_manager_decides_in_his_region_only_and_learns_nothing_of_others(world, waiting):
    missing = f"/registrations/{uuid4()}"
    for path in (waiting, missing):
        for verb, body in (
            ("approve", None),
            ("return", {"reason": "x"}),
            ("decline", {"clause": "ROE-1", "reason": "x"}),
        ):
            done = world["apac"].post(f"{path}/{verb}", body, match="*")
            assert (done.status_code, done.json()["detail"]) == (404, "there is no such registration; check its id")


def test_a_partner_cannot_tell_a_rivals_registration_from_none(world, waiting):
    """Every command of a partner on one registration; ids are derived, so a rival may well guess them."""
    given = {"tier": "dealer", "partner": "GAMMA"}
    for write in WRITES:
        if "alpha" not in RULES_MD_SECTION_4[f"{write.method} {write.path}"] or not write.in_path:
            continue
        body = {**write.example, **(given if write.path.endswith("invitations") else {})}
        told = []
        for registration in (waiting.rpartition("/")[2], str(uuid4())):
            path = write.path.format(registration=registration, joining=uuid4())
            done = world["gamma"].post(path, body)
            told.append((done.status_code, done.json()))
        assert told[0] == told[1], write.path
        assert told[0][0] == 404


def test_a_dealer_speaks_for_itself_and_a_distributor_for_those_below(world):
    body = claim("ALPHA", None)
    refused = world["beta"].post("/registrations", {**body, "filed_by": "ALPHA"})
    assert (refused.status_code, refused.json()["detail"]) == (403, "a dealer asks for itself only; leave filed_by out")
    assert world["south"].post("/registrations", {**body, "filed_by": "ALPHA"}).status_code == 403
    assert world["north"].post("/registrations", {**body, "filed_by": "ALPHA"}).status_code == 201
    assert (
        world["master"]
        .post("/registrations", {**claim("BETA", None, domain="another.de"), "filed_by": "BETA"})
        .status_code
        == 201
    )


def test_what_belongs_to_another_program_is_not_there(world, waiting):
    key = read_or_make(world.settings.token_key_file)

    def elsewhere(name):
        return Caller(world.client, mint(key, ACTORS[name], "another", seconds=60))

    elsewhere("desk").post("/rulebooks", {"document": {**RULEBOOK, "program": "another"}})
    for caller in (elsewhere("desk"), elsewhere("emea")):
        assert caller.get(waiting).status_code == 404
        assert caller.post(f"{waiting}/approve", match="*").status_code == 404
    elsewhere("desk").post(
        "/partners/ALPHA", {"track": "dealer", "effective_from": "2026-01-01T00:00:00Z"}, method="PUT"
    )
    assert elsewhere("alpha").post(f"{waiting}/withdraw").status_code == 404
    assert elsewhere("alpha").post(f"{waiting}/progress", {"stage": "negotiation"}).status_code == 404
    assert elsewhere("desk").get(waiting, as_of="2199-01-01T00:00:00Z").status_code == 404
    bar = {
        "verb": "bar",
        "ground": "compliance",
        "reason": "x",
        "partners": ["ALPHA"],
        "scope": {"territory": "DE"},
        "override_to": "2027-01-01T00:00:00Z",
    }
    override = world["emea"].post("/overrides", bar).headers["location"]
    assert elsewhere("desk").get(override).status_code == 404
    assert elsewhere("desk").post(f"{override}/approve", match="*").status_code == 404
    assert world["alpha"].post(f"{waiting}/withdraw").status_code == 200


def test_an_override_takes_three_people(world, waiting):
    customer = world["desk"].get(waiting).json()["legs"][0]["customer"]
    proposed = world["emea"].post(
        "/overrides",
        {
            "verb": "suspend", "ground": "customer_request", "reason": "The customer asked for it.", "customer": customer,
            "line": "storage", "scope": {"territory": "DE"}, "override_to": "2027-01-01T00:00:00Z",
        },
    )  # fmt: skip
    assert proposed.status_code == 201, proposed.text
    path = proposed.headers["location"]
    assert world["desk"].post(f"{path}/approve").status_code == 428
    assert world["desk"].decide(path, "approve").json()["state"] == "proposed"
    assert world["desk"].decide(path, "approve").status_code == 403
    assert world["desk2"].decide(path, "approve").json()["state"] in {"approved", "in_force"}
    assert world["desk"].get(path).json()["approved_by"] == ["u-desk", "u-desk-2"]
    assert world["apac"].get(path).status_code == 404
    assert world["desk"].decide(path, "revoke", {"reason": "no longer"}).json()["state"] == "ended"


def test_a_write_can_be_followed_through_the_log_by_its_correlation(world):
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        done = world.client.post(
            "/registrations",
            json=claim("ALPHA", None),
            headers={
                "Authorization": f"Bearer {world['alpha'].token}",
                "Idempotency-Key": "once",
                "X-Request-Id": "from-the-gateway",
            },
        )
    assert done.headers["x-request-id"] == "from-the-gateway"
    told = {line["event"]: line for line in lines if line["correlation_id"] == "from-the-gateway"}
    assert set(told) == {"command_decided", "request_answered"}
    assert told["command_decided"]["request"] == "once"
    assert "erika" not in str(lines).lower()
    odd = world.client.post("/registrations", headers={"X-Request-Id": "x" * 101})
    assert odd.headers["x-request-id"] != "x" * 101


def test_documents_name_every_command(bare):
    schema = bare.client.get("/openapi.json").json()
    named = {one["operationId"] for path in schema["paths"].values() for one in path.values() if "operationId" in one}
    assert {write.command.__name__ for write in WRITES} <= named
    body = schema["components"]["schemas"]["FileRegistration"]
    assert body["examples"]
    assert body["description"]
    assert body["properties"]["contact"]["anyOf"][0]["type"] == "string"
    assert "registration" not in schema["components"]["schemas"]["AddEvidence"]["properties"]
    assert json.dumps(schema).count("application/problem+json") > len(WRITES)
