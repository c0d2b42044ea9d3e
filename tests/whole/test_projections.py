"""Read models from the outside: the verbs, their codes, and what every folder has in common."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.folders import projections, read_models
from dealreg.service.projecting.projector import Projector
from tests.fix_histories import DAY, START, Claim, History, customer, meeting, proposed, ruled

DEALREG = Path(sys.executable).with_name("dealreg")


@pytest.fixture
def run(projected_url, tmp_path):
    """``run("rebuild", "--check")``: the verb on this test's database; its exit code and what it printed as JSON."""
    environment = {**os.environ, "DATABASE_URL": projected_url, "DEALREG_DATA": str(tmp_path)}

    def verb(*words):
        done = subprocess.run(
            [DEALREG, *words, "--json"], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, json.loads(done.stdout.splitlines()[-1]) if done.stdout else done.stderr

    verb.environment = environment  # type: ignore[attr-defined]  # for those who start a process that stays
    return verb


@pytest.fixture
def filed(ledger):
    """A history that every read model has something to say about; the head."""
    history = History()
    first, second = (Claim(f"r{n}", customer("c"), f"dist-{n}", f"dealer-{n}") for n in (1, 2))
    first.filed(history)
    history.add(first.file, first.approved(), START)
    second.filed(history, START + DAY, entry=2)
    found = meeting(first, second, history, START + DAY)
    history.add(second.file, second.queued(START + DAY), START + DAY)
    ruled(found, first, history, START + 2 * DAY)
    bar = proposed("bar", START, starts=START + 3 * DAY, ends=START + 9 * DAY)
    history.add(bar.override, bar, START)
    return history.save(ledger)


def test_project_once_brings_every_model_to_the_head(run, filed):
    code, said = run("project", "--once")
    names = {model.name for model in read_models().values() if model.tables is not None}
    assert (code, {one["model"]: (one["position"], one["behind"]) for one in said["models"]}) == (
        0,
        dict.fromkeys(names, (filed, 0)),
    )


def test_no_statement_of_an_ordinary_history_changes_nothing(projected_url, filed):
    Projector(projected_url, strict=True).catch_up()


def test_rebuild_swaps_and_a_check_answers_no_when_rows_differ(run, filed, projected_url):
    run("project", "--once")
    code, said = run("rebuild", "--check")
    assert (code, said["equal"]) == (0, True)
    code, said = run("rebuild", "my_deals")
    assert (code, [(one["model"], one["generation"]) for one in said["models"]]) == (0, [("my_deals", 2)])
    with connect(projected_url) as connection:
        connection.execute("UPDATE my_deals_g2.my_deals SET state = 'lapsed'")
    code, said = run("rebuild", "my_deals", "--check")
    assert (code, said["equal"], said["models"][0]["differs"]) == (1, False, ["my_deals"])


def test_a_model_that_does_not_exist_is_an_answer(run):
    assert run("rebuild", "their_deals")[0] == 1


def test_the_projector_follows_until_it_is_told_to_stop(run, filed, projected_url):
    with subprocess.Popen([DEALREG, "project"], env=run.environment, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 30
        while any(one.behind for one in Projector(projected_url).positions()):
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_what_partners_read_says_nothing_in_words_that_were_meant_for_others():
    """A reason may name a rival: partners are told the clause, and what a person asked of themselves."""
    for name in ("my_deals", "network_deals", "my_joinings"):
        for statement in read_models()[name].on.values():
            asked_of_them = statement.file.endswith(("registration_returned.sql", "showing_asked.sql"))
            assert asked_of_them or not {"reason", "_reason", "conflict", "ground"} & {*statement.names}, statement.file


def test_lists_are_asked_for_by_key_and_never_by_counting_past():
    for model in read_models().values():
        for query, statement in model.ask.items():
            assert not re.search(r"\boffset\b", statement.text, re.IGNORECASE), f"{model.name}/{query}"
            if "after" in statement.names and "limit" in statement.names:
                assert re.search(r"\bcursor\b", statement.text), f"{model.name}/{query} has pages and gives no cursor"


def test_every_statement_says_why_it_may_touch_nothing_in_words():
    for path in projections().glob("*/on/*.sql"):
        for line in path.read_text().splitlines():
            if line.lower().startswith("-- may touch no row"):
                assert re.fullmatch(r"-- May touch no row: \S.{5,}", line), path
