"""The feed from NATS, through FastStream, into the intake (architecture D2).

Batches of 200, filled for at most a quarter of a second; bytes, not decoded messages, so that one bad message does not fail its
neighbours; acknowledged one by one after the save. The rules behind each setting: design, messaging.md sections 3 and 4.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Sequence
from typing import Annotated, Any

import structlog
from faststream import AckPolicy, Context, FastStream
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.message import NatsBatchMessage
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from dealreg.service.intake.broker import ACK_WAIT_SECONDS, DURABLE, Wiring, consumer_config
from dealreg.service.intake.core import Intake
from dealreg.service.intake.delivery import Delivery, Verdict
from dealreg.service.intake.tending import Tending
from dealreg.service.logs import BROKER_LOGGER

BATCH = 200
FILL_SECONDS = 0.25
RETRY_SECONDS = 1.0
"""The pause before a message that could not be decided now is tried again."""
STILL_AT_IT_SECONDS = ACK_WAIT_SECONDS / 3
GRACEFUL_SECONDS = 15.0

log = structlog.get_logger(__name__)

Batch = Annotated[NatsBatchMessage, Context("message")]
"""FastStream takes the bare class for the body."""


async def keep_bytes(message: NatsBatchMessage) -> list[bytes]:
    """Nothing is decoded before it is in the hands of the intake."""
    return [raw.data for raw in message.raw_message]


def application(url: str, intake: Intake, wiring: Wiring, tending: Tending) -> FastStream:
    """The consumer, to be run; it declares nothing: `migrate` does."""
    broker = NatsBroker(
        url,
        max_reconnect_attempts=-1,  # When the client gives up, FastStream's loop spins without yielding.
        reconnect_time_wait=1,
        logger=logging.getLogger(BROKER_LOGGER),
        graceful_timeout=GRACEFUL_SECONDS,
        name=f"dealreg consume {instance()}",
    )

    @broker.subscriber(
        wiring.subjects,
        stream=JStream(wiring.stream, declare=False),
        durable=DURABLE,
        ack_policy=AckPolicy.MANUAL,
        decoder=keep_bytes,
        pull_sub=PullSub(batch_size=BATCH, timeout=FILL_SECONDS, batch=True),
        config=consumer_config(wiring),
    )
    async def take(message: Batch) -> None:
        await handle(intake, message.raw_message)

    app = FastStream(broker, logger=logging.getLogger(BROKER_LOGGER))

    @app.after_startup
    async def begin() -> None:
        tending.begin(broker, app.exit)

    @app.on_shutdown
    async def end() -> None:
        await tending.end()

    return app


async def handle(intake: Intake, raws: Sequence[Msg]) -> None:
    """Decide a batch in a thread, then tell the broker of each message; meanwhile tell it that they are being worked on."""
    deliveries = [delivery(raw) for raw in raws]
    deciding = asyncio.ensure_future(asyncio.to_thread(intake.process, deliveries))
    while True:
        done, _ = await asyncio.wait({deciding}, timeout=STILL_AT_IT_SECONDS)
        if done:
            break
        await _told(*(raw.in_progress() for raw in raws))
    verdicts = deciding.result()
    await _told(*(_answer(raw, verdict) for raw, verdict in zip(raws, verdicts, strict=True)))


def _answer(raw: Msg, verdict: Verdict) -> Any:
    return raw.nak(delay=RETRY_SECONDS) if verdict is Verdict.RETRY else raw.ack()


async def _told(*answers: Any) -> None:
    """A broker that is away is told nothing: it delivers again, and the repeat finds its answer."""
    failed = [one for one in await asyncio.gather(*answers, return_exceptions=True) if isinstance(one, Exception)]
    if failed:
        log.warning("intake_broker_not_told", messages=len(failed), why=type(failed[0]).__name__)


def delivery(raw: Msg) -> Delivery:
    """A message of JetStream; its instant is that of its storing, equal at every delivery."""
    metadata = raw.metadata
    return Delivery(
        body=raw.data,
        headers=dict(raw.headers or {}),
        subject=raw.subject,
        stream=metadata.stream,
        sequence=metadata.sequence.stream,
        stored_at=metadata.timestamp,
    )


def instance() -> str:
    """This process among those of its role."""
    return f"{socket.gethostname()}:{os.getpid()}"


def run(url: str, intake: Intake, wiring: Wiring, tending: Tending) -> None:
    """Consume until SIGTERM or SIGINT; what is held then is finished first. Raises ``Unavailable`` when the feed is gone."""
    asyncio.run(_run(application(url, intake, wiring, tending)))
    if tending.ended_by is not None:
        raise tending.ended_by


async def _run(app: FastStream) -> None:
    try:
        await app.run()
    except NatsError as error:
        # Stopping while the broker is away: nothing is lost, what was not acknowledged comes back.
        log.warning("intake_stopped_without_broker", why=type(error).__name__)
