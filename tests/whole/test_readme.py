"""The README is executed: a new user's commands, in the order in which a new user types them."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from dealreg.cli.app import verbs
from dealreg.engagement.parameters import Clauses
from dealreg.service.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
UP = "dealreg up"
READY_SECONDS = 90


def commands() -> list[str]:
    """Every line after a ``$`` in a console block."""
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def _in_this_environment(command: str) -> list[str]:
    """The environment that runs the tests stands for the one that ``make`` makes."""
    words = shlex.split(command)
    binaries = Path(sys.executable).parent
    return [
        str(binaries / word.removeprefix(".venv/bin/")) if word.startswith(".venv/bin/") else word for word in words
    ]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A machine on which `dealreg up` runs, started by the README's own line."""
    folder = tmp_path_factory.mktemp("readme")
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_URL", "INTAKE_URL", "DEALREG"))
    }
    said = {**kept, "DEALREG_DATA": str(folder / "data"), "HTTP_PORT": "0", "COLUMNS": "200"}
    line = next(command for command in commands() if command.endswith(UP))
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        up = subprocess.Popen([*_in_this_environment(line), "--json"], cwd=ROOT, env=said, stdout=out, stderr=err)
        try:
            _wait_until_ready(up, folder)
            yield said
        finally:
            up.send_signal(signal.SIGTERM)
            assert up.wait(timeout=60) == 0, (folder / "err").read_text()


def _wait_until_ready(up: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while not (folder / "out").read_text():
        assert up.poll() is None, (folder / "err").read_text()
        assert time.monotonic() < until, (folder / "err").read_text()
        time.sleep(0.1)
    assert json.loads((folder / "out").read_text())["ready"]


def test_every_command_of_the_readme_does_what_it_says(environment: dict[str, str]) -> None:
    said = []
    for command in commands():
        if command.startswith("make ") or command.endswith(UP):
            continue
        done = subprocess.run(
            _in_this_environment(command),
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        said.append((command, done.stdout))
    shown = {command.removeprefix(".venv/bin/"): output for command, output in said}
    assert "protected" in shown["dealreg deals --program example --as dealer:anna"]
    assert "waiting" in shown["dealreg deals --program example --as dealer:bert"]
    assert "anna" not in shown["dealreg deals --program example --as dealer:bert"], "a rival is never named"


def test_the_first_command_runs_the_main_job(tmp_path: Path) -> None:
    """`make demo` as it stands; its figures are looked at in `tests/service/test_demo.py`."""
    assert "make demo" in commands()
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_URL", "INTAKE_URL", "MAKE"))
    }
    said = {**kept, "DEALREG_DATA": str(tmp_path)}
    done = subprocess.run(
        ["make", "demo"], cwd=ROOT, env=said, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "they are what the ledger gives" in done.stdout


def test_the_second_command_runs_every_check() -> None:
    """`make check` is what runs this test; here only that it names all of them."""
    assert "make check" in commands()
    planned = subprocess.run(["make", "-n", "check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert planned.returncode == 0, planned.stderr
    for word in ("ruff format --check", "ruff check", "mypy", "lint-imports", "pytest"):
        assert word in planned.stdout


def _verbs(group: Any, before: str = "dealreg") -> Iterator[str]:
    for name, verb in group.commands.items():
        if hasattr(verb, "commands"):
            yield from _verbs(verb, f"{before} {name}")
        else:
            yield f"{before} {name}"


def test_every_verb_and_setting_is_in_the_readme() -> None:
    missing = [verb for verb in _verbs(typer.main.get_command(verbs())) if f"`{verb}" not in README]
    missing += [
        str(field.validation_alias)
        for field in Settings.model_fields.values()
        if f"`{field.validation_alias}`" not in README
    ]
    assert missing == []


def test_every_read_model_and_clause_is_written_about() -> None:
    told = (ROOT / "projections" / "README.md").read_text(encoding="utf-8")
    assert [
        folder.name for folder in (ROOT / "projections").iterdir() if folder.is_dir() and f"`{folder.name}`" not in told
    ] == []
    built = {str(field.alias) for field in Clauses.model_fields.values() if field.alias}
    ranges = {f"ROE-{number}" for number in range(1, 34)}
    assert built == ranges, "the README's list of clauses and the parameters differ"


def test_decisions_are_numbered_and_the_changelog_has_something_unreleased() -> None:
    numbers = sorted(int(page.name[:4]) for page in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
