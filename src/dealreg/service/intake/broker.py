"""The feed in the broker that INTAKE_URL names: made by `migrate`, asked about by whoever waits for it (architecture D2)."""

import asyncio

from dealreg.service.intake.brokers.adapter import adapter
from dealreg.service.intake.brokers.channel import (
    Backlog,
    BrokerMissing,
    BrokerRefuses,
    Channel,
    Post,
    Size,
    Wiring,
)

__all__ = [
    "AS_THE_BROKER_IS",
    "Backlog",
    "BrokerMissing",
    "BrokerRefuses",
    "Channel",
    "Post",
    "Size",
    "Wiring",
    "ask_backlog",
    "provision_broker",
    "provision_channel",
    "somebody_consumes",
]

AS_THE_BROKER_IS = Size()


def provision_broker(url: str, prefix: str = "", size: Size = AS_THE_BROKER_IS) -> bool:
    """Make what the feed needs where it is missing; whether anything was made.

    A stream or topic that is there is left as it is (production may have other limits) but for ``size``; a durable gets this build's
    settings. Running it again, or twice at once, changes nothing more. Raises ``Unavailable``, ``NoServer`` for a broker nobody knows.
    """
    return asyncio.run(adapter(url).provision_feed(Wiring(prefix), size))


def provision_channel(url: str, channel: Channel, size: Size = AS_THE_BROKER_IS) -> bool:
    """Make another stream or topic where it is missing; whether anything was made. Raises ``Unavailable``, ``NoServer``."""
    return asyncio.run(adapter(url).provision(channel, size))


def ask_backlog(url: str, prefix: str = "") -> Backlog:
    """How far the intake is. Raises ``Unavailable``, ``BrokerMissing`` included."""

    async def ask() -> Backlog:
        async with adapter(url).looking(Wiring(prefix)) as looking:
            return await looking.backlog()

    return asyncio.run(ask())


def somebody_consumes(url: str, prefix: str = "") -> bool:
    """Whether a consumer asks the broker for messages now; a heartbeat would outlive one that was killed. Raises ``Unavailable``."""

    async def look() -> bool:
        async with adapter(url).looking(Wiring(prefix)) as looking:
            return await looking.consumed()

    return asyncio.run(look())
