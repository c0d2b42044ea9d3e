"""`dealreg rebuild`: build read models anew beside the live ones, and swap or compare."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dealreg.service.projecting.rebuilding import Progress, Rebuilt


def register(app: typer.Typer) -> None:
    """The verb `rebuild`."""
    app.command()(rebuild)


def rebuild(
    models: Annotated[list[str] | None, typer.Argument(help="These read models; left out, all.")] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Swap nothing: compare with the live rows; exit code 1 when they differ.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
) -> None:
    """Build read models from the first fact on, beside the ones that are read, and swap when they have caught up.

    Readers are never without rows. DATABASE_URL_PROJECTOR or DATABASE_URL names the database.
    """
    from dealreg.cli import exit_codes
    from dealreg.service.projecting.rebuilding import rebuild as build
    from dealreg.service.settings import Role, Settings

    with bar(shown=not as_json and sys.stderr.isatty()) as progress:
        done = build(Settings().database_url(Role.PROJECTOR), models or (), check=check, progress=progress)
    differs = any(one.differs for one in done)
    typer.echo(
        json.dumps({"equal": not differs if check else None, "models": [_said(one) for one in done]})
        if as_json
        else _words(done)
    )
    raise typer.Exit(exit_codes.NO if differs else exit_codes.DONE)


def _said(one: "Rebuilt") -> dict[str, object]:
    found: dict[str, object] = {
        "model": one.model, "generation": one.generation, "applied": one.applied, "position": one.position,
    }  # fmt: skip
    return found if one.differs is None else {**found, "differs": list(one.differs)}


def _words(done: "list[Rebuilt]") -> str:
    return "\n".join(
        f"{one.model}: {one.applied} facts to position {one.position}" + _verdict(one.differs) for one in done
    )


def _verdict(differs: tuple[str, ...] | None) -> str:
    if differs is None:
        return ", swapped in"
    return f", differs from the live rows in {', '.join(differs)}" if differs else ", equal to the live rows"


@contextmanager
def bar(*, shown: bool) -> "Iterator[Progress]":
    """A bar for each model on a terminal."""
    if not shown:
        yield lambda _model, _done, _head: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    with Bars(console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(model: str, done: int, head: int) -> None:
            if model not in tasks:
                tasks[model] = bars.add_task(model)
            bars.update(tasks[model], completed=done, total=head)

        yield tell
