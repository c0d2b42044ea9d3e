"""`dealreg audit import`: a log out of an export, checked against a checkpoint, into a new installation."""

from base64 import b64decode
from binascii import Error as NotBase64
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealreg.cli.asking import JsonFlag, claims, show
from dealreg.cli.auditing.root import Checkpoint, Keys
from dealreg.cli.looking import operator, reading

if TYPE_CHECKING:
    from dealreg.service.exporting.importing import Trusted


def register(audit: typer.Typer) -> None:
    """Add the verb."""
    audit.command("import")(take_in)


def take_in(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="An export of the whole log in CloudEvents.")
    ],
    *,
    checkpoint: Checkpoint = None,
    vkeys: Keys = None,
    root: Annotated[
        str | None,
        typer.Option("--root", help="The root of the whole file in base64, told on another way than the file came."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read and compare only; needs no database, writes nothing.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why this log is taken in; recorded with the import.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Take a whole log into an empty database: the same positions, instants and salts, so the same root; all of it or nothing.

    DATABASE_URL_OWNER or DATABASE_URL names an empty database (createdb, not migrated) as its owner. People's values are in no export:
    they do not come back. Exit code 1, with the line and what is wrong with it, where the file is not what was signed.
    """
    from dealreg.service.exporting.importing import checked
    from dealreg.service.exporting.importing import take_in as into
    from dealreg.service.settings import Role, Settings

    trusted = _trusted(checkpoint, vkeys or [], root)
    with reading(file, 1 if check else 2) as tell:
        if check:
            read = checked(file, trusted, tell)
        else:
            read = into(
                Settings().database_url(Role.OWNER), file, trusted, claims("auditor", operator(), None), reason, tell
            )
    said = {"size": read.size, "root": read.text, "last_recorded_at": read.last_recorded_at, "taken_in": not check}
    show(said, as_json=as_json)


def _trusted(checkpoint: Path | None, vkeys: list[str], root: str | None) -> "Trusted":
    """Raises ``Refused`` for a checkpoint that is none, ``typer.BadParameter`` for a root that is none."""
    from dealreg.service.exporting import root as computed
    from dealreg.service.exporting.importing import Trusted

    note = computed.checkpoint(checkpoint.read_text(encoding="utf-8", errors="replace"), vkeys) if checkpoint else None
    try:
        return Trusted(note, b64decode(root, validate=True) if root is not None else None)
    except (NotBase64, ValueError) as error:
        raise typer.BadParameter("a root is 32 bytes in base64", param_hint="--root") from error
