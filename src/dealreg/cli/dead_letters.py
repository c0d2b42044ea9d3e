"""`dealreg dead-letters`: messages that could not be decided, and their second chance."""

import json
from typing import Annotated, Any

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="The result as JSON.")]
Reason = Annotated[
    str | None, typer.Option("--reason", help="Only those with this reason, such as invalid or refused.")
]

WIDEST = 80


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    verbs = typer.Typer(
        no_args_is_help=True, help="Messages that could not be decided: look at them, publish them again."
    )
    verbs.command("list")(list_)
    verbs.command("show")(show)
    verbs.command("replay")(replay)
    app.add_typer(verbs, name="dead-letters")


def list_(
    *,
    reason: Reason = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that were decided later.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 1000,
    as_json: JsonFlag = False,
) -> None:
    """The open ones, oldest first: id, place in the broker, reason, field, and in words what was wrong."""
    from rich.console import Console
    from rich.table import Table

    from dealreg.service.intake import dead_letters

    with _ledger() as ledger:
        rows = dead_letters.listed(ledger, reason=reason, closed=every, limit=limit)
    if as_json:
        typer.echo(json.dumps(rows, default=str, ensure_ascii=False))
        return
    table = Table("id", "message", "received", "reason", "field", "what was wrong", "ended")
    for row in rows:
        told = row["detail"]
        words = str(told.get("words", ""))[:WIDEST]
        place, ended = f"{row['stream']}:{row['sequence']}", row["resolution"] or ""
        table.add_row(
            str(row["id"]), place, f"{row['received_at']:%F %T}", row["reason"], told.get("field"), words, ended
        )
    Console().print(table)


def show(number: Annotated[int, typer.Argument(metavar="ID")], *, as_json: JsonFlag = False) -> None:
    """One with its headers and bytes. The bytes may hold personal data. Exit code 1 when there is none of that id."""
    from dealreg.service.intake import dead_letters

    with _ledger() as ledger:
        row = dead_letters.shown(ledger, number)
    if row is None:
        typer.echo(f"dealreg: there is no dead letter {number}", err=True)
        raise typer.Exit(1)
    body, digest = bytes(row.pop("bytes")), row.pop("digest")
    row["digest"] = bytes(digest).hex() if digest is not None else None
    if as_json:
        row |= {"bytes": body.decode("utf-8", "backslashreplace"), "hex": body.hex()}
        typer.echo(json.dumps(row, default=str, ensure_ascii=False))
        return
    for name, value in row.items():
        typer.echo(f"{name:12} {json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value}")
    gone = (
        f"its bytes were erased on {row['redacted_at']:%Y-%m-%d}; digest is SHA-256 of what they were"
        if digest
        else None
    )
    typer.echo(gone or body.decode("utf-8", "backslashreplace"))


def replay(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[ID]...")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every open one.")] = False,
    reason: Reason = None,
    as_json: JsonFlag = False,
) -> None:
    """Publish the bytes again, through the broker; each keeps the time at which it first came. Exit code 1 when none was found.

    A replay that is decided closes the dead letter; one that is not becomes a dead letter of its own. A merged change event whose other
    records were decided finds their answers. What the door for webhooks refused is published only where its signature is good by the
    secrets of this process's environment.
    """
    from dealreg.service.intake.mapping import load_mappings
    from dealreg.service.intake.replaying import replay_letters
    from dealreg.service.settings import Settings

    if not (numbers or every or reason):
        raise typer.BadParameter("name ids, or --all, or --reason")
    settings = Settings()
    with _ledger() as ledger:
        mappings = load_mappings(settings.intake_mappings)
        done = replay_letters(ledger, settings.intake_url(), numbers or None, reason=reason, mappings=mappings)
    told: dict[str, Any] = {"replayed": done, "count": len(done)}
    typer.echo(json.dumps(told) if as_json else f"{len(done)} published again")
    if not done:
        raise typer.Exit(1)


def _ledger() -> Any:
    from dealreg.service.ledger.ledger import Ledger
    from dealreg.service.settings import Role, Settings

    return Ledger(Settings().database_url(Role.APP), pool_size=1)
