"""`dealreg publish`: carries checkpoints out of the house, as a process of its own."""

import json
import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dealreg.service.ledger.ledger import Ledger
    from dealreg.service.witnessing.carrying import Errand


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(publish)


def publish(
    *,
    once: Annotated[bool, typer.Option("--once", help="Go once to everybody who lacks something, then leave.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --once, what came of it as JSON.")] = False,
) -> None:
    """Bring every checkpoint to the witnesses (WITNESSES), the time-stamp authority (TSA_URL) and the broker, until a signal.

    Sealing never waits for it. Whoever does not take one is tried again, and shown in the metrics meanwhile. With --once the exit code
    is 1 where somebody did not take it. DATABASE_URL_SEALER or DATABASE_URL names the database; the log's key is not needed.
    """
    from dealreg.service.ledger.ledger import Ledger
    from dealreg.service.logs import configure_logging
    from dealreg.service.settings import Role, Settings
    from dealreg.service.witnessing.carrying import Carrier
    from dealreg.service.witnessing.errands import errands

    settings = Settings()
    configure_logging(settings)
    url = settings.database_url(Role.SEALER)
    with Ledger(url, role="dealreg_sealer", pool_size=4) as ledger:
        found = errands(settings, ledger.run)
        if once:
            _once(ledger, found(), as_json=as_json)
            return
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        Carrier(url, ledger.run, found).run(stop)


def _once(ledger: "Ledger", errands: "Sequence[Errand]", *, as_json: bool) -> None:
    from dealreg.cli import exit_codes
    from dealreg.service.witnessing.carrying import once

    came = [{"errand": one.errand, "to": one.taker, "trouble": once(ledger.run, one)} for one in errands]
    if as_json:
        typer.echo(json.dumps({"carried": came}))
    for one in () if as_json else came:
        typer.echo(f"{one['errand']} {one['to']}: {one['trouble'] or 'has it'}")
    if any(one["trouble"] for one in came):
        raise typer.Exit(exit_codes.NO)
