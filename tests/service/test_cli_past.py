"""The verbs about the past on a test's own database: exit codes, JSON, and what a person reads."""

import json
import os
import sys

import pytest

from dealreg.cli.app import main
from dealreg.service.projecting.projector import Projector
from tests.fix_past import PROGRAM


@pytest.fixture
def verb(story, tmp_path, monkeypatch, capsys):
    """``verb("as-of", id)``: what it answers as JSON, with the exit code that is expected; in this process, as the program does it."""
    Projector(story.url, models=["registration_history", "my_deals", "protection_intervals"]).catch_up()
    for name in list(os.environ):
        if name.startswith(("DATABASE_URL", "DEALREG_")):
            monkeypatch.delenv(name)
    said = {"DATABASE_URL": story.url, "DEALREG_DATA": str(tmp_path), "PROGRAM": PROGRAM, "COLUMNS": "300"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)

    def run(*words: str, code: int = 0, as_json: bool = True):
        monkeypatch.setattr(sys, "argv", ["dealreg", *words, *(["--json"] if as_json else [])])
        capsys.readouterr()
        try:
            left = main()
        except SystemExit as leaving:
            left = leaving.code if isinstance(leaving.code, int) else 0
        out, err = capsys.readouterr()
        assert left == code, (words, out, err)
        return json.loads(out) if as_json and out.strip() else out

    return run


def test_a_deal_by_every_past(story, verb):
    deal, before = story.ids["R3"], str(story.size_of("outcome_reported.v1") - 1)
    leg = ("claims", 0, "state")

    def state(*words: str) -> str:
        found = verb("as-of", deal, *words)
        for part in leg:
            found = found[part]
        return str(found)

    assert state() == "fulfilled"
    assert state("2199-01-01") == "fulfilled"
    assert state("--at-size", before) == "protected"
    assert state("--effective", "2026-04-10") == "fulfilled"
    assert state("--effective", "2026-04-10", "--at-size", before) == "protected"
    assert state("--effective", "2026-04-06T12:59:59.999999Z", "--known", "2199-01-01T00:00:00+09:00") == "protected"
    verb("as-of", deal, "2026-01-01", code=1)
    verb("as-of", "no-partner-of-that-name", code=1)
    for wrong in (
        ["yesterday"],
        ["2026-01-01", "--known", "2026-01-02"],
        ["--effective", "1600-01-01"],
        ["0001-01-01T00:00:00+10:00"],
    ):
        verb("as-of", deal, *wrong, code=2)
    verb("as-of", code=2)
    verb("as-of", deal, "2026-01-01", "--at-size", "3", code=1)


def test_what_differs_and_since_when_it_is_known(story, verb):
    deal, before, after = story.ids["R3"], story.size_of("outcome_reported.v1") - 1, story.sizes[-1]
    told = verb("diff", deal, "--sizes", str(before), str(after))
    assert {cause["event"] for one in told["changes"] for cause in one["because"]} == {"leg_fulfilled.v1"}
    words = verb("diff", deal, "--sizes", str(before), str(after), as_json=False)
    assert "claims.relays.legs.dealer.gerda.state: protected -> fulfilled" in words
    assert "leg_fulfilled.v1 by dealer gerda-desk" in words
    effective = verb("diff", deal, "2026-04-06", "2026-04-07", "--by-effective")
    assert {one["field"] for one in effective["changes"]} >= {"state", "claims.relays.state"}
    assert verb("diff", deal, "--sizes", str(after), str(after), as_json=False) == "nothing differs\n"
    verb("diff", deal, code=2)
    verb("diff", deal, "2026-04-06", "--sizes", "1", "2", code=2)
    assert verb("first-known", deal, "gerda.state=protected")["first"]["known_from"]["event"] == "line_approved.v1"
    assert "known since" in verb("first-known", deal, "gerda.state=fulfilled", as_json=False)
    verb("first-known", deal, "gerda.state=lapsed", code=1)
    verb("first-known", deal, "weather", code=1)


def test_the_history_of_each_kind(story, verb):
    for identity, first in (
        (story.ids["R1"], "registration_submitted"),
        (story.ids["conflict"], "conflict_detected"),
        (story.ids["acme"], "customer_opened"),
        ("claus", "partner_enrolled"),
    ):
        facts = verb("history", identity)
        assert facts[0]["event"] == first, identity
        assert {"recorded_at", "effective_at", "actor_subject", "clause", "source"} <= set(facts[0])
        early = verb("history", identity, "--at-size", str(facts[0]["position"]))
        assert [one["event"] for one in early] == [first]
    assert [row["state"] for row in verb("history", story.ids["R1"], "--as", "dealer:bauer")][-1] == "withdrawn"
    verb("history", story.ids["R1"], "--as", "dealer:dorn", code=1)


def test_who_held_what_on_a_day(story, verb):
    def held(on: str, *more: str) -> set[tuple[str, str]]:
        return {
            (row["partner"], row["state"])
            for row in verb("protected", "--region", "DE", "--on", on, *more)["intervals"]
        }

    ours = {("bauer", "protected"), ("nordwind", "protected")}
    assert held("2026-03-04") == ours
    assert held("2026-04-10") == ours, "gerda's was won on the 6th"
    before = str(story.size_of("outcome_reported.v1") - 1)
    assert held("2026-04-10", "--at-size", before) == ours | {("gerda", "protected")}
    assert held("2026-03-04", "--as-known", "2026-01-01") == set()
    assert held("2026-04-06") == ours | {("gerda", "protected")}, "protected for a part of the day"
    assert held("2026-04-06T12:59:59Z") == ours | {("gerda", "protected")}
    assert held("2026-04-06T13:00:00Z") == ours
    assert verb("protected", "--on", "2026-03-04", "--as", "channel_manager:FR")["intervals"] == []
    verb("protected", "--on", "2026-03-04", "--as", "dealer:bauer", code=1)
    verb("protected", "--on", "soon", code=2)
    assert "nordwind" in verb("protected", "--on", "2026-03-04", as_json=False)


def test_whole_read_models_and_the_digest(story, verb):
    size = str(story.size_of("claim_queued.v1"))
    told = verb("as-of", "--model", "protected_customers", "--at-size", size)
    assert told["final"]
    rows = verb("as-of", "--model", "protected_customers", "--at-size", size, "--table", "protected_customers")
    assert {row["state"] for row in rows} == {"protected", "queued"}
    differs = verb("diff", "--model", "protected_customers", "--sizes", size, str(story.sizes[-1]))
    assert {one["change"] for one in differs} == {"came", "changed"}
    verb("as-of", "--model", "protected_customers", "--as", "deal_desk", code=1)
    verb("as-of", "--model", "their_deals", code=1)
    verb("as-of", "--model", "my_deals", "--effective", "2026-01-01", code=2)
    first = verb("audit", "digest", "--streams-only", "--at-size", size)
    assert first == verb("audit", "digest", "--streams-only", "--at-size", size)
    assert first["at_size"] == int(size)
