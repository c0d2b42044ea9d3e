"""What a witness remembers: of each log the newest checkpoint that it cosigned, and what it refused to cosign, on its own disk.

Losing this memory would let a fork be cosigned, so a witness with a key and without its memory does not start again.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from dealreg.proof.verify import Checkpoint, parse_checkpoint

MARK = "memory"
"""The file that says that a memory was begun here."""

HERE = "here"
"""The file with the witness's verifier key and address."""

MOST_REFUSED = 1000
"""Refused checkpoints that are kept; each was signed by a log that is trusted, so nobody else can fill the disk."""


DIGEST = re.compile(r"[0-9a-f]{64}")


class Forgetful(Exception):
    """The memory is gone, or somebody else uses it; the message says what to do. A verb leaves with 3."""

    exit_code = 3


class Memory:
    """One folder. Whoever uses it holds it alone."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is made by ``held``."""
        self._folder = folder

    @contextmanager
    def held(self, key: Path) -> Iterator[None]:
        """Use the folder alone; it is begun where neither it nor the key is there yet. Raises ``Forgetful``."""
        mark = self._folder / MARK
        if key.exists() and not mark.exists():
            raise Forgetful(
                f"{key} is there and what it cosigned is not ({mark} is missing): it could cosign a fork. Bring {self._folder} back, "
                "or give the witness a new key and have its old one taken out of the policies"
            )
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with mark.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Forgetful(f"another witness uses {self._folder}") from error
            _synced(self._folder)
            yield

    def newest(self, origin: str) -> Checkpoint | None:
        """The newest checkpoint that was cosigned for a log."""
        text = self.text(origin)
        return None if text is None else parse_checkpoint(text)

    def text(self, origin: str) -> str | None:
        """The same as a note, the cosignature with it."""
        file = self._file(origin)
        return file.read_text(encoding="utf-8") if file.exists() else None

    def by_digest(self, digest: str) -> str | None:
        """The same of the log whose origin has this SHA-256, in lower-case hexadecimal."""
        file = self._folder / f"{digest}.checkpoint"
        return file.read_text(encoding="utf-8") if DIGEST.fullmatch(digest) and file.exists() else None

    def remember(self, origin: str, note: str) -> None:
        """Put a note in the place of what was known, whole, and on the disk before this returns."""
        _written(self._file(origin), note)

    def say_here(self, vkey: str, url: str) -> None:
        """Leave word where this witness answers, for a `publish` of the same machine: as WITNESSES has it, whole or not at all."""
        _written(self._folder / HERE, f"{vkey} {url}\n")

    def keep_refused(self, origin: str, checkpoint: Checkpoint, request: bytes) -> None:
        """Keep what a log signed and could not prove: beside what was cosigned it may convict the log. Each checkpoint once."""
        folder = self._folder / "refused"
        folder.mkdir(mode=0o700, exist_ok=True)
        named = sha256(f"{origin}\n{checkpoint.size}\n{checkpoint.root.hex()}".encode()).hexdigest()
        file = folder / f"{checkpoint.size}-{named[:16]}"
        if not file.exists() and sum(1 for _ in folder.iterdir()) < MOST_REFUSED:
            known = self.text(origin) or ""
            _written(file, f"{known}\n----- refused, as it was sent -----\n{request.decode()}")

    def _file(self, origin: str) -> Path:
        """An origin may have any characters."""
        return self._folder / f"{sha256(origin.encode()).hexdigest()}.checkpoint"


def _written(file: Path, text: str) -> None:
    half = file.with_name(f".{file.name}.half")
    with half.open("w", encoding="utf-8", newline="") as output:
        output.write(text)
        output.flush()
        os.fsync(output.fileno())
    half.replace(file)
    _synced(file.parent)


def _synced(folder: Path) -> None:
    """A name is on the disk when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
