"""Rulings, suggestions, stays, appeals and narrower scopes over HTTP (rules.md section 3, ROE-29)."""

from uuid import UUID

import pytest

from tests.fix_web import claim

QUOTE = {"kind": "quote", "dated_on": "2026-10-01", "digest": "0" * 64}


@pytest.fixture
def contested(world):
    """ALPHA holds, GAMMA shows an earlier quote: the conflict's path and both registrations."""
    first = world["alpha"].post("/registrations", claim("ALPHA", None)).json()["registration"]
    second = world["gamma"].post("/registrations", {**claim("GAMMA", None), "evidence": [QUOTE]}).json()["registration"]
    (listed,) = world["emea"].get("/conflicts", state="open").json()["conflicts"]
    return f"/conflicts/{listed['conflict']}", first, second


def _lines(answered):
    return [line["state"] for line in answered.json()["lines"]]


def test_a_ruling_is_suggested_ruled_appealed_stayed_and_judged_by_four_people(world, contested):
    path, first, second = contested
    said = world["emea"].post(f"{path}/suggestions", {"ruling": "share", "awarded": second, "reason": "Half each."})
    assert said.status_code == 200, said.text
    assert world["apac"].post(f"{path}/suggestions", {"ruling": "share", "reason": "Mine."}).status_code == 403
    award = {"ruling": "award_challenger", "awarded": second, "reason": "The quote was first."}
    assert world["desk"].decide(path, "ruling", award).json()["state"] == "ruled"

    appealed = world["alpha"].post(f"/registrations/{first}/appeal", {"line": "storage", "reason": "It was ours."})
    assert appealed.status_code == 200, appealed.text
    assert _lines(appealed) == ["released"]
    (waits,) = world["desk"].get("/conflicts", state="open").json()["conflicts"]
    assert (waits["state"], waits["appeals"][0]["registration"], waits["times_overdue"]) == ("appealed", first, 0)
    assert waits["suggestions"][0]["ruling"] == "share"

    assert world["desk"].decide(path, "stay", {"reason": "To be seen."}).status_code == 403
    assert world["desk2"].decide(path, "stay", {"reason": "To be seen."}).status_code == 200
    shown = world["desk"].get(path).json()
    assert shown["stay_to"] == waits["ruling_to"]
    assert world["gamma"].get("/deals").json()["deals"][0]["state"] == "suspended"

    judged = world["desk2"].decide(path, "ruling", {"ruling": "uphold_incumbent", "reason": "So it was."})
    assert judged.json()["state"] == "closed"
    shown = world["desk"].get(path).json()
    assert (shown["ruling"]["on_appeal"], shown["stay_to"], shown["appeal_to"]) == ("reversed", None, None)
    states = {
        name: [deal["state"] for deal in world[name].get("/deals").json()["deals"]] for name in ("alpha", "gamma")
    }
    assert states == {"alpha": ["protected"] * 2, "gamma": ["released"] * 2}


def test_a_line_is_split_between_its_parties(world, contested):
    path, first, second = contested
    parts = [
        {"registration": first, "scope": {"territory": "DE", "sites": ["Kiel"]}},
        {"registration": second, "scope": {"territory": "DE", "sites": ["Ulm"]}},
    ]
    done = world["desk"].decide(path, "ruling", {"ruling": "split_lines", "parts": parts, "reason": "A plant each."})
    assert done.json()["ruling"] == "split_lines"
    deals = {name: world[name].get("/deals").json()["deals"] for name in ("alpha", "gamma")}
    assert {name: [(leg["state"], leg["sites"]) for leg in legs] for name, legs in deals.items()} == {
        "alpha": [("protected", ["Kiel"])] * 2,
        "gamma": [("protected", ["Ulm"])] * 2,
    }
    told = world["desk"].get(path, as_of=world["desk"].get(path).json()["ruling"]["ruled_at"])
    assert told.status_code == 200


def test_a_partner_narrows_its_scope_and_leaves_the_conflict(world, contested):
    path, _, second = contested
    body = {"line": "storage", "scope": {"territory": "DE", "sites": ["Ulm"]}}
    narrowed = world["gamma"].post(f"/registrations/{second}/scope", body)
    assert narrowed.status_code == 200, narrowed.text
    wider = world["gamma"].post(f"/registrations/{second}/scope", {"line": "storage", "scope": {"territory": "EMEA"}})
    assert wider.status_code == 409
    assert world["desk"].get(path).json()["state"] == "proposed", "a site inside Germany still meets all of Germany"


def test_a_decline_is_appealed_listed_and_reversed_by_another_person(world):
    body = {**claim("ALPHA", None), "value": {"amount": "400000.00", "currency": "EUR"}}
    registration = world["alpha"].post("/registrations", body).json()["registration"]
    where = f"/registrations/{registration}"
    declined = world["emea"].decide(where, "decline", {"clause": "ROE-3", "reason": "Two deals."})
    assert _lines(declined) == ["declined"]
    assert "appeal_by" in declined.json()["lines"][0]
    assert world["gamma"].post(f"{where}/appeal", {"line": "storage", "reason": "Mine."}).status_code in {403, 404}
    lodged = world["alpha"].post(f"{where}/appeal", {"line": "storage", "reason": "One deal."})
    assert lodged.status_code == 200, lodged.text
    assert "appeal_by" not in lodged.json()["lines"][0], "an appeal is made once"

    (waits,) = world["emea"].get("/appeals", state="open").json()["appeals"]
    assert (waits["against"], waits["state"], waits["decided_by"]) == ("decline", "waits", "u-emea")
    assert UUID(waits["registration"]) == UUID(registration)
    assert world["apac"].get("/appeals").json()["appeals"] == []
    assert world["alpha"].get("/appeals").status_code == 403

    done = world["desk"].decide(where, "appeal/ruling", {"line": "storage", "reverse": True, "reason": "One deal."})
    assert _lines(done) == ["protected"]
    assert world["desk"].get("/appeals", state="open").json()["appeals"] == []
    (judged,) = world["desk"].get("/appeals", state="reversed").json()["appeals"]
    assert (judged["ruled_by"], judged["ruled_because"]) == ("u-desk", "One deal.")
