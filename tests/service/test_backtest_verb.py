"""`dealreg rulebook backtest` through a real ledger and from a file of facts."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import date

import pytest

from dealreg.engagement.document import load
from dealreg.service.backtest.log import MemoryLog
from dealreg.service.backtest.report import Sense
from dealreg.service.backtest.running import Asked, back_test
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Saved
from dealreg.service.simulating.log import LogWriter
from dealreg.service.simulating.plan import plan
from dealreg.service.simulating.simulation import Simulation

PROGRAM = "simulated"


@pytest.fixture(scope="module")
def year():
    """A year of an invented program: its rules, and its facts decision by decision."""
    planned = plan(
        seed=3, program=PROGRAM, rulebook="reference", begins=date(2024, 1, 1), years=1, partners=12, customers=20, registrations=60
    )  # fmt: skip
    return planned.rules, [(step.at, step.came.facts) for step in Simulation(planned).steps() if step.came.facts]


@pytest.fixture
def candidate(year, tmp_path):
    """The same rules with another minimum, as a file."""
    said = year[0].model_dump(mode="json", by_alias=True, exclude_defaults=True)
    said["clauses"] = {"ROE-3": {"amount": 40000}}
    said["version"] = "draft"
    path = tmp_path / "draft.yaml"
    path.write_text(json.dumps(said))
    return path


def _dealreg(*words, url="postgresql://127.0.0.1:1/none", folder, code=0):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "DEALREG_"))}
    environment = {**kept, "DATABASE_URL": url, "DEALREG_DATA": str(folder / "dealreg")}
    asked = [sys.executable, "-m", "dealreg", "rulebook", "backtest", *map(str, words)]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout


@pytest.mark.parametrize("sense", list(Sense))
def test_the_ledger_is_back_tested_and_nothing_is_written(year, candidate, database_url, tmp_path, sense):
    facts = [fact for _, decided in year[1] for fact in decided]
    expected = back_test(Asked(PROGRAM, load(candidate.read_text()), sense), MemoryLog.of(facts))
    assert expected.changes
    with Ledger(database_url) as ledger:
        assert ledger.append([Saved(decided, {}) for _, decided in year[1]]).late == frozenset()
        head = ledger.head()
        picture = tmp_path / "picture.svg"
        words = ("--candidate", candidate, f"--{sense.value}", "--json", "--picture", picture, "--workers", 2)
        told = json.loads(_dealreg(*words, url=database_url, folder=tmp_path))
        assert ledger.head() == head
    assert told == json.loads(json.dumps(expected.told()))
    drawn = "".join(ET.parse(picture).getroot().itertext())  # noqa: S314 - we drew it
    assert "ROE-3" in drawn
    assert f"{len(expected.changes):,}" in drawn


def test_a_file_of_facts_is_back_tested_without_a_database(year, candidate, tmp_path):
    path = tmp_path / "log.jsonl"
    with LogWriter(path) as log:
        for at, decided in year[1]:
            log.write(decided, at)
    shown = _dealreg("--candidate", candidate, "--log", path, folder=tmp_path)
    assert "the value is below" in " ".join(shown.split())
    assert "by clause" in shown
    same = _dealreg("--candidate", "reference", "--program", PROGRAM, "--log", path, "--json", folder=tmp_path)
    assert json.loads(same)["program"] == PROGRAM
    empty = _dealreg("--candidate", candidate, "--log", path, "--from", "2090-01-01", "--json", folder=tmp_path)
    assert json.loads(empty)["counts"]["made_again"] == 0


def test_called_wrongly(candidate, tmp_path):
    _dealreg("--candidate", tmp_path / "missing.yaml", folder=tmp_path, code=2)
    _dealreg("--candidate", candidate, "--log", tmp_path / "missing.jsonl", folder=tmp_path, code=2)
    _dealreg("--candidate", candidate, folder=tmp_path, code=3)
    candidate.write_text("version: 1")
    _dealreg("--candidate", candidate, folder=tmp_path, code=2)
