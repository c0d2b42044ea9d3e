"""`dealreg audit root`: the root of the tree over a whole log, from an export alone or from the ledger."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealreg.cli.asking import JsonFlag, claims, house, show
from dealreg.cli.looking import looked, operator, reading

if TYPE_CHECKING:
    from dealreg.service.exporting.root import Roots

Checkpoint = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        exists=True,
        dir_okay=False,
        help="A signed checkpoint (C2SP note) that the log has to begin with.",
    ),
]
Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--vkey",
        help="A verifier key of the log that you trust, name+id+base64; the checkpoint has to carry its signature.",
    ),
]


def register(audit: typer.Typer) -> None:
    """Add the verb."""
    audit.command("root")(root)


def root(
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True, dir_okay=False, help="An export of the whole log in CloudEvents; left out, the ledger."
        ),
    ] = None,
    *,
    checkpoint: Checkpoint = None,
    vkeys: Keys = None,
    as_json: JsonFlag = False,
) -> None:
    """The RFC 6962 root over every fact, computed anew; with a checkpoint, whether the log begins with what was signed.

    A file needs no database and no network. Exit code 1 when a line is not sound or the root is not the one that was signed.
    """
    from dealreg.service.exporting import root as computed

    trusted = (
        computed.checkpoint(checkpoint.read_text(encoding="utf-8", errors="replace"), vkeys or ())
        if checkpoint is not None
        else None
    )
    if vkeys and trusted is None:
        raise typer.BadParameter("a key signs a checkpoint; name it with --checkpoint", param_hint="--vkey")
    at = trusted.size if trusted is not None else None
    found = _of_file(file, at) if file is not None else _of_ledger(at)
    said: dict[str, object] = {
        "size": found.size,
        "root": found.text,
        "root_hex": found.root.hex(),
        "last_recorded_at": found.last_recorded_at,
    }
    if trusted is not None:
        computed.agree(found, trusted)
        said |= {
            "checkpoint": f"{trusted.origin} {trusted.size}",
            "equal": True,
            "signature": "of a key that you trust" if vkeys else "not checked: no --vkey was given",
            "behind_the_checkpoint": found.size - trusted.size,
        }
    show(said, as_json=as_json)


def _of_file(file: Path, at: int | None) -> "Roots":
    from dealreg.service.exporting.reading_back import lines, whole
    from dealreg.service.exporting.root import roots

    with file.open("rb") as opened, reading(file) as tell:
        return roots(whole(lines(opened)), at, tell)


def _of_ledger(at: int | None) -> "Roots":
    from dealreg.cli.progress import bars
    from dealreg.service.exporting.root import roots
    from dealreg.service.exporting.stored import stored
    from dealreg.service.exporting.wanted import Wanted

    with house() as at_hand, bars() as steps:
        looked(at_hand, claims("auditor", operator(), None), "audit root", "everything")
        head = at_hand.audited.head()
        done = steps("facts", head)
        return roots(stored(at_hand.audited, Wanted(head)), at, lambda _: done(1))
