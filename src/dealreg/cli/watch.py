"""`dealreg watch`: the role that sees who changes what nobody may change."""

import json
import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dealreg.service.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("watch")(watch)


def watch(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Look at everything up to now, and stop; exit code 1 for an alarm.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: how many alarms, as JSON.")] = False,
) -> None:
    """Read the server's log of changes and raise an alarm for each that nobody may make, until a signal.

    It needs wal_level = logical and REPLICATION for dealreg_watcher (docs/enforcement.md); without them it waits and says so, with --once
    it ends with exit code 3. DATABASE_URL_WATCHER or DATABASE_URL names the database.
    """
    from dealreg.service.logs import configure_logging
    from dealreg.service.settings import Role, Settings
    from dealreg.service.watching.running import Watching

    settings = Settings()
    configure_logging(settings)
    if once:
        _once(settings, as_json=as_json)
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    url = settings.database_url(Role.WATCHER)
    Watching(url, settings.watch_slot, settings.watcher_state_file, settings.watch_seconds).run(stop)


def _once(settings: "Settings", *, as_json: bool) -> None:
    import psycopg

    from dealreg.cli import exit_codes
    from dealreg.service.settings import Role
    from dealreg.service.watching.watcher import Watcher

    with psycopg.connect(settings.database_url(Role.WATCHER), autocommit=True, connect_timeout=5) as connection:
        watcher = Watcher(connection, settings.watch_slot, settings.watcher_state_file)
        while watcher.look():
            pass
    raised = watcher.alarms.raised
    said = (
        f"{raised} alarms; see `dealreg history` of the trail and the log" if raised else "nothing that nobody may do"
    )
    typer.echo(json.dumps({"alarms": raised}) if as_json else said)
    raise typer.Exit(exit_codes.NO if raised else exit_codes.DONE)
