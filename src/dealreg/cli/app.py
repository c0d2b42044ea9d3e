"""The `dealreg` command: finds the verbs, runs one, and turns what went wrong into an exit code."""

import importlib
import importlib.metadata
import json
import pkgutil
import sys
import traceback
from typing import Annotated

import typer

from dealreg import cli
from dealreg.cli import exit_codes


def verbs() -> typer.Typer:
    """Every verb of every module in this package that defines `register(app)`, in the order of the modules' names."""
    app = typer.Typer(
        name="dealreg",
        help="Deal registration and channel conflicts.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(_dealreg)
    for module in sorted(found.name for found in pkgutil.iter_modules(cli.__path__)):
        register = getattr(importlib.import_module(f"{cli.__name__}.{module}"), "register", None)
        if register is not None:
            register(app)
    return app


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"dealreg {importlib.metadata.version('dealreg')}")
        raise typer.Exit


def _dealreg(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Deal registration and channel conflicts."""


def main() -> int:
    """Run the verb asked for; the exit code is one of `exit_codes`."""
    try:
        verbs()()
    except Exception as error:  # noqa: BLE001 - the top of the program: what is not an answer is shown as a bug
        answer = exit_codes.answer_to(error)
        if answer is None:
            traceback.print_exception(error)
            return exit_codes.BUG
        _say(answer)
        return answer.code
    return exit_codes.DONE


def _say(answer: exit_codes.Answer) -> None:
    """In words on standard error; for a caller that asked for JSON, also as JSON where it expects the result."""
    if "--json" in sys.argv:
        typer.echo(json.dumps({"answer": "no" if answer.code == exit_codes.NO else "error", **answer._asdict()}))
    clause = f" ({answer.clause})" if answer.clause else ""
    typer.echo(f"dealreg: {answer.reason}{clause}", err=True)
