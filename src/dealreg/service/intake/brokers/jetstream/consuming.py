"""The feed from NATS, through FastStream, into the intake (architecture D2).

Batches of 200, filled for at most a quarter of a second; bytes, not decoded messages, so that one bad message does not fail its
neighbours; acknowledged one by one after the save. The rules behind each setting: design, messaging.md sections 3 and 4.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Annotated, Any

import structlog
from faststream import AckPolicy, Context, FastStream
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.message import NatsBatchMessage
from nats.aio.msg import Msg

from dealreg.service.intake.brokers.channel import Wiring
from dealreg.service.intake.brokers.consuming import BATCH, FILL_SECONDS, GRACEFUL_SECONDS, RETRY_SECONDS, instance
from dealreg.service.intake.brokers.jetstream.connecting import servers
from dealreg.service.intake.brokers.jetstream.provisioning import ACK_WAIT_SECONDS, DURABLE, consumer_config
from dealreg.service.intake.core import Intake
from dealreg.service.intake.delivery import Delivery, Verdict
from dealreg.service.logs import BROKER_LOGGER

STILL_AT_IT_SECONDS = ACK_WAIT_SECONDS / 3

log = structlog.get_logger(__name__)

Batch = Annotated[NatsBatchMessage, Context("message")]
"""FastStream takes the bare class for the body."""


async def keep_bytes(message: NatsBatchMessage) -> list[bytes]:
    """Nothing is decoded before it is in the hands of the intake."""
    return [raw.data for raw in message.raw_message]


def application(url: str, wiring: Wiring, intake: Intake) -> FastStream:
    """The consumer, to be run; it declares nothing: `migrate` does."""
    broker = NatsBroker(
        servers(url),
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

    return FastStream(broker, logger=logging.getLogger(BROKER_LOGGER))


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
