"""Where a Unix socket can lie: its path has a length limit and, for libpq, must hold no comma."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from dealreg.service.embedded.standing import nobody
from dealreg.service.embedded.trouble import ServerTrouble

LONGEST_PATH = 103
"""Bytes of a socket's path: `sun_path` holds 108 on Linux and 104 on macOS, with the closing NUL."""
SOCKET_NAME = "/.s.PGSQL.5432.lock"
"""The longest file PostgreSQL puts beside its socket."""


def socket_folder(folder: Path) -> Path:
    """`folder`/run, or a folder of ours in the machine's runtime folder when that path cannot hold a socket.

    The second is named after the first, so that whoever starts the same server again finds the same address.

    Raises:
        ServerTrouble: somebody else owns the folder of that name.

    """
    beside = folder / "run"
    if len(os.fsencode(beside)) + len(SOCKET_NAME) <= LONGEST_PATH and "," not in str(beside):
        return beside
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    elsewhere = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"dealreg-{os.geteuid()}-{digest}"
    elsewhere.mkdir(mode=0o700, exist_ok=True)
    found = elsewhere.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in _ours() or found.st_mode & 0o077:
        raise ServerTrouble(f"{elsewhere} is not a folder of ours alone; remove it, or use a shorter --data-dir")
    return elsewhere


def _ours() -> set[int]:
    # Root gives the folder to nobody where it cannot use a namespace.
    return {os.geteuid(), nobody()[0]} if os.geteuid() == 0 else {os.geteuid()}
