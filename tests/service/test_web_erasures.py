"""Erasures and legal holds over HTTP and at the command line, on the real app."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.service.intake import dead_letters
from dealreg.service.intake.dead_letters import Dead
from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.unreadable import Unreadable, Why
from dealreg.service.ledger.audit_facts import ErasureRefused, SubjectErased, TrailRead
from tests.fix_web import claim

ERIKA = "Erika Mustermann, erika@acme.example"


@pytest.fixture
def filed(world):
    """A registration of alpha's with a contact."""
    done = world["alpha"].post("/registrations", claim("ALPHA", "NORTH"))
    assert done.status_code in {201, 202}, done.text
    return done.json()["registration"]


def _erase(world, who="desk", **more):
    key = more.pop("key", None)
    return world[who].post("/erasures", {"subject": ERIKA, "reason": "GDPR-2026-14", **more}, key=key)


def _personal(world, registration, who="desk"):
    return world[who].get(f"/registrations/{registration}/personal").json()["values"]


def test_an_erased_value_is_told_by_when_and_why(world, filed):
    (before,) = _personal(world, filed)
    assert (before["field"], before["told"], before["held"]) == ("contact", ERIKA, True)
    plan = _erase(world, dry_run=True).json()
    assert (plan["values"], plan["done"]) == (1, False)
    assert _personal(world, filed) == [before]
    done = _erase(world, basis="GDPR Art. 17")
    assert done.status_code == 200, done.text
    assert (done.json()["values"], done.json()["done"], len(done.json()["events"])) == (1, True, 1)
    assert any("backups" in one for one in done.json()["beyond"])
    (after,) = _personal(world, filed, "auditor")
    assert after["held"] is False
    assert after["told"].startswith("erased on 20")
    assert after["told"].endswith(" under GDPR Art. 17")
    assert world["alpha"].get(f"/registrations/{filed}").status_code == 200
    assert world["desk"].get(f"/registrations/{filed}/explain").status_code == 200
    assert world["auditor"].get(f"/decisions/{filed}/explain").status_code == 200


def test_a_repeat_is_answered_the_same(world, filed):
    first, again = _erase(world, key="e1"), _erase(world, key="e1")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["events"] == first.json()["events"]
    assert again.json()["salt"] is None, "told once"
    world["beta"].post("/registrations", claim("BETA", "NORTH", domain="beta.de"))
    assert _erase(world, key="e1").json()["type"] == "urn:dealreg:problem:reused"
    assert world["desk"].post("/erasures", {"subject": "x", "reason": "y"}, key=" ").status_code == 400


def test_requirement_28_under_a_hold_an_erasure_is_refused_and_recorded(world, filed):
    asked = {"kind": "deal", "about": filed, "matter": "LIT-2026-7", "reason": "pending"}
    placed = world["desk"].post("/holds", asked, key="h1")
    assert placed.status_code == 201, placed.text
    assert world["desk"].post("/holds", asked, key="h1").headers["Idempotent-Replayed"] == "true"
    refused = _erase(world)
    assert refused.status_code == 409
    assert "LIT-2026-7" in refused.json()["detail"]
    assert [one["told"] for one in _personal(world, filed)] == [ERIKA]
    rows = world.house.audited.notifications(0, topics=[ErasureRefused.NAME, SubjectErased.NAME])
    assert [row.topic for row in rows] == [ErasureRefused.NAME]
    (standing,) = world["auditor"].get("/holds").json()["holds"]
    assert (standing["kind"], standing["matter"], standing["placed_by"]) == ("deal", "LIT-2026-7", "u-desk")
    hold = placed.json()["hold"]
    assert world["desk"].post(f"/holds/{hold}/lift", {"reason": "over"}).json() == {"hold": hold, "lifted": True}
    assert world["desk"].post(f"/holds/{hold}/lift", {"reason": "over"}).json()["lifted"] is False
    assert _erase(world).status_code == 200


@pytest.mark.parametrize("who", ["alpha", "north", "master", "emea", "auditor", "crm"])
def test_only_the_desk_erases_and_holds(world, filed, who):
    hold = {"kind": "deal", "about": filed, "matter": "m", "reason": "r"}
    lift = "/holds/5b0c1f52-0d3b-5a2e-9d60-0f4ad6a0a001/lift"
    asked = [_erase(world, who), world[who].post("/holds", hold), world[who].post(lift, {"reason": "r"})]
    assert [one.status_code for one in asked] == [403, 403, 403]
    seen = 200 if who == "auditor" else 403
    assert world[who].get("/holds").status_code == seen
    assert world[who].get(f"/registrations/{filed}/personal").status_code == seen


def test_what_there_is_not_is_said_plainly(world, filed):
    nothing = "5b0c1f52-0d3b-5a2e-9d60-0f4ad6a0a009"
    assert world["desk"].get(f"/registrations/{nothing}/personal").status_code == 404
    assert world["desk"].post(f"/holds/{nothing}/lift", {"reason": "r"}).status_code == 404
    for body in ({"kind": "deal", "about": nothing}, {"kind": "customer", "about": filed}):
        asked = world["desk"].post("/holds", {**body, "matter": "m", "reason": "r"})
        assert asked.status_code == 404, "an id of something else keeps nothing"
    for wrong in ({"kind": "deal", "about": "x"}, {"kind": "person", "about": "x"}):
        assert world["desk"].post("/holds", {**wrong, "matter": "m", "reason": "r"}).status_code == 422
    assert world["desk"].post("/erasures", {"subject": "x", "reason": " "}).status_code == 422
    assert world["desk"].post("/erasures", {"subject": "x\x00", "reason": "r"}).status_code == 422


# The same at the command line


@pytest.fixture
def dealreg(world, monkeypatch):
    """Run a verb as this world's operator: exit code and what it printed."""
    monkeypatch.setenv("DATABASE_URL", world.settings.database or "")
    monkeypatch.setenv("DEALREG_DATA", str(world.settings.data))
    monkeypatch.setenv("PROGRAM", world.settings.program)

    def run(*words):
        done = CliRunner().invoke(verbs(), ["audit", *words])
        return done.exit_code, done.stdout, done.exception

    return run


def test_the_command_line_does_the_same(world, filed, dealreg):
    code, out, _ = dealreg("erase", ERIKA, "--reason", "r", "--dry-run", "--json")
    assert code == 0
    assert len(json.loads(out)["would_erase"]) == 1
    code, out, _ = dealreg("hold", "place", "subject", ERIKA, "--matter", "M-1", "--reason", "r", "--json")
    assert code == 0
    hold = json.loads(out)["hold"]
    code, out, _ = dealreg("erase", ERIKA, "--reason", "r", "--dry-run", "--json")
    assert (code, len(json.loads(out)["refused_by"])) == (1, 1)
    code, _, refused = dealreg("erase", ERIKA, "--reason", "r")
    assert code == 1
    assert "M-1" in str(refused)
    code, out, _ = dealreg("hold", "list", "--json")
    assert [one["hold"] for one in json.loads(out)] == [hold]
    assert ERIKA not in out
    assert dealreg("hold", "lift", hold, "--reason", "over")[0] == 0
    code, out, _ = dealreg("erase", ERIKA, "--reason", "r", "--basis", "GDPR Art. 17", "--json")
    assert (code, json.loads(out)["refs"]) == (0, 1)
    code, out, _ = dealreg("personal", filed)
    assert code == 0
    assert "erased on 20" in out
    assert "under GDPR Art. 17" in out
    asked = [
        world.house.audited.read(row).event for row in world.house.audited.notifications(0, topics=[TrailRead.NAME])
    ]
    assert {"erasure plan", "holds", "personal"} <= {one.question for one in asked}
    assert not any("Erika" in one.about for one in asked)


def test_an_auditor_erases_nothing_at_the_command_line(dealreg, filed):
    for words in (["erase", ERIKA], ["hold", "place", "deal", filed, "--matter", "m"]):
        code, _, refused = dealreg(*words, "--reason", "r", "--as", "auditor")
        assert code == 1
        assert "deal_desk" in str(refused)


def test_classes_are_listed_and_applied(dealreg, filed):
    code, out, _ = dealreg("retention", "list", "--json")
    assert code == 0
    assert {one["class"]: one["days"] for one in json.loads(out)} == {
        "dead_letters": 90, "registrations": "until erased", "opportunities": "until erased",
    }  # fmt: skip
    assert dealreg("retention", "apply", "--class", "registrations")[0] == 2
    assert dealreg("retention", "apply", "--class", "registrations", "--older-than", "soon")[0] == 2
    assert dealreg("retention", "apply", "--class", "diaries")[0] == 1
    code, out, _ = dealreg(
        "retention", "apply", "--class", "registrations", "--older-than", "0d", "--dry-run", "--json"
    )
    assert (code, json.loads(out)["would_go"]) == (0, 1)
    assert dealreg("hold", "place", "deal", filed, "--matter", "M-9", "--reason", "r")[0] == 0
    code, _, refused = dealreg("retention", "apply", "--class", "registrations", "--older-than", "0d")
    assert code == 1
    assert "M-9" in str(refused)


def test_the_tables_are_rewritten_by_the_owner(dealreg):
    code, out, _ = dealreg("rewrite", "--json")
    assert code == 0
    assert "personal.held" in json.loads(out)["rewritten"]


def test_a_redacted_message_is_still_listed_and_says_that_its_bytes_are_gone(world, dealreg):
    ledger = world.house.ledger
    delivery = Delivery(f'{{"contact": "{ERIKA}"}}'.encode(), {}, "crm.x", "CRM", 1, datetime.now(UTC))
    dead_letters.keep(ledger, [Dead(delivery, Unreadable(Why.SHAPE, "no event"), delivery.stored_at, "org")])
    assert _erase(world).json()["dead_letters"] == 1
    (row,) = world["auditor"].get("/dead-letters").json()["dead_letters"]
    assert (row["size"], row["headers"], row["detail"], row["resolution"]) == (0, {}, {}, "erased")
    assert row["redacted_at"] is not None
    done = CliRunner().invoke(verbs(), ["dead-letters", "show", str(row["id"])])
    assert done.exit_code == 0, done.exception
    assert delivery.digest in done.stdout
    assert "its bytes were erased on 20" in done.stdout
    assert CliRunner().invoke(verbs(), ["dead-letters", "list", "--all"]).exit_code == 0
