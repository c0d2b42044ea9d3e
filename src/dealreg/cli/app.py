"""The `dealreg` command: finds the verbs, runs one, and turns what went wrong into an exit code."""

import importlib
import importlib.metadata
import pkgutil
from typing import Annotated

import typer

from dealreg import cli


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
    """Run the verb asked for; 0 done, 1 the answer is no, 2 called wrongly, 3 the world is not reachable."""
    app = verbs()
    app()
    return 0
