"""`dealreg up`: the servers and every role on this machine, until a signal."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("up")(up)


def up(
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", help="Folder of the embedded servers, their logs and the keys (DEALREG_DATA)."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON when it is ready; the rest on standard error.")
    ] = False,
) -> None:
    """Start PostgreSQL and NATS (unless DATABASE_URL and INTAKE_URL name others), migrate, and run every role.

    Ctrl-C, SIGTERM and SIGHUP stop all of it: the roles finish what they hold, then the servers close. Exit codes: 0
    stopped as asked, 1 a server died, 3 a server cannot be started or the port is taken.
    """
    if sys.platform == "win32":
        typer.echo("dealreg: embedded servers do not run on Windows; use compose.yaml", err=True)
        raise typer.Exit(3)
    from dealreg.service.embedded.supervising import Reporting, bring_up
    from dealreg.service.embedded.workers import roles_here
    from dealreg.service.settings import Settings

    settings = Settings() if data_dir is None else Settings(DEALREG_DATA=data_dir)

    def say(sentence: str) -> None:
        typer.echo(sentence, err=as_json)

    def announce(facts: dict[str, object]) -> None:
        if as_json:
            typer.echo(json.dumps({**facts, "data": str(settings.data.resolve())}))

    roles = roles_here(witnesses=settings.witnesses)
    raise typer.Exit(bring_up(settings, Reporting(line=say, ready=announce), roles=roles))
