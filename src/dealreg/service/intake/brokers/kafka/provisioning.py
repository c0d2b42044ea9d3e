"""Topics in Kafka, as `migrate` makes them: the broker's own clock stamps every message, and it is kept for 14 days."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from dealreg.service.intake.brokers.channel import KEPT_DAYS, BrokerRefuses, Channel, Size, copies

PARTITIONS = 3
EXISTS = 36
CLOCK, THE_BROKERS = "message.timestamp.type", "LogAppendTime"


async def provision_topic(admin: AIOKafkaAdminClient, channel: Channel, size: Size) -> bool:
    """Make the topic where it is missing; whether it was made. One that is there keeps its partitions and copies.

    Raises ``BrokerRefuses`` where the topic carries the clocks of those who publish: when a message came decides who was first, and a
    publisher could say anything.
    """
    new = NewTopic(
        channel.topic,
        size.partitions or PARTITIONS,
        size.replicas or copies(len((await admin.describe_cluster())["brokers"])),
        topic_configs={CLOCK: THE_BROKERS, "retention.ms": str(KEPT_DAYS * 86_400_000), "cleanup.policy": "delete"},
    )
    answer = await admin.create_topics([new])
    (_, code, *words), *_ = answer.topic_errors
    if code not in {0, EXISTS}:
        raise BrokerRefuses(f"Kafka does not make the topic {channel.topic}: {words[0] if words else code}")
    if code == EXISTS and await _clock(admin, channel.topic) != THE_BROKERS:
        raise BrokerRefuses(f"the topic {channel.topic} carries its publishers' clocks; set its {CLOCK}={THE_BROKERS}")
    return bool(code == 0)


async def _clock(admin: AIOKafkaAdminClient, topic: str) -> str | None:
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    for resource in answer.resources:
        for name, value, *_ in resource[4]:
            if name == CLOCK:
                return str(value)
    return None
