"""Who customers are, through the door: the desk reads what may be one, merges, tells apart, parts again (ROE-24)."""

from datetime import UTC, datetime

import pytest

from tests.fix_web import claim


@pytest.fixture
def asked(world):
    """Two customers of one name: the first claim is protected, the second waits for a person."""
    world["alpha"].post("/registrations", claim("ALPHA", "NORTH"))
    second = claim("GAMMA", "SOUTH", domain="acme-europe.de")
    second["customer"]["name"] = "ACME G.m.b.H."
    registration = world["gamma"].post("/registrations", second).json()["registration"]
    (question,) = world["desk"].get("/identity-review").json()["questions"]
    return registration, question


def test_the_desk_reads_both_sides_and_nobody_else_reads_anything(world, asked):
    _, question = asked
    names = {question["one_name"], question["other_name"]}
    domains = {known["value"] for side in ("one", "other") for known in question[f"{side}_identifiers"]}
    assert names == {"Acme GmbH", "ACME G.m.b.H."}
    assert domains == {"acme.de", "acme-europe.de"}
    assert (question["state"], question["ground"], question["overdue"]) == ("open", "name", False)
    assert question["decide_to"] > question["asked_at"]
    assert world["emea"].get("/identity-review").json()["questions"] == []
    assert world["gamma"].get("/identity-review").status_code == 403


def test_told_apart_the_claim_goes_on(world, asked):
    registration, question = asked
    waiting = world["gamma"].get(f"/registrations/{registration}").json()
    assert {leg["state"] for leg in waiting["legs"]} == {"waiting"}
    path = f"/customers/{question['one']}/apart"
    done = world["desk"].post(path, {"other": question["other"], "reason": "Two firms."}, key="told")
    assert done.status_code == 200, done.text
    again = world["desk"].post(path, {"other": question["other"], "reason": "Two firms."}, key="told")
    assert again.json() == done.json()
    assert world["desk"].get("/identity-review").json()["questions"] == []
    (told,) = world["desk"].get(f"/customers/{question['one']}/identity").json()["questions"]
    assert (told["state"], told["told_by"], told["reason"]) == ("apart", "u-desk", "Two firms.")
    going = world["gamma"].get(f"/registrations/{registration}").json()
    assert {leg["state"] for leg in going["legs"]} == {"protected"}


def test_merged_and_parted_again(world, asked):
    registration, question = asked
    one, other = question["one"], question["other"]
    merged = world["crm"].post(f"/customers/{one}/merge", {"absorbed": other, "reason": "One account now."})
    assert (merged.status_code, merged.json()["customer"]) == (200, one)
    assert world["desk"].post(f"/customers/{other}/merge", {"absorbed": one, "reason": "x"}).status_code == 409
    rows = world["desk"].get("/protected-customers", customer=one).json()["deals"]
    assert {row["customer"] for row in rows} == {one}
    undone = world["desk"].post(f"/customers/{other}/undo-merge", {"reason": "A mistake."})
    assert undone.status_code == 200, undone.text
    assert world["desk"].post(f"/customers/{other}/undo-merge", {"reason": "Again."}).status_code == 409
    (told,) = world["desk"].get(f"/customers/{one}/identity").json()["questions"]
    assert told["state"] == "apart"
    assert world["gamma"].get(f"/registrations/{registration}").status_code == 200


def test_a_parent_company_is_named_from_a_day_on_and_never_in_a_circle(world, asked):
    _, question = asked
    one, other = question["one"], question["other"]
    body = {"parent": other, "held_from": "2026-07-01T00:00:00Z"}
    assert world["desk"].post(f"/customers/{one}/parent", body).status_code == 200
    circle = world["desk"].post(f"/customers/{other}/parent", {"parent": one})
    assert (circle.status_code, circle.json()["clause"]) == (422, "ROE-24")
    assert world["emea"].post(f"/customers/{one}/parent", body).status_code == 403


def test_the_file_of_a_merged_customer_is_read_where_its_claims_stand(world, asked):
    registration, question = asked
    one, other = question["one"], question["other"]
    world["desk"].post(f"/customers/{one}/merge", {"absorbed": other, "reason": "One firm."})
    now = datetime.now(UTC).isoformat()
    of_each = [world["desk"].get(f"/customers/{side}/file", as_of=now).json()["claims"] for side in (one, other)]
    assert of_each[0] == of_each[1]
    assert registration in {held["registration"] for held in of_each[0]}
    told = world["desk"].get(f"/registrations/{registration}", as_of=now).json()
    assert {held["state"] for held in told["claims"]} == {"queued"}
    steps = [
        step["event"]
        for held in of_each[0]
        for step in world["desk"].get(f"/registrations/{held['registration']}/explain").json()["steps"]
    ]
    assert steps.count("claims_taken_over") == 1
