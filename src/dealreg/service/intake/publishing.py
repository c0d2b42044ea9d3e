"""Messages into the feed: for `ingest`, the demo, the replay of dead letters, and tests."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from dealreg.service.intake.brokers.adapter import Adapter, adapter
from dealreg.service.intake.brokers.channel import BrokerRefuses, Channel, Post, Wiring
from dealreg.service.intake.cloudevents import PROGRAM, TYPE
from dealreg.service.ledger.errors import Unavailable

WINDOW = 256
"""Messages on their way at once."""

PATIENCE_SECONDS = 60.0
"""How long a broker that went away is waited for, before the publisher gives up."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish. ``kind`` ends the subject; with a ``message_id`` a broker that can takes it once, also when it is sent again.

    What has the same ``key`` (its source) lies in one partition of a broker that has them, in the order in which it was published.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    message_id: str | None = None
    kind: str = "cloudevents"
    key: str | None = None

    def post(self, wiring: Wiring) -> Post:
        """As a broker takes it."""
        return Post(wiring.subject(self.kind), self.body, self.headers, self.message_id, self.key)


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
    kind: str = TYPE,
) -> Outgoing:
    """A structured CloudEvent around a neutral opportunity, or of another ``kind``; ``at`` is when the CRM committed it."""
    event = {
        "specversion": "1.0",
        "type": kind,
        "source": source,
        "id": event_id,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        **({"sequence": sequence} if sequence is not None else {}),
        **({PROGRAM: program} if program is not None else {}),
        "data": data,
    }
    body = json.dumps(event, ensure_ascii=False, default=str).encode()
    return Outgoing(
        body, {"content-type": "application/cloudevents+json"}, message_id=f"{source} {event_id}", key=source
    )


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
    wiring = Wiring(prefix)
    return publish(url, wiring, (one.post(wiring) for one in messages), progress)


def publish(
    url: str, channel: Channel, posts: Iterable[Post], progress: Callable[[int], None] | None = None
) -> Published:
    """The same on any channel, whose stream or topic `migrate` has made. Raises ``Unavailable``."""
    return asyncio.run(_publish(adapter(url), channel, iter(posts), progress or (lambda _: None)))


async def _publish(
    broker: Adapter, channel: Channel, posts: Iterator[Post], progress: Callable[[int], None]
) -> Published:
    sent = duplicates = 0
    pending = list(islice(posts, WINDOW))
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_SECONDS
    while pending:
        try:
            async with broker.sending(channel) as sending:
                while pending:
                    known = await sending.send(pending)
                    sent, duplicates = sent + len(pending), duplicates + known
                    progress(len(pending))
                    pending = list(islice(posts, WINDOW))
                    until = loop.time() + PATIENCE_SECONDS
        except BrokerRefuses:
            raise
        except Unavailable as error:
            if loop.time() > until:
                raise Unavailable(f"the broker took no message for {PATIENCE_SECONDS:g} s: {error}") from error
            await asyncio.sleep(0.2)
    return Published(sent, duplicates)
