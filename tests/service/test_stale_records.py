"""What is stale, for people: who reads it, how it is reported and closed, over HTTP and on the command line (ROE-22)."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from dealreg.service.projecting.projector import Projector
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import ProgramId
from tests.fix_web import PROGRAM
from tests.service.test_cli_asking import Line

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def fold(seeded):
    """Have a message of the feed decided, and shown."""
    from dealreg.process.deciding import COMMANDS

    def folded(command, change, order, **said):
        message = {
            "source": "crm", "record": "0061", "digest": sha256(order.encode()).hexdigest(), "order": order, "change": change, "changed_at": NOON, **said,
        }  # fmt: skip
        asked = Request(
            id=f"{command}{order}", program=ProgramId(PROGRAM), actor=Actor(role=Role.CRM, subject="crm"),
            command=COMMANDS[command].model_validate({"message": message}),
        )  # fmt: skip
        seeded.house.dispatch.decide_batch([asked])
        show(seeded)

    return folded


def show(world):
    Projector(world.settings.database_url("projector"), models=("stale_records",), strict=True).catch_up()


def stale(caller, **asked):
    done = caller.get("/stale-records", **asked)
    assert done.status_code == 200, done.text
    return done.json()["stale"]


def test_a_record_is_listed_from_its_first_gap_until_something_newer_tells_all_of_it(seeded, fold):
    desk = seeded["desk"]
    for command in ("FoldOpportunity", "FoldAccount"):
        kind = command.removeprefix("Fold").lower()
        fold(command, "gap", "20", why="it was too large")
        (row,) = stale(desk, kind=kind)
        assert (row["record"], row["why"], row["how"], row["tries"], row["entity"]) == (
            "0061",
            "it was too large",
            "by hand",
            0,
            kind,
        )
        since = row["since"]
        fold(command, "gap", "30", why="again")
        fold(command, "gap", "25")
        assert [(one["since"], one["why"]) for one in stale(desk, kind=kind)] == [(since, "again")]
        fold(command, "updated", "40", name="Deal")
        fold(command, "read", "29~", name="Deal")
        assert len(stale(desk, kind=kind)) == 1, "the newest gap is not covered"
        fold(command, "read", "30~", name="Deal")
        assert stale(desk, kind=kind) == []
        fold(command, "gap", "29.5")
        assert stale(desk, kind=kind) == [], "an older gap than what was read"


def test_a_gap_is_reported_listed_page_by_page_and_closed(seeded):
    desk = seeded["desk"]
    for number in range(3):
        body = {"source": f"crm-{number}", "since": f"2026-03-0{number + 1}T10:00:00Z", "why": "cut"}
        assert desk.post("/feeds/gaps", body).status_code == 200
    show(seeded)
    first = desk.get("/stale-records", limit=2).json()
    rest = desk.get("/stale-records", limit=2, cursor=first["next"]).json()
    assert [row["source"] for row in (*first["stale"], *rest["stale"])] == ["crm-0", "crm-1", "crm-2"]
    gap = stale(desk, source="crm-1")[0]["subject"]
    closed = desk.post(f"/feeds/gaps/{gap}/reconcile", {"source": "crm-1", "reason": "compared"})
    assert (closed.status_code, closed.json()["did"]) == (200, "reconciled")
    again = desk.post(f"/feeds/gaps/{gap}/reconcile", {"source": "crm-1", "reason": "compared again"})
    assert again.status_code == 409
    show(seeded)
    assert [row["source"] for row in stale(seeded["auditor"])] == ["crm-0", "crm-2"]


@pytest.mark.parametrize("name", ["alpha", "north", "master", "emea", "crm"])
def test_nobody_else_reads_it(seeded, name):
    assert seeded[name].get("/stale-records").status_code == 403


def test_the_command_line_says_the_same(seeded, tmp_path):
    line = Line(seeded.settings.database, tmp_path)
    line("stale", "report", "crm", "--since", "2026-03-02T10:00:00Z", "--why", "cut", "--subject", "u-desk")
    show(seeded)
    (row,) = line("stale", "list")
    assert (row["kind"], row["source"], row["how"]) == ("feed", "crm", "by hand")
    assert "by hand" in line("stale", "list", as_json=False)
    line("stale", "reconcile", "crm", row["subject"], "--reason", "compared", "--subject", "u-desk")
    line("stale", "reconcile", "crm", row["subject"], "--reason", "once more", "--subject", "u-desk", code=1)
    show(seeded)
    assert line("stale", "list") == []
    assert line("reread", "--once") == {}
