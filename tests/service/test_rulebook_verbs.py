"""A rulebook from a file to force, on the command line and over HTTP: checked, compared, published, listed; who may do what."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
import yaml

from dealreg.service.rulebooks import check
from tests.fix_web import PROGRAM, RULEBOOK

LATER: dict[str, Any] = {**RULEBOOK, "version": "2026-2", "force_from": "2190-07-01T00:00:00Z"}
GUARDED: dict[str, Any] = {
    **LATER,
    "custom_fields": [{"name": "budget", "type": "truth"}],
    "clauses": {
        "ROE-6": {"in_force": False},
        "ROE-8": {"window_days": {"authorized": 60, "premier": 90, "elite": 75, "master": 75}},
        "ROE-30": {"when": "opportunity.custom.budget"},
    },
}
WRONG = yaml.safe_dump({**LATER, "clauses": None}, sort_keys=False).replace(
    "clauses: null\n", "clauses:\n  ROE-3: {when: claim.valeu > 3}\n"
)
WRONG_LINE = len(WRONG.splitlines())
BUSINESS = {"ROE-30.when", "ROE-8.window_days.premier", "custom_fields.budget"}


@pytest.fixture
def line(database_url, tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "DEALREG_"))}
    environment = {**kept, "DATABASE_URL": database_url, "DEALREG_DATA": str(tmp_path / "dealreg"), "PROGRAM": PROGRAM}

    def run(*words, code=0, as_json=True, **more):
        asked = [sys.executable, "-m", "dealreg", "rulebook", *map(str, words), *(["--json"] if as_json else [])]
        done = subprocess.run(
            asked, env={**environment, **more}, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return json.loads(done.stdout) if as_json and done.stdout.strip() else done.stdout + done.stderr

    return run


@pytest.fixture
def write(tmp_path):
    def written(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
        return path

    return written


NO_DATABASE = {"DATABASE_URL": "postgresql://127.0.0.1:1/none"}


def test_a_mistake_is_said_with_line_and_column_and_exit_code_one(line, write):
    said = line("check", write("wrong.yaml", WRONG), code=1, **NO_DATABASE)
    assert said["holds"] is False
    assert said["faults"][0].startswith(
        f"line {WRONG_LINE}, column 22: clauses.ROE-3.when: 'claim' has no 'valeu'; it has line,"
    )
    assert said["faults"][0] in line("check", write("wrong.yaml", WRONG), code=1, as_json=False, **NO_DATABASE)


def test_what_cannot_be_read_is_called_wrongly(line, write, tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"title: \xe9\n")
    for name in ("missing.yaml", "latin.yaml"):
        line("check", tmp_path / name, code=2, as_json=False, **NO_DATABASE)
        line("diff", "reference", tmp_path / name, code=2, as_json=False, **NO_DATABASE)
    line("diff", "reference", write("wrong.yaml", WRONG), code=2, as_json=False, **NO_DATABASE)
    line("publish", write("wrong.yaml", WRONG), code=2, as_json=False, **NO_DATABASE)


def test_nobody_there_is_unreachable(line, write):
    line("versions", code=3, **NO_DATABASE)
    line("publish", write("later.yaml", LATER), code=3, **NO_DATABASE)
    line("diff", "reference", "2026-1", code=3, **NO_DATABASE)


def test_a_check_tells_what_is_in_force_what_is_guarded_and_what_is_tried_first(line, write):
    path = write("guarded.yaml", {**GUARDED, "clauses": {**GUARDED["clauses"], "order": ["ROE-3", "ROE-1"]}})
    said = line("check", path, **NO_DATABASE)
    assert (said["holds"], said["program"], said["version"]) == (True, PROGRAM, "2026-2")
    assert "ROE-6" not in said["clauses"]
    assert len(said["clauses"]) == 32
    assert (said["guarded"], said["order"]) == (["ROE-30"], ["ROE-3", "ROE-1"])
    assert "ROE-30" in line("check", path, as_json=False, **NO_DATABASE)


def test_two_files_are_compared_without_a_database(line, write):
    first, second = write("first.yaml", RULEBOOK), write("second.yaml", GUARDED)
    said = line("diff", first, second, **NO_DATABASE)
    assert {change["setting"]: change["touches"] for change in said["changes"]} == {
        "ROE-8.window_days.premier": ["ROE-8"], "ROE-30.when": ["ROE-30"], "custom_fields.budget": ["ROE-30"],
    }  # fmt: skip
    told = line("diff", first, second, as_json=False, **NO_DATABASE)
    assert "ROE-8 window_days premier was 75 and is 90, 15 more." in told
    assert "ROE-30 applies only when opportunity.custom.budget." in told
    assert "say the same" in line("diff", first, first, as_json=False, **NO_DATABASE)
    assert line("diff", "reference", "graded", **NO_DATABASE)["changes"][0]["setting"] == "ROE-4.doctrine"


def test_versions_are_published_listed_and_compared_by_name(line, write):
    path = write("second.yaml", GUARDED)
    line("publish", write("first.yaml", RULEBOOK))
    assert line("publish", path)["as_asked"] is True
    assert line("publish", path)["repeated"] is True
    assert [(row["version"], row["in_force"], row["published_by"]) for row in line("versions")] == [
        ("2026-1", True, "cli"), ("2026-2", False, "cli"),
    ]  # fmt: skip
    assert line("diff", "2026-1", "2026-2")["changes"] == line("diff", "2026-1", path)["changes"]
    assert "no version '2026-9'; there are: 2026-1, 2026-2" in line("diff", "2026-1", "2026-9", code=1)["reason"]
    assert "stays as it is" in line("publish", write("other.yaml", {**GUARDED, "title": "another"}), code=1)["reason"]


# Over HTTP.


def test_a_text_is_checked_over_http_and_nothing_is_recorded(seeded):
    before = seeded["desk"].get("/rulebooks").json()
    wrong = seeded["desk"].post("/rulebooks/check", {"yaml": WRONG})
    assert (wrong.status_code, wrong.json()["holds"]) == (200, False)
    assert wrong.json()["faults"] == list(check(WRONG).faults)
    right = seeded["desk"].post("/rulebooks/check", {"yaml": yaml.safe_dump(GUARDED)}).json()
    assert (right["holds"], right["guarded"], right["faults"]) == (True, ["ROE-30"], [])
    assert seeded["desk"].get("/rulebooks").json() == before
    assert seeded["desk"].post("/rulebooks/check", {"yaml": "x" * 1_000_001}).status_code in {413, 422}
    assert seeded["desk"].post("/rulebooks/check", {"text": WRONG}).status_code == 422


def test_versions_are_listed_read_and_compared_over_http(seeded):
    assert seeded["desk"].post("/rulebooks", {"document": GUARDED}).status_code == 200
    listed = seeded["desk"].get("/rulebooks").json()["versions"]
    assert [(one["version"], one["in_force"]) for one in listed] == [("2026-1", True), ("2026-2", False)]
    whole = seeded["auditor"].get("/rulebooks/2026-2").json()
    assert whole["clauses"]["ROE-30"]["when"] == "opportunity.custom.budget"
    assert whole["clauses"]["ROE-13"]["times"] == 1
    told = seeded["emea"].get("/rulebooks/2026-2/diff", against="2026-1").json()
    assert (told["before"], told["after"]) == ("2026-1", "2026-2")
    assert {change["setting"] for change in told["changes"]} == BUSINESS
    assert seeded["desk"].get("/rulebooks/2026-9").status_code == 404
    assert seeded["desk"].get("/rulebooks/2026-1/diff", against="2026-9").status_code == 404


def test_a_guard_that_does_not_hold_together_is_not_published_over_http(seeded):
    broken = {**LATER, "clauses": {"ROE-3": {"when": "claim.valeu > 3"}}}
    done = seeded["desk"].post("/rulebooks", {"document": broken})
    assert done.status_code == 422
    assert "clauses.ROE-3.when (1:6 of the expression): 'claim' has no 'valeu'" in done.json()["detail"]


@pytest.mark.parametrize("who", ["alpha", "north", "master", "crm"])
def test_partners_and_the_feed_read_no_rulebook(seeded, who):
    """What the rules say of them they read in their answers; which version the desk prepares is not theirs to see."""
    for path in ("/rulebooks", "/rulebooks/2026-1", "/rulebooks/2026-1/diff?against=2026-1"):
        assert seeded[who].get(path).status_code == 403
    assert seeded[who].post("/rulebooks/check", {"yaml": WRONG}).status_code == 403


@pytest.mark.parametrize("who", ["alpha", "emea", "auditor"])
def test_only_the_desk_publishes(seeded, who):
    assert seeded[who].post("/rulebooks", {"document": LATER}).status_code == 403
