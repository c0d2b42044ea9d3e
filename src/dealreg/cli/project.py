"""`dealreg project`: keep the read models at the ledger's head, as a process of its own."""

import json
import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dealreg.service.projecting.standing import Standing


def register(app: typer.Typer) -> None:
    """The verb `project`."""
    app.command()(project)


def project(
    models: Annotated[list[str] | None, typer.Argument(help="These read models; left out, all.")] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="Apply what is recorded so far, then leave.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="How far each model is, as JSON, when it leaves.")] = False,
) -> None:
    """Follow the ledger and keep the read models of projections/, and the search for end customers, up to date, until a signal.

    It may run several times: one process leads each model. A read model whose statement fails stands still alone; exit code 1 with
    --once. DATABASE_URL_PROJECTOR or DATABASE_URL names the database.
    """
    from dealreg.service.identity.following import Following
    from dealreg.service.logs import configure_logging
    from dealreg.service.projecting.projector import Projector
    from dealreg.service.settings import Role, Settings

    settings = Settings()
    configure_logging(settings)
    projector = Projector(settings.database_url(Role.PROJECTOR), models=models or [])
    following = Following(settings.database_url(Role.PROJECTOR))
    if once:
        projector.catch_up()
        if not models:
            following.catch_up()
    else:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        beside = threading.Thread(target=following.run, args=(stop,), name="project-identity")
        if not models:
            beside.start()
        projector.run(stop)
        if not models:
            beside.join()
    if once or as_json:
        _tell(projector.positions(), as_json=as_json)


def _tell(standings: "list[Standing]", *, as_json: bool) -> None:
    if as_json:
        found = [
            {"model": s.model, "generation": s.generation, "position": s.position, "behind": s.behind}
            for s in standings
        ]
        typer.echo(json.dumps({"models": found}))
        return
    for one in standings:
        typer.echo(f"{one.model}: position {one.position}, {one.behind} behind")
