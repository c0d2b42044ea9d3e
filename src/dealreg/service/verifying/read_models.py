"""Read models against the replay: each is built anew beside the live one and compared, as `dealreg rebuild --check` does."""

from collections.abc import Callable
from pathlib import Path

from psycopg import errors

from dealreg.service.projecting.errors import ModelStopped
from dealreg.service.projecting.rebuilding import Rebuilt, rebuild
from dealreg.service.verifying.finding import Checked, Findings

Told = Callable[[str, int, int], None]


def check(database_url: str, told: Told, folder: Path | None = None) -> tuple[Findings, Checked]:
    """As the projector. A model that has stopped, or shows something else than the facts give, is found."""
    findings = Findings("read models", "look who wrote it, then `dealreg rebuild MODEL`: the facts are what counts")
    built: list[Rebuilt] = []
    try:
        built = rebuild(database_url, check=True, folder=folder, progress=told)
    except ModelStopped as error:
        findings.add(str(error))
    except errors.InsufficientPrivilege as error:
        findings.add(
            f"they could not be built anew: {error.diag.message_primary}",
            next="`dealreg migrate` grants it, then ask again",
        )
    for one in built:
        if one.differs:
            findings.add(
                f"{one.model} shows something else than the facts to position {one.position} give, in {', '.join(one.differs)}"
            )
    return findings, findings.checked(f"{len(built)} built anew and compared")
