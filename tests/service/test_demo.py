"""The demo as its user runs it: one command, real servers, and figures that hang together."""

import json
import os
import subprocess
import sys

import pytest

from dealreg.service.demo.running import without_a_clock
from dealreg.service.embedded.trouble import ServerTrouble

CONFLICTS = {"tie", "cross_tier", "horizontal_distributor", "horizontal_dealer"}


def run(*words, data, code=0):
    environment = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "INTAKE_URL"}}
    done = subprocess.run(
        [sys.executable, "-m", "dealreg", *words, "--data-dir", str(data)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=110,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """Told twice in one folder: the figures of both."""
    data = tmp_path_factory.mktemp("demo")
    return [json.loads(run("demo", "--json", data=data).stdout) for _ in range(2)]


@pytest.fixture
def first(twice):
    return twice[0]


def test_every_message_is_accounted_for(first):
    events = first["events"]
    assert events["in"] == sum(number for name, number in events.items() if name != "in")
    assert (events["dead_lettered"], events["in"]) == (2, 228)
    assert events["repeated"] > 0
    assert events["nothing_newer"] > 0


def test_the_story_shows_every_kind_of_conflict_and_each_way_of_ruling(first):
    assert set(first["conflicts"]) == CONFLICTS
    assert set(first["rulings"]) == {"by the rulebook", "by the desk", "by the desk, otherwise"}
    open_ones = sum(first["conflicts"].values()) - sum(first["rulings"].values())
    assert open_ones == first["registrations"]["contested"] == 1
    assert first["overrides"] == 3


def test_the_story_leaves_registrations_in_every_state(first):
    states = {"contested", "declined", "fulfilled", "incomplete", "lapsed", "pending", "protected", "queued"}
    assert set(first["registrations"]) == states | {"released", "suspended", "withdrawn"}


def test_one_conflict_is_explained(first):
    told = first["explained"]
    assert (told["kind"], told["clause"], told["rulebook_version"]) == ("tie", "ROE-6", "2025")
    assert (told["proposed"], told["ruling"]) == ("uphold_incumbent", "award_challenger")
    assert told["reasons"]
    assert told["ruled_because"]
    assert {one["name"] for one in told["inputs"]} >= {
        "doctrine",
        "incumbent priority time",
        "challenger 1 priority time",
    }


def test_three_people_see_one_customer_each_in_its_own_way(first):
    views = first["customer_as_seen_by"]
    seen = {role: {row["partner"] for row in view["rows"]} for role, view in views.items()}
    assert seen["dealer"] == {"gerda", "nordwind"}
    assert seen["distributor"] == {"claus", "gerda", "nordwind"}
    assert seen["channel_manager"] == {"claus", "gerda", "emil", "nordwind", "suedkraft"}
    assert {row["state"] for row in views["dealer"]["rows"]} == {"waiting"}
    assert "queued" in {row["state"] for row in views["channel_manager"]["rows"]}


def test_read_models_built_anew_are_the_live_ones(first):
    assert first["rebuild"]["equal"]
    assert first["rebuild"]["read_models"] >= 8


def test_told_again_it_says_nothing_new(twice):
    first, second = ({name: value for name, value in one.items() if name != "this_run"} for one in twice)
    assert first == second
    assert (twice[0]["this_run"]["facts"] > 1000, twice[1]["this_run"]["facts"]) == (True, 0)


def test_where_a_clock_runs_nothing_is_told(database_url):
    with (
        without_a_clock(database_url),
        pytest.raises(ServerTrouble, match="a clock role runs"),
        without_a_clock(database_url),
    ):
        pass
    with without_a_clock(database_url):
        pass
