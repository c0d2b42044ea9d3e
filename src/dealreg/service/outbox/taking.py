"""The broker takes messages in order: what a taker is, and the one of NATS JetStream.

Order is held by the broker itself: each message of a window says behind which sequence it stands, so that one that was lost on the way
has those behind it refused, and a second process that publishes at the same time is refused whole. After a restart nobody knows what
the broker has already; then they go one by one, until it takes one that it did not have.
"""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, Final, Protocol, Self, TypeVar

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from dealreg.service.intake.broker import CONNECT_SECONDS, KEPT_DAYS, connected
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.outbox.audiences import Audience, Channel
from dealreg.service.outbox.message import CONTENT, Message

WINDOW: Final = 256
"""Messages on their way at once."""

PUBLISH_SECONDS: Final = 10.0
"""For the answer to one message; a broker that writes every message to disk answers 256 within a second."""

PARTNER_BYTES: Final = 64 * 1024 * 1024
"""What the stream of one partner may hold: some tens of thousands of rows."""

T = TypeVar("T")


class NotTaken(Exception):
    """The broker did not take a message; the words say why. What it took before is found out at the next try."""


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
        self._try(_provision(self._connected(), channel))

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


def provision_outbox(url: str, prefix: str = "") -> bool:
    """The streams of the house's audiences, where they are missing; whether one was made. Raises ``Unavailable``."""
    return asyncio.run(_provision_all(url, prefix))


async def _provision_all(url: str, prefix: str) -> bool:
    async with connected(url) as client:
        return any([await _provision(client, Channel(audience, prefix)) for audience in Audience])


async def _provision(client: Client, channel: Channel) -> bool:
    jetstream = client.jetstream()
    try:
        await jetstream.stream_info(channel.stream)
    except NotFoundError:
        await jetstream.add_stream(
            StreamConfig(
                name=channel.stream,
                subjects=[channel.subjects],
                retention=RetentionPolicy.LIMITS,
                discard=DiscardPolicy.NEW,
                max_age=KEPT_DAYS * 86_400,
                max_bytes=-1 if channel.audience in set(Audience) else PARTNER_BYTES,
                storage=StorageType.FILE,
                duplicate_window=120,
            )
        )
        return True
    return False


async def _retire(client: Client, channel: Channel) -> None:
    try:
        await client.jetstream().delete_stream(channel.stream)
    except NotFoundError:
        return


async def _connect(url: str) -> Client:
    return await nats.connect(
        url,
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

    async def publish(one: Message, behind: int | None) -> Any:
        headers = {"Nats-Msg-Id": one.message_id, "content-type": CONTENT}
        if behind is not None:
            headers["Nats-Expected-Last-Sequence"] = str(behind)
        return await jetstream.publish(one.subject, one.body, stream=channel.stream, headers=headers)

    waiting = list(messages)
    while waiting and last is None:
        answer = await publish(waiting.pop(0), None)
        last = None if answer.duplicate else answer.seq
    if last is None:
        return None
    answers = await asyncio.gather(*(publish(one, last + n) for n, one in enumerate(waiting)), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    if any(answer.duplicate for answer in answers):
        raise NotTaken("another process is publishing the same")
    return last + len(waiting)
