"""What the watcher remembers outside the database: up to where it has seen. Whoever moves its slot cannot change this."""

import os
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError


class OwnState(BaseModel):
    """``system`` and ``database`` say whose log; ``seen`` is the place in it; position and instant are of the newest fact seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["dealreg/watcher/v1"] = "dealreg/watcher/v1"
    system: str
    database: int
    slot: str
    seen: int
    position: int | None = None
    recorded_at: datetime | None = None
    heard: str | None = None
    migrated: int = 0


class NotOurs(Exception):
    """A file that is not the watcher's stands where its own should."""

    exit_code = 2


def read(path: Path) -> OwnState | None:
    """What is remembered; nothing where there is no file. Raises ``NotOurs`` for one that is not the watcher's."""
    try:
        return OwnState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise NotOurs(f"{path} is not what a watcher remembers; move it away, or set WATCHER_STATE") from error


def write(path: Path, state: OwnState) -> None:
    """Whole, on the disk, and then in place of the one before."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(state.model_dump_json(indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
