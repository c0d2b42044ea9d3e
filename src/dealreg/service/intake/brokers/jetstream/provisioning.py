"""The streams and the durable of the feed in NATS JetStream, as `migrate` makes them (architecture D2).

Limits retention for 14 days, so that a feed can be read again; a full store refuses the publisher and never drops the oldest.
"""

from dataclasses import replace

from nats.js import JetStreamContext
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

from dealreg.service.intake.brokers.channel import KEPT_DAYS, Channel, Size, Wiring, copies

DURABLE = "deal-intake"
ACK_WAIT_SECONDS = 15
"""A batch that a killed consumer held comes back after this long; a living one says meanwhile that it works on it."""
MAX_ACK_PENDING = 1000


async def provision_stream(jetstream: JetStreamContext, channel: Channel, size: Size, servers: int = 1) -> bool:
    """Make the stream where it is missing; give one that is there the number of copies that is asked for. Whether anything was done.

    ``servers`` are those of the cluster.
    """
    try:
        found = (await jetstream.stream_info(channel.stream)).config
    except NotFoundError:
        await jetstream.add_stream(stream_config(channel, size.replicas or copies(servers)))
        return True
    if size.replicas is None or found.num_replicas == size.replicas:
        return False
    await jetstream.update_stream(replace(found, num_replicas=size.replicas))
    return True


def stream_config(channel: Channel, replicas: int) -> StreamConfig:
    """A stream as `migrate` makes it."""
    return StreamConfig(
        name=channel.stream,
        subjects=[channel.subjects],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        max_age=KEPT_DAYS * 86_400,
        storage=StorageType.FILE,
        duplicate_window=120,
        num_replicas=replicas,
    )


def consumer_config(wiring: Wiring) -> ConsumerConfig:
    """The durable: never gives a message up, for then nobody would know; how often one was delivered proves nothing about it.

    It is kept in as many copies as its stream.
    """
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
