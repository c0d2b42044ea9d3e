"""`dealreg ask`: every command of the service by its name, with its fields as JSON."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from dealreg.cli.asking import As, JsonFlag, Program, RequestKey, Subject, claims, house, show, show_rows
from dealreg.cli.asking import ask as decided


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("ask")(ask)


def ask(
    command: Annotated[str | None, typer.Argument(metavar="COMMAND", help="Left out, the commands are listed.")] = None,
    path: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Its fields in JSON; - reads them from standard input.")
    ] = None,
    *,
    fields: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="One field; the value as JSON, or a text as it is."),
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Show the fields of the command as a JSON schema.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why; it stands in what is recorded.")] = None,
    as_whom: As = "deal_desk",
    level: Annotated[str | None, typer.Option(help="A level of approval for special prices that you hold.")] = None,
    subject: Subject = "cli",
    key: RequestKey = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask any command, as POST over HTTP does. Exit code 1 when it is refused; a decline is an answer, and 0."""
    from dealreg.process.deciding import COMMANDS
    from dealreg.service.commanding import named, said

    if command is None:
        told = [{"command": name, "asks": _first_line(one)} for name, one in sorted(COMMANDS.items())]
        show_rows(told, ("command", "asks"), as_json=as_json)
        return
    kind = named(command)
    if schema:
        typer.echo(json.dumps(kind.model_json_schema(), indent=None if as_json else 2, ensure_ascii=False))
        return
    who = claims(as_whom, subject, program, level)
    asked, rows = said(kind, {**_from(path), **_set(fields or [])}, who.actor)
    with house() as at:
        show(decided(at, who, asked, key, rows, reason).answer, as_json=as_json)


def _first_line(command: type) -> str:
    return (command.__doc__ or "").strip().split("\n", maxsplit=1)[0]


def _from(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    try:
        read = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"{path} is not JSON: {error}", param_hint="FILE") from error
    if not isinstance(read, dict):
        raise typer.BadParameter(f"{path} is no JSON object; give the fields by name", param_hint="FILE")
    return read


def _set(fields: list[str]) -> dict[str, Any]:
    """``name=value``: JSON where the value is JSON, else the text."""
    found: dict[str, Any] = {}
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise typer.BadParameter(f"{field!r} is no FIELD=VALUE", param_hint="--set")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found
