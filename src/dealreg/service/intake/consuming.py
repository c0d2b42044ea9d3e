"""A consumer's life, whichever broker it reads from."""

import asyncio

import structlog
from faststream import FastStream

from dealreg.service.intake.brokers.adapter import Adapter
from dealreg.service.intake.brokers.channel import Wiring
from dealreg.service.intake.core import Intake
from dealreg.service.intake.tending import Tending
from dealreg.service.ledger.errors import Unavailable

log = structlog.get_logger(__name__)


def run(broker: Adapter, intake: Intake, wiring: Wiring, tending: Tending) -> None:
    """Consume until SIGTERM or SIGINT; what is held then is finished first. Raises ``Unavailable`` when the feed is gone."""
    asyncio.run(_run(broker, broker.application(wiring, intake), wiring, tending))
    if tending.ended_by is not None:
        raise tending.ended_by


async def _run(broker: Adapter, app: FastStream, wiring: Wiring, tending: Tending) -> None:
    begun = False

    @app.after_startup
    async def begin() -> None:
        nonlocal begun
        begun = True
        tending.begin(lambda: broker.looking(wiring), app.exit)

    @app.on_shutdown
    async def end() -> None:
        await tending.end()

    try:
        await app.run()
    except broker.trouble as error:
        if not begun:
            raise Unavailable(f"the broker does not answer; see INTAKE_URL ({type(error).__name__})") from error
        # Stopping while the broker is away: nothing is lost, what was not acknowledged comes back.
        log.warning("intake_stopped_without_broker", why=type(error).__name__)
