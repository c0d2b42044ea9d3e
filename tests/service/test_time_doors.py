"""Extensions and stale facts through the doors: HTTP, the command line, the feed (ROE-13, ROE-22)."""

from datetime import datetime, timedelta

import pytest

from dealreg.opportunity.commands import FoldOpportunity
from dealreg.service.answering import answered
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import ProgramId
from tests.fix_web import ACTORS, PROGRAM, World, claim
from tests.service.test_cli_asking import Line, line, program  # noqa: F401 - fixtures


@pytest.fixture
def filed(world: World) -> str:
    done = world["alpha"].post("/registrations", claim("ALPHA", None))
    assert done.json()["state"] == "protected", done.text
    return f"/registrations/{done.json()['registration']}"


def _dealers(world: World, who: str) -> dict[str, str]:
    return next(deal for deal in world[who].get("/deals").json()["deals"] if deal["tier"] == "dealer")


def test_an_extension_is_asked_seen_and_granted_over_http(world, filed):
    before = datetime.fromisoformat(_dealers(world, "alpha")["window_to"])
    assert world["emea"].post(f"{filed}/extension", {"partner": "ALPHA"}).status_code == 403
    asked = world["alpha"].post(f"{filed}/extension", {"lines": ["storage"]})
    assert asked.status_code == 200, asked.text
    (waits,) = world["emea"].get("/reviews").json()["deals"]
    assert (waits["partner"], waits["extension"], waits["state"]) == ("ALPHA", "asked", "protected")
    assert world["apac"].get("/reviews").json()["deals"] == []
    again = world["alpha"].post(f"{filed}/extension", {})
    assert (again.status_code, again.json()["clause"]) == (422, "ROE-13")

    decision = {"partner": "ALPHA", "grant": True, "reason": "The budget moved."}
    assert world["apac"].decide(filed, "extension/decision", decision).status_code in {403, 404}
    assert world["emea"].post(f"{filed}/extension/decision", decision).status_code == 428
    assert world["emea"].decide(filed, "extension/decision", decision).status_code == 200
    after = _dealers(world, "alpha")
    assert after["extension"] == "granted"
    assert timedelta(days=59) < datetime.fromisoformat(after["window_to"]) - before < timedelta(days=61)
    assert world["emea"].get("/reviews").json()["deals"] == []


def _told(world: World, change: str, order: str, **said: object) -> None:
    message = {
        "source": "acme-crm", "record": "0063", "digest": f"{int(order):064x}", "order": order, "change": change,
        "changed_at": "2026-11-01T09:00:00Z", **said,
    }  # fmt: skip
    command = FoldOpportunity.model_validate({"message": message})
    request = Request(id=f"m{order}", program=ProgramId(PROGRAM), actor=ACTORS["crm"], command=command)
    answered(world.house.dispatcher.submit(request, ()))


def test_a_gap_is_shown_to_everybody_it_concerns_until_the_desk_says_that_it_is_closed(world):
    identifiers = [{"scheme": "domain", "value": "acme.de"}]
    deal = {
        "partner": "ALPHA",
        "distributor": "NORTH",
        "territory": "DE",
        "lines": ["storage"],
        "close_on": "2027-03-31",
    }
    money = {"amount": "48000", "currency": "EUR"}
    contact = {"ref": "11111111-1111-5111-8111-111111111111", "digest": "0" * 64}
    _told(world, "created", "1", identifiers=identifiers, contact=contact, customer_name="Acme GmbH", **deal, **money)
    world["alpha"].post("/registrations", claim("ALPHA", None, domain="another.de"))
    _told(world, "gap", "2")
    world["gamma"].post("/registrations", claim("GAMMA", None, domain="third.de"))
    stale = [one for one in world["alpha"].get("/deals").json()["deals"] if one["stale_since"]]
    assert {one["customer_name"] for one in stale} == {"Acme GmbH"}
    filed = f"/registrations/{stale[0]['registration']}"

    said = {"reason": "Compared by hand."}
    assert world["emea"].decide(filed, "reconcile", said).status_code == 403
    early = {"line": "storage", "tier": "dealer", "decision": "release", "reason": "Nobody answers."}
    assert world["desk"].decide(filed, "stale", early).json()["clause"] == "ROE-22"
    assert world["desk"].decide(filed, "reconcile", said).status_code == 200
    assert {one["stale_since"] for one in world["alpha"].get("/deals").json()["deals"]} == {None}


def test_an_extension_is_asked_and_refused_on_the_command_line(program: Line):  # noqa: F811 - the fixture
    path = program.write("claim.json", claim("ALPHA", None))
    filed = program("file", path, "--as", "dealer:ALPHA")["registration"]
    ask = ("ask", "AskExtension", "--set", f"registration={filed}")
    program(*ask, "--as", "dealer:ALPHA")
    program(*ask, "--as", "dealer:ALPHA", "--key", "again", code=1)
    decide = ("ask", "DecideExtension", "--set", f"registration={filed}", "--set", "partner=ALPHA")
    said = (
        "--set",
        "grant=false",
        "--set",
        "reason=Nothing has moved.",
        "--as",
        "channel_manager:EMEA",
        "--subject",
        "marta",
    )
    program(*decide, *said)
    told = program("explain", filed)
    refused = [step for step in told["steps"] if step["event"] == "extension_refused"]
    assert [(step["clause"], step["reason"]) for step in refused] == [("ROE-13", "Nothing has moved.")]
