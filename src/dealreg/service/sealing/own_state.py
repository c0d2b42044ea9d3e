"""What the sealer remembers outside the database: the last tree that it signed. Whoever changes the database cannot change this."""

import fcntl
import os
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from dealreg.proof.tree import EMPTY
from dealreg.service.sealing.halting import NotOurs, Occupied


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeyUsed(_Kept):
    """A key that signs: its file beside the others, the verifier key that it is known by, and until when it signs."""

    file: str
    vkey: str
    from_size: int
    signs_until: datetime | None = None


class Former(_Kept):
    """The last that was signed under an origin that is not gone on with."""

    origin: str
    size: int
    root: str
    note: str


class OwnState(_Kept):
    """The last checkpoint signed. ``root`` is hexadecimal; ``note`` is empty before the first; the last of ``keys`` is the newest."""

    format: Literal["dealreg/sealer/v1"] = "dealreg/sealer/v1"
    origin: str
    size: int = 0
    root: str = EMPTY.hex()
    note: str = ""
    keys: tuple[KeyUsed, ...]
    halted: str | None = None
    formers: tuple[Former, ...] = ()


class Memory:
    """A file that is written whole, reaches the disk, and only then takes the place of the one before."""

    def __init__(self, path: Path) -> None:
        """Nothing is touched yet."""
        self.path = path

    def held(self) -> BinaryIO:
        """Use it alone on this machine, until what is returned is closed. Raises ``Occupied``.

        The turn is one database's: after a promotion two sealers could each have one, and sign two roots of one size.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = self.path.with_name(f".{self.path.name}.lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise Occupied(
                f"another sealer, over another database, is at work with {self.path}; stop it first"
            ) from error
        return lock

    def read(self) -> OwnState | None:
        """What is remembered; nothing where there is no file. Raises ``NotOurs`` for a file that is not the sealer's."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return OwnState.model_validate_json(text)
        except ValidationError as error:
            raise NotOurs(
                f"{self.path} is no state of a sealer: {error.errors()[0]['msg']}; put back the one of its disk"
            ) from error

    def keep(self, state: OwnState) -> None:
        """Remember. Raises ``OSError`` where the disk does not take it; what was remembered then stands."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.path.with_name(f".{self.path.name}.draft")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(state.model_dump_json(indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
