"""`dealreg outbox`: the role that tells facts to other systems, and who has a stream."""

import signal
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dealreg.service.outbox.standing import OutboxStands
    from dealreg.service.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(outbox)


def outbox(
    *,
    once: Annotated[bool, typer.Option("--once", help="Tell all that there is now, then leave.")] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Say how far everybody was told; 1 where it does not go on.")
    ] = False,
    open_for: Annotated[
        str | None, typer.Option("--open", metavar="PARTNER", help="Give a partner a stream of its own rows.")
    ] = None,
    close_for: Annotated[
        str | None, typer.Option("--close", metavar="PARTNER", help="Take a partner's stream away, with what it holds.")
    ] = None,
    program: Annotated[str | None, typer.Option(help="The partner's program; else PROGRAM.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """Publish every fact as a CloudEvent to the desk and to auditors, and their own rows to partners that have a stream; until a signal.

    At least once, in order, and from where it was after any kill. DATABASE_URL_PROJECTOR or DATABASE_URL names the database, INTAKE_URL
    the broker.
    """
    from dealreg.service.logs import configure_logging
    from dealreg.service.outbox.assembling import followers, taker_of, tell
    from dealreg.service.outbox.running import catch_up
    from dealreg.service.outbox.standing import standing
    from dealreg.service.settings import Role, Settings

    settings = Settings()
    configure_logging(settings)
    url = settings.database_url(Role.PROJECTOR)
    if open_for or close_for:
        _stream(settings, url, program or settings.program, open_for, close_for, as_json=as_json)
    elif status:
        _say(standing(url), as_json=as_json)
    elif once:
        with closing(taker_of(settings.intake_url())) as taker:
            for follower in followers(taker):
                catch_up(url, follower)
        _say(standing(url), as_json=as_json)
    else:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        tell(url, settings.intake_url(), stop)


def _stream(
    settings: "Settings", url: str, program: str, open_for: str | None, close_for: str | None, *, as_json: bool
) -> None:
    import json

    from dealreg.cli import exit_codes
    from dealreg.service.outbox.assembling import taker_of
    from dealreg.service.outbox.audiences import partner_channel
    from dealreg.service.outbox.connecting import connect
    from dealreg.service.outbox.subscribing import subscribe, unsubscribe

    with closing(taker_of(settings.intake_url())) as taker, closing(connect(url)) as connection:
        reader = (
            subscribe(connection, program, open_for) if open_for else unsubscribe(connection, program, close_for or "")
        )
        if reader is None:
            typer.echo(f"{close_for} has no stream", err=True)
            raise typer.Exit(exit_codes.NO)
        channel = partner_channel(reader)
        (taker.provision if open_for else taker.retire)(channel)
    told = {
        "partner": open_for or close_for,
        "stream": channel.stream,
        "subjects": channel.subjects,
        "open": bool(open_for),
    }
    typer.echo(json.dumps(told) if as_json else f"{channel.subjects} {'is open' if open_for else 'is closed'}")


def _say(found: "OutboxStands", *, as_json: bool) -> None:
    from dealreg.cli import exit_codes

    if as_json:
        typer.echo(found.model_dump_json())
    for one in () if as_json else found.followers:
        typer.echo(f"{one.follower}: at {one.position}, {one.behind} behind{f'; {one.trouble}' if one.trouble else ''}")
    for each in () if as_json else found.partners:
        typer.echo(
            f"{each.partner}: {each.messages} told, {each.waiting} waiting{f'; {each.trouble}' if each.trouble else ''}"
        )
    if found.in_trouble:
        raise typer.Exit(exit_codes.NO)
