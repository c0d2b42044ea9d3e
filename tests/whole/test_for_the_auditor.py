"""The page for the auditor is executed: its commands in one shell, in its order, on a machine of its own; what it shows is what they say.

    pytest tests/whole/test_for_the_auditor.py --write-golden

writes the shown output anew. Compared are the words: instants, ids, hashes, numbers and the widths of tables differ from run to run.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "for-the-auditor.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
READY_SECONDS = 150
END = "--- end of a command ---"

VARIES = (
    (r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|\+\d\d:\d\d)?", "<when>"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
    (r"[A-Za-z0-9+/]{40,}={0,2}", "<hash>"),
    (r"[0-9a-f]{12,}", "<hash>"),
    (r"\b[0-9a-f]{8}\b", "<hash>"),
    (r"\b[0-9a-f]{4}( [0-9a-f]{4}){7,}", "<hash>"),
    (r"[━─┏┓┗┛┡┩╇┳┻├┤┬┴┼└┘┌┐]+", "-"),
    (r"\d+(\.\d+)?", "<number>"),
    (r"[ \t]+", " "),
)


def steps(page: str) -> list[tuple[str, list[str]]]:
    """Every command with the lines that are shown below it."""
    found: list[tuple[str, list[str]]] = []
    for block in BLOCK.findall(page):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith("> "):
                command, shown = found[-1]
                found[-1] = (f"{command}\n{line[2:]}", shown)
            else:
                found[-1][1].append(line)
    return found


def words(line: str) -> str:
    """What of a line is the same in every run."""
    for pattern, name in VARIES:
        line = re.sub(pattern, name, line)
    return line.strip()


class Shell:
    """One bash, so that variables and the folder last from one command to the next; errors are shown where they come."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str) -> list[str]:
        """What a command says."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{command}\necho '{END}'\n")
        self._bash.stdin.flush()
        said: list[str] = []
        while (line := self._bash.stdout.readline()) and END not in line:
            said.append(line.rstrip("\n"))
        rest = line.split(END)[0]
        return [*said, rest] if rest else said

    def close(self) -> None:
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.close()
        self._bash.wait(timeout=30)
        self._bash.stdout.close()


@contextmanager
def machine(folder: Path) -> Iterator[Shell]:
    """`dealreg up` on a fresh machine, and a shell beside it in a folder that has the shipped example."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("DATABASE_URL", "INTAKE_URL", "DEALREG", "PYTHON"))
    }
    binaries = Path(sys.executable).parent
    said = {
        **kept,
        "PATH": f"{binaries}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "DEALREG_DATA": str(folder / "data"),
        "PROGRAM": "example",
        "HTTP_PORT": "0",
        "READY_SECONDS": "140",
        "COLUMNS": "180",
        "LOGNAME": "auditor",
    }
    shutil.copytree(ROOT / "docs" / "example", folder / "docs" / "example")
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        up = subprocess.Popen([str(binaries / "dealreg"), "up", "--json"], env=said, stdout=out, stderr=err)
        try:
            until = time.monotonic() + READY_SECONDS
            while not (folder / "out").read_text():
                assert up.poll() is None, (folder / "err").read_text()
                assert time.monotonic() < until, (folder / "err").read_text()
                time.sleep(0.1)
            shell = Shell(folder, said)
            yield shell
            shell.close()
        finally:
            up.send_signal(signal.SIGTERM)
            assert up.wait(timeout=60) == 0, (folder / "err").read_text()


@pytest.mark.timeout(600)
def test_the_page_for_the_auditor_does_what_it_shows(tmp_path: Path, request: pytest.FixtureRequest):
    page = PAGE.read_text(encoding="utf-8")
    with machine(tmp_path) as shell:
        done = [(command, shown, shell.run(command)) for command, shown in steps(page)]
    if request.config.getoption("--write-golden"):
        PAGE.write_text(_written(page, [(command, said) for command, _, said in done]), encoding="utf-8")
    otherwise = {
        command: (shown, said)
        for command, shown, said in done
        if [words(line) for line in shown] != [words(line) for line in said]
    }
    assert not otherwise or request.config.getoption("--write-golden"), _told(otherwise)


def _told(otherwise: dict[str, tuple[list[str], list[str]]]) -> str:
    return "\n\n".join(
        f"$ {command}\n--- the page\n" + "\n".join(shown) + "\n--- now\n" + "\n".join(said)
        for command, (shown, said) in otherwise.items()
    )


def _written(page: str, done: list[tuple[str, list[str]]]) -> str:
    """The page with what the commands said."""
    left = iter(done)

    def block(found: re.Match[str]) -> str:
        lines: list[str] = []
        for line in found[1].splitlines():
            if line.startswith("$ "):
                command, said = next(left)
                first, *more = command.split("\n")
                lines += [f"$ {first}", *(f"> {one}" for one in more), *said]
        return "```console\n" + "\n".join(lines) + "\n```"

    return BLOCK.sub(block, page)


def test_the_page_claims_what_is_proved_and_says_what_is_not():
    page = PAGE.read_text(encoding="utf-8")
    assert "tamper-evident, verifiable offline, to a public standard" in page
    _, _, honest = page.partition("## What this does not prove")
    for word in ("not that it was true", "collude", "qualified", "legal advice", "superuser", "tamper-proof"):
        assert word in honest, word
    claims = page.partition("## What this does not prove")[0].lower()
    assert not any(word in claims for word in ("tamper-proof", "court-proof", "gdpr", "qualified"))
