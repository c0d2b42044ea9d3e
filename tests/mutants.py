"""Makes each mutation of tests/properties/mutations.toml in a copy of the tree and runs its test there: it must fail.

    python tests/mutants.py [words of a law]

Exit code 0 when every mutation was caught, 1 when one was not.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parents[1]
SOURCE = "src/dealreg"
SCENARIO = "scenarios:"
COPIED = ("src", "tests", "scenarios", "projections", "pyproject.toml", "docs")
FAILED = {1, 70}
"""How pytest and `dealreg scenario run` end when something is not as it should be, or broke; any other code means that none was run."""


@dataclass(frozen=True)
class Mutation:
    """A change of one place of the source, what it breaks, and the test that must fail for it."""

    law: str
    file: str
    old: str
    new: str
    test: str

    @property
    def path(self) -> Path:
        """The file that it changes."""
        return HERE / SOURCE / self.file


MUTATIONS = [
    Mutation(**one)
    for one in tomllib.loads((HERE / "tests" / "properties" / "mutations.toml").read_text(encoding="utf-8"))["mutation"]
]


def command(mutation: Mutation) -> list[str]:
    """What is run for it."""
    if mutation.test.startswith(SCENARIO):
        return [sys.executable, "-m", "dealreg", "scenario", "run", f"scenarios/{mutation.test.removeprefix(SCENARIO)}"]
    return [sys.executable, "-m", "pytest", mutation.test, "-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly"]


def fails(mutation: Mutation, tree: Path) -> bool:
    """Whether its test fails in a copy of the tree as it stands."""
    environment = {**os.environ, "CI": "1", "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command(mutation), cwd=tree, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode not in {0, *FAILED}:
        raise SystemExit(f"{mutation.law}: the test could not be run\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    return done.returncode in FAILED


def caught(mutation: Mutation, tree: Path) -> bool:
    """Whether its test fails once the mutation is made."""
    changed = tree / SOURCE / mutation.file
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        return fails(mutation, tree)
    finally:
        changed.write_text(text, encoding="utf-8")


def sound(wanted: list[Mutation], tree: Path) -> None:
    """A test that fails by itself shows nothing: each one passes on the source as it is."""
    broken = [one.test for one in {mutation.test: mutation for mutation in wanted}.values() if fails(one, tree)]
    if broken:
        raise SystemExit(f"these fail without any mutation: {', '.join(sorted(broken))}")


def main(words: list[str]) -> int:
    """Make all of them, or those whose law has all the words."""
    wanted = [mutation for mutation in MUTATIONS if all(word in mutation.law for word in words)]
    survived = []
    with tempfile.TemporaryDirectory(prefix="dealreg-mutants-") as folder:
        for name in COPIED:
            source = HERE / name
            ignored = shutil.ignore_patterns("__pycache__", ".hypothesis")
            shutil.copytree(source, Path(folder) / name, ignore=ignored) if source.is_dir() else shutil.copy(
                source, folder
            )
        sound(wanted, Path(folder))
        for mutation in wanted:
            begun = time.monotonic()
            was_caught = caught(mutation, Path(folder))
            sys.stdout.write(
                f"{'caught  ' if was_caught else 'SURVIVED'} {time.monotonic() - begun:5.1f} s  {mutation.law}\n"
            )
            sys.stdout.flush()
            survived += [] if was_caught else [mutation.law]
    sys.stdout.write(f"{len(wanted) - len(survived)} of {len(wanted)} mutations were caught\n")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
