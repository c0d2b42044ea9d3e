"""NATS JetStream as the intake's broker."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import ClassVar

from faststream import FastStream
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import APIError

from dealreg.service.intake.brokers.adapter import Looking, Sending
from dealreg.service.intake.brokers.channel import BrokerRefuses, Channel, Size, Wiring
from dealreg.service.intake.brokers.jetstream.connecting import connected, known_servers
from dealreg.service.intake.brokers.jetstream.consuming import application
from dealreg.service.intake.brokers.jetstream.looking import JetStreamLooking
from dealreg.service.intake.brokers.jetstream.provisioning import consumer_config, provision_stream
from dealreg.service.intake.brokers.jetstream.sending import PASSING, PUBLISH_SECONDS, JetStreamSending
from dealreg.service.intake.core import Intake
from dealreg.service.ledger.errors import Unavailable

PROVISION_SECONDS = 30.0
"""In a cluster that has just come up the first stream waits for a leader."""


class JetStream:
    """One server or a cluster."""

    trouble: ClassVar[tuple[type[Exception], ...]] = (NatsError,)

    def __init__(self, url: str) -> None:
        """Nothing is opened yet."""
        self._url = url

    async def provision(self, channel: Channel, size: Size) -> bool:
        """The stream alone."""
        return await self._made(lambda jetstream, servers: provision_stream(jetstream, channel, size, servers))

    async def provision_feed(self, wiring: Wiring, size: Size) -> bool:
        """The stream and its durable; the durable gets this build's settings."""

        async def make(jetstream: JetStreamContext, servers: int) -> bool:
            made = await provision_stream(jetstream, wiring, size, servers)
            await jetstream.add_consumer(wiring.stream, consumer_config(wiring))
            return made

        return await self._made(make)

    async def _made(self, make: Callable[[JetStreamContext, int], Coroutine[None, None, bool]]) -> bool:
        async with connected(self._url) as client:
            try:
                return await make(client.jetstream(timeout=PROVISION_SECONDS), known_servers(client))
            except APIError as error:
                kind = Unavailable if error.err_code in PASSING else BrokerRefuses
                raise kind(f"NATS does not make the stream: {error.description}") from error
            except (NatsError, OSError, TimeoutError) as error:
                raise Unavailable(f"NATS does not make the stream ({type(error).__name__})") from error

    @asynccontextmanager
    async def sending(self, channel: Channel) -> AsyncIterator[Sending]:  # noqa: ARG002 - the subject of a post says where it goes
        """To publish."""
        async with connected(self._url) as client:
            yield JetStreamSending(client.jetstream(timeout=PUBLISH_SECONDS))

    def looking(self, wiring: Wiring) -> AbstractAsyncContextManager[Looking]:
        """To ask about the feed."""
        return self._looking(wiring)

    @asynccontextmanager
    async def _looking(self, wiring: Wiring) -> AsyncIterator[Looking]:
        async with connected(self._url) as client:
            yield JetStreamLooking(client, wiring)

    def application(self, wiring: Wiring, intake: Intake) -> FastStream:
        """The consumer."""
        return application(self._url, wiring, intake)
