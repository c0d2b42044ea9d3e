"""``dealreg clock``: the role that lets due things happen where nobody asks."""

import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from dealreg.service.identity.late import LateQuestions
    from dealreg.service.settings import Settings
    from dealreg.service.timekeeping import Timekeeper


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("clock")(clock)


def clock(
    *,
    once: bool = typer.Option(False, "--once", help="Look once, ask for all that is due, and stop."),
    as_json: bool = typer.Option(False, "--json", help="Print what happened as JSON (with --once)."),
) -> None:
    """Lapse windows, start grace and hard stops, offer the queue's first: at the instant they fall due, once each.

    Beside it asks about customers that turned out to be alike after they were decided on.
    """
    from dealreg.service.composition import House
    from dealreg.service.identity.late import LateQuestions
    from dealreg.service.logs import configure_logging
    from dealreg.service.settings import Settings
    from dealreg.service.timekeeping import Timekeeper

    settings = Settings()
    configure_logging(settings)
    with House(settings) as house:
        keeper, late = Timekeeper(house.dispatch, house.reading), LateQuestions(house.dispatch)
        if once:
            pause = keeper.look()
            while late.look():
                pass
            typer.echo(f'{{"next_look_seconds": {pause}}}' if as_json else f"looked; next look in {pause:.1f} s")
            return
        _until_stopped(settings, keeper, late)


def _until_stopped(settings: "Settings", keeper: "Timekeeper", late: "LateQuestions") -> None:
    """Run as leader until SIGTERM or SIGINT; a database that goes away is waited for."""
    import psycopg
    import structlog

    from dealreg.service.settings import Role
    from dealreg.service.timekeeping import LOOK_SECONDS, leading

    log = structlog.get_logger(__name__)
    stop = threading.Event()

    def _stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    beside = threading.Thread(target=late.run, args=(stop,), name="clock-identity")
    beside.start()
    while not stop.is_set():
        try:
            with leading(settings.database_url(Role.APP), stop) as had:
                if had:
                    log.info("clock_started")
                    keeper.run(stop)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            log.warning("clock_waits", reason=str(error).splitlines()[:1])
            stop.wait(LOOK_SECONDS)
    beside.join()
    log.info("clock_stopped")
