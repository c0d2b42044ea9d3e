"""The stream and the durable of the feed in NATS JetStream: made by `migrate`, asked about by `consume` (architecture D2).

Limits retention for 14 days, so that a feed can be read again; a full store refuses the publisher and never drops the oldest.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoServersError
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    ReplayPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from dealreg.service.ledger.errors import Unavailable

KEPT_DAYS = 14
DURABLE = "deal-intake"
ACK_WAIT_SECONDS = 15
"""A batch that a killed consumer held comes back after this long; a living one says meanwhile that it works on it."""
MAX_ACK_PENDING = 1000
CONNECT_SECONDS = 3


class BrokerMissing(Unavailable):
    """The stream or the durable is not there: `dealreg migrate` makes them."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The names in the broker; ``prefix`` keeps installations (and tests) that share a broker apart."""

    prefix: str = ""

    @property
    def stream(self) -> str:
        """The stream's name."""
        return f"{self.prefix}CRM"

    @property
    def subjects(self) -> str:
        """What the stream takes in."""
        return f"{self.subject('')}>"

    def subject(self, kind: str) -> str:
        """Where messages of one kind of source go; never with an opportunity's id in it: metrics carry the subject."""
        return f"{f'{self.prefix}.' if self.prefix else ''}crm.opportunity.{kind}"


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far the durable is, at an instant of the broker's clock."""

    at: datetime
    floor: int
    """Every message up to this sequence is acknowledged."""
    waiting: int
    """Not delivered yet."""
    open: int
    """Delivered and not acknowledged."""

    @property
    def idle_at(self) -> datetime | None:
        """The instant, if nothing was open then."""
        return self.at if self.waiting == 0 and self.open == 0 else None


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    """A connection for a short errand. Raises ``Unavailable`` when nobody answers."""
    try:
        client = await nats.connect(url, connect_timeout=CONNECT_SECONDS, max_reconnect_attempts=1, error_cb=_silent)
    except (NoServersError, NatsError, OSError, TimeoutError) as error:
        raise Unavailable(
            f"NATS does not answer; run `dealreg up` or see INTAKE_URL ({type(error).__name__})"
        ) from error
    try:
        yield client
    finally:
        await client.close()


async def _silent(_error: Exception) -> None:
    """What goes wrong is raised where it matters."""


def provision_broker(url: str, prefix: str = "") -> bool:
    """Make the stream and the durable where they are missing; whether anything was made.

    A stream that is there is left as it is (production may have other limits); the durable gets this build's settings. Running it
    again, or twice at once, changes nothing more. Raises ``Unavailable``.
    """
    return asyncio.run(_provision(url, Wiring(prefix)))


async def _provision(url: str, wiring: Wiring) -> bool:
    async with connected(url) as client:
        jetstream = client.jetstream()
        try:
            await jetstream.stream_info(wiring.stream)
            made = False
        except NotFoundError:
            await jetstream.add_stream(stream_config(wiring))
            made = True
        await jetstream.add_consumer(wiring.stream, consumer_config(wiring))
        return made


def stream_config(wiring: Wiring) -> StreamConfig:
    """The stream as `migrate` makes it."""
    return StreamConfig(
        name=wiring.stream,
        subjects=[wiring.subjects],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        max_age=KEPT_DAYS * 86_400,
        storage=StorageType.FILE,
        duplicate_window=120,
    )


def consumer_config(wiring: Wiring) -> ConsumerConfig:
    """The durable: never gives a message up, for then nobody would know; how often one was delivered proves nothing about it."""
    return ConsumerConfig(
        durable_name=DURABLE,
        filter_subject=wiring.subjects,
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.ALL,
        replay_policy=ReplayPolicy.INSTANT,
        ack_wait=ACK_WAIT_SECONDS,
        max_deliver=-1,
        max_ack_pending=MAX_ACK_PENDING,
    )


async def backlog(client: Client, wiring: Wiring) -> Backlog:
    """Ask the broker. Raises ``BrokerMissing`` where the stream or the durable is gone, which a pull would never tell."""
    reply = await client.request(f"$JS.API.CONSUMER.INFO.{wiring.stream}.{DURABLE}", b"", timeout=CONNECT_SECONDS)
    told = json.loads(reply.data)
    if "error" in told:
        raise BrokerMissing(f"{told['error'].get('description', 'the durable is gone')}; run `dealreg migrate`")
    return Backlog(
        at=datetime.fromisoformat(told["ts"]),
        floor=told["ack_floor"]["stream_seq"],
        waiting=told["num_pending"],
        open=told["num_ack_pending"],
    )


def ask_backlog(url: str, prefix: str = "") -> Backlog:
    """How far the intake is. Raises ``Unavailable``, ``BrokerMissing`` included."""

    async def ask() -> Backlog:
        async with connected(url) as client:
            return await backlog(client, Wiring(prefix))

    return asyncio.run(ask())
