"""How other processes of the same user find the servers that `dealreg up` started."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

RUN_FILE = "run.json"
"""In the data folder, mode 0600: it holds the broker's token."""


class Run(BaseModel):
    """Which supervisor started what, and where it answers; stays when the supervisor has gone."""

    model_config = ConfigDict(frozen=True)

    pid: int
    """The supervisor's process."""
    database_url: str | None = None
    """The embedded database; None when DATABASE_URL names another, whose password is not ours to write down."""
    intake_url: str | None = None
    """The embedded broker; None when INTAKE_URL names another."""


def write_run(file: Path, run: Run) -> None:
    """Put `run` in the place of what the last supervisor wrote, whole or not at all."""
    half = file.with_name(f"{file.name}.half")
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    half.write_text(run.model_dump_json(indent=1))
    half.replace(file)


def read_run(file: Path) -> Run | None:
    """What the last supervisor wrote; nothing when there was none."""
    try:
        return Run.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None
