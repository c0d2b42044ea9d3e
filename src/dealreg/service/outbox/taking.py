"""The broker takes messages in order: what a taker is, and the one of any broker that the intake knows."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, Protocol, Self, TypeVar

from dealreg.service.intake.broker import provision_channel
from dealreg.service.intake.brokers.adapter import Sending, adapter
from dealreg.service.intake.brokers.channel import Post, Size
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.outbox.audiences import Audience, Channel
from dealreg.service.outbox.message import CONTENT, Message

WINDOW: Final = 256
"""Messages on their way at once."""

IN_ORDER: Final = Size(partitions=1)
"""An order of all messages of a channel needs one partition where there are such."""

T = TypeVar("T")


class NotTaken(Exception):
    """The broker did not take a message; the words say why. What it took before is found out at the next try."""

    exit_code = 3


class Taker(Protocol):
    """A broker that is told."""

    def provision(self, channel: Channel) -> None:
        """Make a channel where it is missing. Raises ``NotTaken``."""

    def retire(self, channel: Channel) -> None:
        """Remove a channel with all that it holds. Raises ``NotTaken``."""

    def put(self, channel: Channel, messages: Sequence[Message]) -> None:
        """Publish in order; returns when the broker holds all of them. Raises ``NotTaken``."""

    def close(self) -> None:
        """Leave."""


class Loop:
    """An event loop in a thread of its own, so that connections live between two errands."""

    def __init__(self) -> None:
        """It runs from now on."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="outbox-broker", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to its end; raises what it raises."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class BrokerTaker:
    """Publishes over the intake's own adapter, one after another: a broker without places to stand behind has no other way to an order.

    Were many on their way at once, one that is lost would be sent again behind those that were not.
    """

    def __init__(self, url: str) -> None:
        """Connects at the first use."""
        self._adapter, self._loop = adapter(url), Loop()
        self._open: dict[str, tuple[AsyncExitStack, Sending]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        for stack, _ in self._open.values():
            self._loop.run(stack.aclose())
        self._loop.close()

    def provision(self, channel: Channel) -> None:
        """Make the topic where it is missing."""
        try:
            self._loop.run(self._adapter.provision(channel, IN_ORDER))
        except Unavailable as error:
            raise NotTaken(str(error)) from error

    def retire(self, channel: Channel) -> None:
        """Nothing: what a topic holds ends by the broker's own retention; whoever runs the broker deletes it."""

    def put(self, channel: Channel, messages: Sequence[Message]) -> None:
        """Each is waited for."""
        try:
            self._loop.run(self._send(channel, messages))
        except (Unavailable, OSError, TimeoutError) as error:
            raise NotTaken(str(error)) from error

    async def _send(self, channel: Channel, messages: Sequence[Message]) -> None:
        if channel.topic not in self._open:
            stack = AsyncExitStack()
            self._open[channel.topic] = (stack, await stack.enter_async_context(self._adapter.sending(channel)))
        stack, sending = self._open[channel.topic]
        try:
            for one in messages:
                await sending.send([_post(one)])
        except Exception:
            del self._open[channel.topic]
            await stack.aclose()
            raise


def provision_outbox(url: str, prefix: str = "") -> bool:
    """The streams of the house's audiences, where they are missing; whether one was made. Raises ``Unavailable``."""
    made = [provision_channel(url, Channel(audience, prefix), IN_ORDER) for audience in Audience]
    return any(made)


def _post(one: Message) -> Post:
    return Post(one.subject, one.body, {"content-type": CONTENT, "message-id": one.message_id}, one.message_id, one.key)
