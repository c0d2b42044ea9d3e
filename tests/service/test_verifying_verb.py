"""`dealreg audit verify` as it is typed, over a real program, with a bundle as the copy that somebody kept."""

import json
import os
import pty
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from dealreg.service.projecting.loader import provision
from tests.fix_attacks import disarmed
from tests.fix_evidence import Disputed
from tests.fix_postgres import as_superuser


@pytest.fixture
def environment(disputed: Disputed, tmp_path: Path) -> dict[str, str]:
    """The sealer of the test keeps its things in the data folder, as it does under `dealreg up`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "DEALREG_"))}
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(disputed.trail.policy()))
    settings = disputed.trail.world.settings
    provision(settings.database_url())  # What a copy of a database forgets: its own grants.
    return {
        **kept,
        "DATABASE_URL": settings.database_url(),
        "DEALREG_DATA": str(settings.data),
        "SEALER_STATE": str(disputed.trail.sealer.things.state),
        "LOG_KEYS": str(disputed.trail.sealer.things.keys),
        "POLICY": str(policy),
    }


def asked(environment: dict[str, str], *words: str, code: int) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dealreg", "audit", "verify", *words],
        env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout


def test_a_program_with_a_dispute_is_sound_and_an_edit_is_named_by_what_a_bundle_says(
    environment: dict[str, str], disputed: Disputed, tmp_path: Path
):
    kept = tmp_path / "bundle.json"
    kept.write_bytes(disputed.trail.make("deal", disputed.deal).data)
    disputed.trail.seal()
    found = json.loads(asked(environment, "--policy", environment["POLICY"], "--outside", str(kept), "--json", code=0))
    assert (found["sound"], found["findings"]) == (True, [])
    said = {one["check"]: one["said"] for one in found["checks"]}
    assert said["stream heads"].startswith("1 maps of ")
    assert " facts in 2 files" in said["outside copies"]  # The bundle, and the sealer's own memory.
    assert said["read models"].endswith("built anew and compared")
    assert any("single operator: the login dealreg" in note for note in found["notes"])

    url = environment["DATABASE_URL"]
    with closing(psycopg.connect(as_superuser(url))) as root, disarmed(root):
        [(position,)] = root.execute(
            "UPDATE ledger.events SET state = convert_to(replace(convert_from(state, 'UTF8'), '48000.00', '4800.00'), 'UTF8')"
            " WHERE originator_id = %s AND topic = 'registration_submitted.v1' RETURNING position",
            [disputed.deal],
        ).fetchall()
    words = asked(environment, "--policy", environment["POLICY"], "--outside", str(kept), "--no-read-models", code=1)
    assert f"first: position {position}, stream {disputed.deal}, version 1, registration_submitted.v1: " in words
    assert f"has another fact of position {position}" in words
    assert 'data.value.amount: "48000.00" there, "4800.00" here' in words
    assert "next: " in words
    assert "read models" not in words


def test_the_keys_of_the_machine_are_enough_and_who_asks_is_recorded(environment: dict[str, str], disputed: Disputed):
    words = asked(environment, "--no-read-models", "--reason", "yearly", code=0)
    assert "note: keys from " in words
    looked = disputed.trail.house.ledger.notifications(0, 10_000, ["audit.trail_read.v1"])
    assert json.loads(looked[-1].state)["meta"]["reason"] == "yearly"


def test_a_terminal_shows_a_bar(environment: dict[str, str]):
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "dealreg", "audit", "verify", "--no-read-models"],
        env={**environment, "TERM": "xterm"}, stdout=subprocess.PIPE, stderr=slave,
    ) as started:  # fmt: skip
        os.close(slave)
        shown = b""
        while True:
            try:
                read = os.read(master, 4096)
            except OSError:  # Everybody who wrote there has left.
                break
            shown += read
        assert started.wait(300) == 0
    os.close(master)
    assert b"facts" in shown


def test_a_policy_or_a_copy_that_is_not_there_is_called_wrongly(environment: dict[str, str], tmp_path: Path):
    asked(environment, "--policy", str(tmp_path / "none"), code=2)
    asked(environment, "--outside", str(tmp_path / "none"), code=2)
    (tmp_path / "bad").write_text("{}")
    asked(environment, "--policy", str(tmp_path / "bad"), code=2)


def test_read_models_that_may_not_be_built_are_said(environment: dict[str, str]):
    with psycopg.connect(as_superuser(environment["DATABASE_URL"]), autocommit=True) as root:
        root.execute(
            "DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM dealreg_projector', current_database()); END $$"
        )
    assert "they could not be built anew: permission denied" in asked(environment, code=1)


def test_a_database_that_is_away_is_unreachable(environment: dict[str, str]):
    asked({**environment, "DATABASE_URL": "postgresql://127.0.0.1:1/none"}, code=3)
