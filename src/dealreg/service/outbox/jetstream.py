"""NATS JetStream takes messages, and holds their order itself.

The first message of a window says behind which sequence it stands, each of the others behind which message: where one was lost on the
way, or another process put something between, all behind it are refused. After a restart nobody knows what the broker has already; then they go one by
one, until it takes one that it did not have.
"""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, Final, Self, TypeVar

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import APIError, NotFoundError

from dealreg.service.intake.brokers.adapter import adapter
from dealreg.service.intake.brokers.jetstream.connecting import CONNECT_SECONDS, servers
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.outbox.audiences import Channel
from dealreg.service.outbox.message import CONTENT, Message
from dealreg.service.outbox.taking import IN_ORDER, WINDOW, Loop, NotTaken

PUBLISH_SECONDS: Final = 10.0
"""For the answer to one message; a broker that writes every message to disk answers 256 within a second."""

T = TypeVar("T")


class NatsTaker:
    """Publishes into JetStream over one connection. Threads may share it, one a channel."""

    def __init__(self, url: str) -> None:
        """Connects at the first use."""
        self._url, self._loop = url, Loop()
        self._client: Client | None = None
        self._connecting = threading.Lock()
        self._last: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave; nothing is on its way, for ``put`` waits."""
        if self._client is not None:
            self._loop.run(self._client.close())
        self._loop.close()

    def provision(self, channel: Channel) -> None:
        """Make the stream where it is missing; one that is there is left as it is."""
        self._try(adapter(self._url).provision(channel, IN_ORDER))

    def retire(self, channel: Channel) -> None:
        """Remove the stream."""
        self._last.pop(channel.stream, None)
        self._try(_retire(self._connected(), channel))

    def put(self, channel: Channel, messages: Sequence[Message]) -> None:
        """In windows; whoever raises here does not know how far it came and begins again at what is noted."""
        last = self._last.pop(channel.stream, None)
        client = self._connected()
        for start in range(0, len(messages), WINDOW):
            last = self._try(_window(client, channel, messages[start : start + WINDOW], last))
        if last is not None:
            self._last[channel.stream] = last

    def _connected(self) -> Client:
        with self._connecting:
            if self._client is None or self._client.is_closed:
                self._client = self._try(_connect(self._url))
            return self._client

    def _try(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.run(work)
        except APIError as error:
            raise NotTaken(
                f"NATS refuses it: {error.description}; is its store full, or has `dealreg migrate` not run?"
            ) from error
        except (Unavailable, NatsError, OSError, TimeoutError) as error:
            raise NotTaken(f"NATS does not take it ({type(error).__name__})") from error


async def _retire(client: Client, channel: Channel) -> None:
    try:
        await client.jetstream().delete_stream(channel.stream)
    except NotFoundError:
        return


async def _connect(url: str) -> Client:
    return await nats.connect(
        servers(url),
        connect_timeout=CONNECT_SECONDS,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.5,
        error_cb=_silent,
        name="dealreg outbox",
    )


async def _silent(_error: Exception) -> None:
    """What goes wrong is raised where it matters."""


async def _window(client: Client, channel: Channel, messages: Sequence[Message], last: int | None) -> int | None:
    """Publish; the sequence of the last message where it is known. Raises the first error after all have ended."""
    jetstream = client.jetstream(timeout=PUBLISH_SECONDS)

    async def publish(one: Message, behind: dict[str, str]) -> Any:
        headers = {"Nats-Msg-Id": one.message_id, "content-type": CONTENT, **behind}
        return await jetstream.publish(one.subject, one.body, stream=channel.stream, headers=headers)

    waiting = list(messages)
    while waiting and last is None:
        answer = await publish(waiting.pop(0), {})
        last = None if answer.duplicate else answer.seq
    if last is None:
        return None
    behind = [{"Nats-Expected-Last-Sequence": str(last)}]
    behind += [{"Nats-Expected-Last-Msg-Id": one.message_id} for one in waiting[:-1]]
    answers = await asyncio.gather(*map(publish, waiting, behind), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    if any(answer.duplicate for answer in answers if not isinstance(answer, BaseException)):
        raise NotTaken("another process is publishing the same")
    return last + len(waiting)
