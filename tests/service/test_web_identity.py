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


HOUSE = {"street": "Hafenstraße 12", "postcode": "24103", "place": "Kiel"}


def _filed(world, who, name, domain, **more):
    dealer, distributor = ("ALPHA", "NORTH") if who == "alpha" else ("GAMMA", "SOUTH")
    body = claim(dealer, distributor, domain=domain)
    body["customer"] |= {"name": name, **more}
    done = world[who].post("/registrations", body)
    assert done.status_code == 201, done.text
    return done.json()


@pytest.fixture
def alike(world, asked):
    """Beside the question by name: two of one domain under different names, so that the comparison says why it asks."""
    first = _filed(world, "alpha", "Nordlicht Windkraft GmbH", "nordlicht.example", **HOUSE)
    second = _filed(world, "gamma", "Nordlicht Offshore Service GmbH", "nordlicht.example", place="Husum")
    return first["registration"], second["registration"]


def test_the_desk_reads_the_evidence_side_by_side_with_what_is_at_stake(world, alike):
    first, second = alike
    (question,) = [
        row for row in world["desk"].get("/identity-review").json()["questions"] if row["ground"] == "likeness"
    ]
    pair = f"/identity-review/{question['one']}/{question['other']}"
    told = world["desk"].get(pair).json()
    side = "one" if told["one_name"] == "Nordlicht Windkraft GmbH" else "other"
    across = "other" if side == "one" else "one"
    assert (told[f"{side}_street"], told[f"{side}_postcode"], told[f"{across}_place"]) == (
        "Hafenstraße 12",
        "24103",
        "Husum",
    )
    assert 0 < told["score"] < 1000
    assert told["method"]
    assert any("the same domain nordlicht.example" in one["text"] and one["speaks_for"] for one in told["reasons"])
    assert {row["registration"] for row in told[f"{side}_claims"]} == {first}
    (row, *_) = told[f"{across}_claims"]
    assert (row["registration"], row["filed_by"], row["state"], row["value_amount"]) == (
        second,
        "GAMMA",
        "queued",
        "48000.00",
    )
    assert (told["waiting_hours"], told["overdue"]) == (0, False)
    assert world["desk"].get(f"/identity-review/{question['other']}/{question['one']}").json() == told
    assert world["desk"].get(f"/identity-review/{question['one']}/{question['one']}").status_code == 404
    assert world["emea"].get(pair).status_code == 404
    assert world["gamma"].get(pair).status_code == 403


def test_one_that_was_two_is_split_and_what_was_known_before_stays_so(world):
    first = _filed(world, "alpha", "Acme GmbH", "acme.de")["registration"]
    second = _filed(world, "gamma", "Acme GmbH", "acme.de")["registration"]
    rows = world["desk"].get("/protected-customers", limit=50).json()["deals"]
    (customer,) = {row["customer"] for row in rows}
    before = datetime.now(UTC).isoformat()
    body = {"registrations": [second], "name": "Acme Works GmbH", "country": "DE", "reason": "Two companies."}
    assert world["gamma"].post(f"/customers/{customer}/split", body).status_code == 403
    assert world["desk"].post(f"/customers/{customer}/split", {"reason": "x"}).status_code == 422
    done = world["desk"].post(f"/customers/{customer}/split", body, key="split")
    assert done.status_code == 200, done.text
    other = done.json()["customer"]
    assert other != customer
    assert world["desk"].post(f"/customers/{customer}/split", body, key="split").json() == done.json()
    assert world["desk"].post(f"/customers/{customer}/split", body).status_code == 422, "it is of the other by now"
    now = datetime.now(UTC).isoformat()
    held = {
        (side, at): {
            one["registration"] for one in world["desk"].get(f"/customers/{side}/file", as_of=at).json()["claims"]
        }
        for side in (customer, other)
        for at in (before, now)
    }
    assert held == {
        (customer, before): {first, second},
        (other, before): set(),
        (customer, now): {first},
        (other, now): {second},
    }
    read = world["desk"].get("/deals", limit=50).json()["deals"]
    assert {(row["registration"], row["customer"]) for row in read} == {(first, customer), (second, other)}
    steps = [step["event"] for step in world["desk"].get(f"/registrations/{second}/explain").json()["steps"]]
    assert {"claim_entered", "file_reopened", "registration_rekeyed"} <= set(steps)
    joined = world["desk"].post(f"/customers/{customer}/merge", {"absorbed": other, "reason": "One after all."})
    assert joined.status_code == 200, joined.text
    both = world["desk"].get(f"/customers/{customer}/file", as_of=datetime.now(UTC).isoformat()).json()["claims"]
    assert sorted(one["registration"] for one in both) == sorted((first, second))


def _to_a_partner(world, registration):
    """What a partner reads of its registration, without what is its own request's: ids and instants."""
    told = world["gamma"].get(f"/registrations/{registration}").json()
    mine = ("registration", "submitted_at", "completed_at", "priority_at", "since", "customer_name")
    return [{name: value for name, value in leg.items() if name not in mine} for leg in told["legs"]]


def test_a_partner_does_not_learn_from_its_answer_by_which_verdict_it_waits(world):
    """Same, possible and an equal identifier give one answer where the line is taken (rules.md section 3, what an answer reveals)."""
    names = {"identifier": "Nordlicht Windkraft", "same": "Kranhaus Hebezeuge", "possible": "Elbtal Pumpen"}
    for name in names.values():
        _filed(world, "alpha", f"{name} GmbH", f"{name.split()[0].lower()}.example", **HOUSE)
    answers = {
        "identifier": _filed(world, "gamma", "Nordlicht Windkraft GmbH", "nordlicht.example", **HOUSE),
        "same": _filed(world, "gamma", "Kranhaus Hebezeuge", "kranhaus.example", place="Husum"),
        "possible": _filed(world, "gamma", "Elbtal Pumpen Service Sued AG", "elbtal.example", place="Husum"),
    }
    grounds = {row["one_name"] for row in world["desk"].get("/identity-review").json()["questions"]}
    assert grounds <= {"Elbtal Pumpen GmbH", "Elbtal Pumpen Service Sued AG"}, "only one of the three is asked about"
    assert grounds
    told = {verdict: _to_a_partner(world, answer["registration"]) for verdict, answer in answers.items()}
    assert told["identifier"][0]["state"] == "waiting"
    assert set(map(frozenset, answers.values())) == {frozenset(answers["same"])}, "the same fields are answered"
    for verdict in ("same", "possible"):
        differs = {
            name
            for one, two in zip(told["identifier"], told[verdict], strict=True)
            for name in one
            if one[name] != two[name]
        }
        assert (verdict, differs) == (verdict, set())
