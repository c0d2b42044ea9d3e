"""What was true at a recorded instant, over HTTP: at the very instant, before the first fact, after the newest."""

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest

from tests.fix_web import claim

BIG = {"amount": "250000", "currency": "EUR"}


@pytest.fixture
def story(world):
    """Filed, progressed, approved; the instant at which each was recorded."""
    filed = world["alpha"].post("/registrations", claim("ALPHA", None, value=BIG)).json()
    path = f"/registrations/{filed['registration']}"
    world["alpha"].post(f"{path}/progress", {"stage": "negotiation"})
    world["emea"].decide(path, "approve")
    with psycopg.connect(
        world.settings.database_url("app"), options="-c role=dealreg_app -c timezone=UTC"
    ) as connection:
        rows = connection.execute(
            "SELECT topic, recorded_at FROM ledger.events WHERE originator_id = %s ORDER BY position",
            [filed["registration"]],
        ).fetchall()
    customer = world["desk"].get(path).json()["legs"][0]["customer"]
    return path, dict(rows), customer


def _instant(at: datetime) -> str:
    return at.isoformat()


STEP = timedelta(microseconds=1)


def test_at_the_very_instant_it_is_true_and_a_microsecond_before_it_is_not(world, story):
    path, at, _ = story
    filed, approved = at["registration_submitted.v1"], at["registration_approved.v1"]
    before = world["emea"].get(path, as_of=_instant(filed - STEP))
    assert (before.status_code, before.json()["detail"]) == (404, "there is no such registration; check its id")
    assert world["emea"].get(path, as_of=_instant(filed)).json()["state"] == "pending"
    assert world["emea"].get(path, as_of=_instant(approved - STEP)).json()["state"] == "pending"
    assert world["emea"].get(path, as_of=_instant(approved)).json()["state"] == "protected"


def test_what_was_recorded_later_changes_nothing_of_the_past(world, story):
    path, at, _ = story
    asked = _instant(at["progress_recorded.v1"])
    first = world["desk"].get(path, as_of=asked)
    world["alpha"].post(f"{path}/withdraw")
    again = world["desk"].get(path, as_of=asked)
    assert (first.text, first.headers["etag"]) == (again.text, again.headers["etag"])
    assert first.json()["as_of"]["final"] is True
    assert first.json()["stage"] == "negotiation"


def test_later_than_the_newest_fact_is_not_final(world, story):
    path, at, _ = story
    newest = max(at.values())
    assert world["desk"].get(path, as_of=_instant(newest)).json()["as_of"]["final"] is True
    assert world["desk"].get(path, as_of=_instant(newest + STEP)).json()["as_of"]["final"] is False
    assert world["desk"].get(path, as_of="2199-01-01T00:00:00Z").json()["state"] == "protected"


def test_an_instant_without_an_offset_or_out_of_range_is_malformed(bare):
    for asked in ("2026-03-01", "2026-03-01T10:00:00", "yesterday", "1700-01-01T00:00:00Z", ""):
        done = bare["desk"].get(f"/registrations/{uuid4()}", as_of=asked)
        assert done.status_code == 422, done.text
        assert done.json()["faults"][0]["field"] == "query.as_of"


def test_offsets_name_the_same_instant(world, story):
    path, at, _ = story
    filed = at["registration_submitted.v1"]
    other = filed.astimezone(ZoneInfo("Asia/Tokyo"))
    assert world["desk"].get(path, as_of=_instant(other)).text == world["desk"].get(path, as_of=_instant(filed)).text


def test_a_partner_reads_its_own_registration_as_it_was_in_its_own_words(world, story):
    path, at, _ = story
    for name in ("alpha", "north", "master"):
        then = world[name].get(path, as_of=_instant(at["registration_submitted.v1"]))
        assert [leg["state"] for leg in then.json()["legs"]] == ["pending", "pending"], then.text
        then = world[name].get(path, as_of=_instant(at["registration_approved.v1"]))
        assert [leg["state"] for leg in then.json()["legs"]] == ["protected", "protected"]
        assert world[name].get(path, as_of=_instant(at["registration_submitted.v1"] - STEP)).status_code == 404
    for name in ("beta", "gamma", "south"):
        missing = world[name].get(f"/registrations/{uuid4()}", as_of=_instant(max(at.values())))
        done = world[name].get(path, as_of=_instant(max(at.values())))
        assert (done.status_code, done.json()) == (missing.status_code, missing.json())
        assert done.status_code == 404


def test_a_partners_past_says_nothing_of_a_rival(world, story):
    path, _, _ = story
    filed = world["gamma"].post("/registrations", claim("GAMMA", None)).json()
    rival = f"/registrations/{filed['registration']}"
    done = world["gamma"].get(rival, as_of="2199-01-01T00:00:00Z")
    assert [leg["state"] for leg in done.json()["legs"]] == ["waiting", "waiting"]
    proof = {"kind": "quote", "dated_on": "2026-10-01", "digest": "0" * 64}
    contested = world["gamma"].post("/registrations", claim("GAMMA", None, domain="another.de", evidence=[proof]))
    assert contested.json()["state"] == "protected"
    contested = world["beta"].post("/registrations", claim("BETA", None, domain="another.de", evidence=[proof])).json()
    told = world["beta"].get(f"/registrations/{contested['registration']}", as_of="2199-01-01T00:00:00Z").json()
    assert {leg["state"] for leg in told["legs"]} == {"waiting"}
    for word in ("ALPHA", "NORTH", "protected", "conflict", "queue", path.rpartition("/")[2]):
        assert word not in done.text


def test_the_newest_past_is_what_the_rows_say(world, story):
    """The same words in the same columns: what is folded and what is projected cannot drift apart unseen."""
    path, _, _ = story
    filed = world["gamma"].post("/registrations", claim("GAMMA", None)).json()["registration"]
    lacking = world["alpha"].post("/registrations", claim("ALPHA", None, domain="another.de", contact=None)).json()
    of_north, of_south = [path, f"/registrations/{lacking['registration']}"], [f"/registrations/{filed}"]
    for name, own in {"alpha": of_north, "north": of_north, "gamma": of_south, "south": of_south}.items():
        for registration in own:
            now = world[name].get(registration).json()["legs"]
            then = world[name].get(registration, as_of="2199-01-01T00:00:00Z").json()["legs"]
            assert [{column: row[column] for column in then[0]} for row in now] == then
            assert then


def test_a_customers_file_and_a_conflict_as_they_were(world, story):
    _, at, customer = story
    approved = max(at.values())
    world["gamma"].post("/registrations", claim("GAMMA", None))
    file = f"/customers/{customer}/file"
    assert len({leg["registration"] for leg in world["emea"].get(file).json()["legs"]}) == 2
    assert [one["filed_by"] for one in world["emea"].get(file, as_of=_instant(approved)).json()["claims"]] == ["ALPHA"]
    before = world["emea"].get(file, as_of=_instant(min(at.values()) - STEP)).json()
    assert (before["claims"], before["as_of"]["final"]) == ([], True)
    assert world["apac"].get(file).json()["legs"] == [], "another region's claims are not shown"
    assert world["apac"].get(file, as_of=_instant(approved)).json()["claims"] == []
    opened = world.house.ledger.run(
        "SELECT originator_id, recorded_at FROM ledger.events WHERE topic = 'conflict_detected.v1'"
    )
    conflict = f"/conflicts/{opened[0]['originator_id']}"
    told = world["emea"].get(conflict, as_of="2199-01-01T00:00:00Z").json()
    assert [party["filed_by"] for party in told["parties"]] == ["ALPHA", "GAMMA"]
    assert told["reasons"]
    assert world["emea"].get(conflict, as_of=_instant(opened[0]["recorded_at"] - STEP)).status_code == 404
    assert world["emea"].get(conflict, as_of=_instant(opened[0]["recorded_at"])).status_code == 200
    assert world["apac"].get(conflict).status_code == 404
    assert world["apac"].get(conflict, as_of="2199-01-01T00:00:00Z").status_code == 404
    assert world["alpha"].get(conflict).status_code == 403
