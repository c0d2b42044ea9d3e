"""Messages into the feed: for `ingest`, the demo, the replay of dead letters, and tests."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import APIError

from dealreg.service.intake.broker import Wiring, connected
from dealreg.service.intake.cloudevents import PROGRAM, TYPE
from dealreg.service.ledger.errors import Unavailable

WINDOW = 256
"""Messages on their way at once."""

PATIENCE_SECONDS = 60.0
"""How long a broker that went away is waited for, before the publisher gives up."""

PUBLISH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish. ``kind`` ends the subject; with a ``message_id`` the broker takes it once, also when it is sent again."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    message_id: str | None = None
    kind: str = "cloudevents"


@dataclass(frozen=True, slots=True)
class Published:
    """How many messages the broker holds for us, and how many of them it had already."""

    sent: int
    duplicates: int


def cloud_event(
    source: str,
    event_id: str,
    data: Mapping[str, Any],
    *,
    at: datetime,
    sequence: str | None = None,
    program: str | None = None,
) -> Outgoing:
    """A structured CloudEvent around a neutral opportunity; ``at`` is when the CRM committed it."""
    event = {
        "specversion": "1.0",
        "type": TYPE,
        "source": source,
        "id": event_id,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        **({"sequence": sequence} if sequence is not None else {}),
        **({PROGRAM: program} if program is not None else {}),
        "data": data,
    }
    body = json.dumps(event, ensure_ascii=False, default=str).encode()
    return Outgoing(body, {"content-type": "application/cloudevents+json"}, message_id=f"{source} {event_id}")


def publish_opportunities(
    url: str,
    messages: Iterable[Outgoing],
    progress: Callable[[int], None] | None = None,
    prefix: str = "",
) -> Published:
    """Publish in order, many on their way at once; ``progress`` is told how many more are there.

    A broker that goes away is waited for; what it may have taken is sent again under the same id. Raises ``Unavailable`` when it stays
    away, or refuses because it is full or has no such stream.
    """
    return asyncio.run(_publish(url, iter(messages), progress or (lambda _: None), Wiring(prefix)))


async def _publish(
    url: str, messages: Iterator[Outgoing], progress: Callable[[int], None], wiring: Wiring
) -> Published:
    sent = duplicates = 0
    pending = list(islice(messages, WINDOW))
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_SECONDS
    while pending:
        try:
            async with connected(url) as client:
                jetstream = client.jetstream(timeout=PUBLISH_SECONDS)
                while pending:
                    known = await _window(jetstream, pending, wiring)
                    sent, duplicates = sent + len(pending), duplicates + known
                    progress(len(pending))
                    pending = list(islice(messages, WINDOW))
                    until = loop.time() + PATIENCE_SECONDS
        except APIError as error:
            raise Unavailable(f"NATS refuses messages: {error.description}; is its store full?") from error
        except (Unavailable, NatsError, OSError, TimeoutError) as error:
            if loop.time() > until:
                raise Unavailable(
                    f"NATS took no message for {PATIENCE_SECONDS:g} s ({type(error).__name__})"
                ) from error
            await asyncio.sleep(0.2)
    return Published(sent, duplicates)


async def _window(jetstream: JetStreamContext, pending: list[Outgoing], wiring: Wiring) -> int:
    """Publish some at once; how many of them the broker had already. Raises the first error after all have ended."""
    tasks = [jetstream.publish(wiring.subject(one.kind), one.body, headers=_headers(one)) for one in pending]
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return sum(bool(answer.duplicate) for answer in answers if not isinstance(answer, BaseException))


def _headers(message: Outgoing) -> dict[str, str]:
    named = {"Nats-Msg-Id": message.message_id} if message.message_id is not None else {}
    return {**message.headers, **named}
