"""One supervisor a data folder, held by a lock that dies with its process."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from dealreg.service.embedded.trouble import AlreadyHeld, ServerTrouble

LOCK = ".lock"


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make `folder` when it is missing (mode 0700) and hold it.

    Raises:
        AlreadyHeld: another process holds it.
        ServerTrouble: it cannot be made or written.

    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ServerTrouble(
            f"cannot write in {folder} ({error.strerror}); name another folder with --data-dir"
        ) from error
    try:
        _take(lock, folder)
        yield
    finally:
        os.close(lock)


def _take(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(lock, 20).decode(errors="replace").strip() or "unknown"
        raise AlreadyHeld(
            f"{folder} is in use by another dealreg (process {holder}); stop that one, "
            "or name another folder with --data-dir or DEALREG_DATA"
        ) from error
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
