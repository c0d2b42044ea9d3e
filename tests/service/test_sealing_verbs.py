"""The command line waits for the seal as the API does, and says when there is none."""

import json
import os
import subprocess
import sys

import psycopg
import pytest

from dealreg.service.sealing.settings import AT_ONCE
from tests.fix_web import PROGRAM, claim

FIGHT = frozenset(AT_ONCE.split(","))


@pytest.fixture
def run(seeded, tmp_path):
    """A verb as a person types it, with more patience than it comes with."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_URL", "SEAL"))},
        "DATABASE_URL": seeded.settings.database_url(),
        "DEALREG_DATA": str(tmp_path / "dealreg"),
        "PROGRAM": PROGRAM,
        "SEAL_WAIT_SECONDS": "40",
    }
    asked = tmp_path / "registration.json"
    asked.write_text(json.dumps(claim("ALPHA", "NORTH")))

    def file(*words):
        command = [sys.executable, "-m", "dealreg", "file", str(asked), "--as", "dealer:ALPHA", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)

    return file


def test_a_verb_answers_when_it_is_sealed(run, sealing, seeded):
    sealing(seconds=3600, at_once=FIGHT)
    _until_there(seeded)
    done = run("--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "sealed" not in json.loads(done.stdout)
    newest = seeded.house.ledger.run("SELECT max(size) AS size FROM seal.checkpoints")[0]["size"]
    assert newest == seeded.house.ledger.head()


def test_a_verb_says_when_it_is_not_sealed_and_why(run, sealer, superuser, sealing, seeded):
    done = run("--json")
    assert done.returncode == 0, "it is recorded, and that is what was asked"
    assert json.loads(done.stdout)["sealed"] is False
    sealer.seal_all()
    sealer.halt("the fact at position 3 is not what was sealed")
    again = run("--key", "another")
    assert again.returncode == 0
    assert "recorded, and not sealed yet: the sealer of" in again.stderr
    assert "halted: the fact at position 3" in again.stderr
    assert "sealed" in again.stdout


def _until_there(seeded):
    with psycopg.connect(seeded.settings.database_url("sealer"), autocommit=True) as connection:
        for _ in range(600):
            if connection.execute("SELECT 1 FROM seal.standing").fetchone():
                return
            connection.execute("SELECT pg_sleep(0.05)")
    pytest.fail("no sealer came")
