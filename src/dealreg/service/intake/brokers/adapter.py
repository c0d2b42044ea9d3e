"""What a broker has to be able to do for the intake, and which broker an address means."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Protocol
from urllib.parse import urlsplit

from faststream import FastStream

from dealreg.service.embedded.trouble import NoServer
from dealreg.service.intake.brokers.channel import Backlog, Channel, Post, Size, Wiring
from dealreg.service.intake.core import Intake


class Sending(Protocol):
    """An open connection to publish over."""

    async def send(self, posts: Sequence[Post]) -> int:
        """Publish in order, together; how many of them the broker had already.

        When it returns, the broker holds them all. Raises ``BrokerRefuses``, ``Unavailable``.
        """


class Looking(Protocol):
    """An open connection to ask over."""

    async def backlog(self) -> Backlog:
        """How far the intake is. Raises ``BrokerMissing``, ``Unavailable``."""

    async def consumed(self) -> bool:
        """Whether somebody consumes the feed now. Raises ``Unavailable``."""


class Adapter(Protocol):
    """One broker. Each method opens what it needs; all raise ``Unavailable`` for a broker that is away."""

    trouble: ClassVar[tuple[type[Exception], ...]]
    """What its client raises when the broker is not there."""

    async def provision(self, channel: Channel, size: Size) -> bool:
        """Make the stream or topic where it is missing; whether anything was made. What is there is left as it is, but for ``size``."""

    async def provision_feed(self, wiring: Wiring, size: Size) -> bool:
        """The same for the feed, with what its consumers need."""

    def sending(self, channel: Channel) -> AbstractAsyncContextManager[Sending]:
        """To publish on a channel."""

    def looking(self, wiring: Wiring) -> AbstractAsyncContextManager[Looking]:
        """To ask about the feed."""

    def application(self, wiring: Wiring, intake: Intake) -> FastStream:
        """The consumer, to be run; it declares nothing: `migrate` does."""


def adapter(url: str) -> Adapter:
    """The broker that an address means by its scheme: ``nats://`` (or ``tls://``), ``kafka://``. Raises ``NoServer`` for any other."""
    scheme = urlsplit(url).scheme
    if scheme in {"nats", "tls"}:
        from dealreg.service.intake.brokers.jetstream.adapter import JetStream  # noqa: PLC0415 - a process loads the client of its own broker only

        return JetStream(url)
    if scheme == "kafka":
        from dealreg.service.intake.brokers.kafka.adapter import Kafka  # noqa: PLC0415 - as above

        return Kafka(url)
    raise NoServer(f"INTAKE_URL begins with {scheme!r}; it has to be nats:// or kafka://")


def hosts(url: str) -> list[str]:
    """The servers of an address, which may name several: ``scheme://user:password@one:1,two:2``."""
    return [host for host in urlsplit(url).netloc.rpartition("@")[2].split(",") if host]
