"""`dealreg writeback`: the role that tells the CRM what was decided, and what it could not tell."""

import json
import signal
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dealreg.service.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(writeback)


def writeback(
    *,
    once: Annotated[bool, typer.Option("--once", help="Tell all that is due now, then leave.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="List the records that could not be told.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Try all that failed again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """Write status and end of protection into the fields that the mappings' `write` names, where they changed; until a signal.

    Only for mappings with `api` and `write`. What the CRM then sends us about it is our own echo, and dropped. DATABASE_URL_PROJECTOR and
    DATABASE_URL_AUDITOR, or DATABASE_URL, name the database. With --failed or --once the exit code is 1 where something could not be told.
    """
    from dealreg.service.logs import configure_logging
    from dealreg.service.outbox.connecting import connect
    from dealreg.service.settings import Role, Settings
    from dealreg.service.writeback.listing import again as try_again

    settings = Settings()
    configure_logging(settings)
    if again:
        with closing(connect(settings.database_url(Role.PROJECTOR))) as connection:
            count = try_again(connection)
        typer.echo(json.dumps({"again": count}) if as_json else f"{count} are tried again")
    elif failed:
        _list(settings, as_json=as_json)
    else:
        _write(settings, once=once)
        if once:
            _list(settings, as_json=as_json)


def _write(settings: "Settings", *, once: bool) -> None:
    from dealreg.service.intake.mapping import load_mappings
    from dealreg.service.outbox.running import catch_up
    from dealreg.service.settings import Role
    from dealreg.service.writeback.assembling import followers, write_back

    url, mappings = settings.database_url(Role.PROJECTOR), load_mappings(settings.intake_mappings)
    if once:
        with followers(settings.database_url(Role.AUDITOR), mappings) as both:
            for follower in both:
                catch_up(url, follower)
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    write_back(url, settings.database_url(Role.AUDITOR), mappings, stop)


def _list(settings: "Settings", *, as_json: bool) -> None:
    from dealreg.cli import exit_codes
    from dealreg.service.outbox.connecting import connect
    from dealreg.service.settings import Role
    from dealreg.service.writeback.listing import failures

    with closing(connect(settings.database_url(Role.PROJECTOR))) as connection:
        found = failures(connection)
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in found]))
    for one in () if as_json else found:
        typer.echo(f"{one.source} {one.record}: {one.trouble} ({one.tries} tries{'' if one.due else ', given up'})")
    if found:
        raise typer.Exit(exit_codes.NO)
