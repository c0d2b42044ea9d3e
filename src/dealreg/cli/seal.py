"""`dealreg seal`: the role that signs the log, and what an operator with its key may ask of it."""

import json
import signal
import threading
import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dealreg.service.sealing.sealer import Sealer
    from dealreg.service.settings import Settings

TAKEN_UP_SECONDS = 30.0
"""How long a change of key waits for the sealer that is at work."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("seal")(seal)


def seal(
    *,
    once: Annotated[bool, typer.Option("--once", help="Seal what there is, and stop.")] = False,
    restored: Annotated[
        str | None,
        typer.Option(
            "--restored",
            metavar="REASON",
            help="Sealed facts were lost: begin a new origin from what stands, and say why.",
        ),
    ] = None,
    rotate_key: Annotated[
        bool, typer.Option("--rotate-key", help="Sign with a new key; the old one signs too for SEAL_OVERLAP_SECONDS.")
    ] = False,
    show_key: Annotated[
        bool, typer.Option("--show-key", help="The log's verifier keys, for those who verify; nothing is sealed.")
    ] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="With --rotate-key: why, for the trail.")] = None,
    subject: Annotated[str, typer.Option(help="A pseudonym of who asks; it stands in what is recorded.")] = "cli",
    as_json: Annotated[bool, typer.Option("--json", help="What was done as JSON.")] = False,
) -> None:
    """Sign the log: at once what people fight over, every second the rest, until a signal.

    It may run several times: one has the turn. It halts, with exit code 1, where the database does not hold what it signed; nothing but
    --restored, by an operator who can reach its key, ends that. DATABASE_URL_SEALER or DATABASE_URL names the database.
    """
    from dealreg.service.logs import configure_logging
    from dealreg.service.settings import Settings

    settings = Settings()
    configure_logging(settings)
    if show_key:
        _show_keys(settings, as_json=as_json)
    elif restored is not None:
        _restore(settings, restored, subject, as_json=as_json)
    elif rotate_key:
        _rotate(settings, reason, subject, as_json=as_json)
    elif once:
        with _sealer(settings) as sealer:
            own = sealer.seal_all()
        told = {"origin": own.origin, "size": own.size, "root": own.root}
        typer.echo(json.dumps(told) if as_json else f"{own.origin} is sealed up to {own.size}: {own.root}")
    else:
        _until_stopped(settings)


def _sealer(settings: "Settings") -> "Sealer":
    """Not open yet. Raises ``NotOurs`` where SEAL_AT_ONCE names what is no fact."""
    from dealreg.service.ledger.stored_names import stored_names
    from dealreg.service.sealing.halting import NotOurs
    from dealreg.service.sealing.sealer import Sealer
    from dealreg.service.settings import Role

    if unknown := sorted(settings.sealed_at_once.difference(stored_names().names)):
        raise NotOurs(f"SEAL_AT_ONCE names {', '.join(unknown)}; no fact is called so")
    return Sealer(settings.database_url(Role.SEALER), settings.things, at_once=settings.sealed_at_once)


def _until_stopped(settings: "Settings") -> None:
    from dealreg.service.evidence.hourly import run as run_hourly
    from dealreg.service.sealing.running import Sealing
    from dealreg.service.settings import Role

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    hourly = threading.Thread(target=run_hourly, args=(settings.database_url(Role.SEALER), stop), daemon=True)
    hourly.start()
    try:
        Sealing(_sealer(settings), settings.seal_seconds).run(stop)
    finally:
        stop.set()


def _restore(settings: "Settings", reason: str, subject: str, *, as_json: bool) -> None:
    from dataclasses import asdict

    if not reason.strip():
        raise typer.BadParameter("say what was lost and why; it stands in the trail for ever", param_hint="--restored")
    from dealreg.service.sealing.restoring import restore
    from dealreg.service.settings import Role

    made = restore(settings.database_url(Role.SEALER), settings.things, by=subject, reason=reason)
    with _sealer(settings) as sealer:
        own = sealer.seal_all()
    if as_json:
        typer.echo(json.dumps({**asdict(made), "sealed": own.size}))
        return
    typer.echo(f"{made.old_origin} was signed up to {made.size}; up to {made.kept} of that still stands")
    typer.echo(f"{made.origin} goes on from there and is sealed up to {own.size}; give its key to those who verify")


def _rotate(settings: "Settings", reason: str | None, subject: str, *, as_json: bool) -> None:
    from dealreg.service.sealing.halting import Occupied
    from dealreg.service.sealing.rotating import ask, rotate

    try:
        with _sealer(settings) as sealer:
            rotate(sealer, by=subject, reason=reason)
            sealer.seal_all()
    except Occupied:
        ask(settings.things, by=subject, reason=reason)
        _wait_until_taken_up(settings)
    keys = _keys(settings)
    typer.echo(
        json.dumps({"old": keys[-2], "new": keys[-1]})
        if as_json
        else f"{keys[-1]} signs from now on; give it to those who verify"
    )


def _show_keys(settings: "Settings", *, as_json: bool) -> None:
    keys = _keys(settings)
    typer.echo(json.dumps(keys) if as_json else "\n".join(keys))


def _keys(settings: "Settings") -> list[str]:
    """Oldest first. Raises ``NotOurs`` where there is no log yet."""
    from dealreg.service.sealing.halting import NotOurs
    from dealreg.service.sealing.own_state import Memory

    own = Memory(settings.things.state).read()
    if own is None:
        raise NotOurs(f"{settings.things.state} is not there: nothing was sealed yet; start `dealreg seal`")
    return [key.vkey for key in own.keys]


def _wait_until_taken_up(settings: "Settings") -> None:
    """Raises ``Occupied`` where whoever has the turn does not take it up: it reads another folder."""
    from dealreg.service.sealing.halting import Occupied
    from dealreg.service.sealing.rotating import asked_for

    until = time.monotonic() + TAKEN_UP_SECONDS
    while asked_for(settings.things).exists():
        if time.monotonic() > until:
            asked_for(settings.things).unlink(missing_ok=True)
            raise Occupied("the sealer that has the turn did not take it up: is SEALER_STATE its own?")
        time.sleep(0.1)
