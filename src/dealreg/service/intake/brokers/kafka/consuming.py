"""The feed from Kafka, through FastStream, into the intake.

A group of consumers shares the partitions; of each, in order, offsets are committed after the save. A message that could not be decided
now takes its partition back to it: what was decided behind it comes again and finds its answer.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Annotated

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy, Context, FastStream
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaAckableMessage

from dealreg.service.intake.brokers.channel import Wiring
from dealreg.service.intake.brokers.consuming import BATCH, FILL_SECONDS, GRACEFUL_SECONDS, RETRY_SECONDS, instance
from dealreg.service.intake.brokers.kafka.connecting import Address
from dealreg.service.intake.brokers.kafka.looking import named, stored_at
from dealreg.service.intake.brokers.kafka.sending import SUBJECT_HEADER
from dealreg.service.intake.core import Intake
from dealreg.service.intake.delivery import Delivery, Verdict
from dealreg.service.logs import BROKER_LOGGER

SESSION_MILLISECONDS = 10_000
"""The partitions of a killed consumer go to the others after this long."""
PUBLISHERS_CLOCK = 0

Batch = Annotated[KafkaAckableMessage, Context("message")]

log = structlog.get_logger(__name__)


def application(address: Address, wiring: Wiring, intake: Intake) -> FastStream:
    """The consumer, to be run; it declares nothing: `migrate` does."""
    broker = KafkaBroker(
        address.servers,
        security=address.security,
        consumer_only=True,
        allow_auto_create_topics=False,
        client_id=f"dealreg consume {instance()}",
        logger=logging.getLogger(BROKER_LOGGER),
        graceful_timeout=GRACEFUL_SECONDS,
    )

    subscriber = broker.subscriber(
        wiring.topic,
        group_id=wiring.group,
        batch=True,
        max_records=BATCH,
        batch_timeout_ms=int(FILL_SECONDS * 1000),
        auto_offset_reset="earliest",
        session_timeout_ms=SESSION_MILLISECONDS,
        ack_policy=AckPolicy.MANUAL,
        parser=keep_records,
        decoder=keep_bytes,
    )

    @subscriber
    async def take(message: Batch) -> None:
        await handle(intake, subscriber.consumer, message.raw_message)

    return FastStream(broker, logger=logging.getLogger(BROKER_LOGGER))


async def keep_records(records: Sequence[ConsumerRecord]) -> KafkaAckableMessage:
    """FastStream's own parser reads headers as UTF-8: it would pass over a whole batch that holds one which is not."""
    return KafkaAckableMessage(body=[], raw_message=tuple(records), consumer=FAKE_CONSUMER)


async def keep_bytes(message: KafkaAckableMessage) -> list[bytes]:
    """Nothing is decoded before it is in the hands of the intake."""
    return [record.value or b"" for record in message.raw_message]


async def handle(intake: Intake, consumer: AIOKafkaConsumer, records: Sequence[ConsumerRecord]) -> None:
    """Decide a batch in a thread, commit what is decided, and take each partition back to the first message that is not."""
    if any(record.timestamp_type == PUBLISHERS_CLOCK for record in records):
        log.warning("intake_publishers_clock", topic=records[0].topic, messages=len(records))
    back = {partition_of(record): record.offset for record in reversed(records)}
    done: dict[TopicPartition, int] = {}
    try:
        verdicts = await asyncio.to_thread(intake.process, [delivery(record) for record in records])
        done, back = answered(records, verdicts)
        if done:
            await consumer.commit(_held(consumer, done))
    except KafkaError as error:
        # Another has the partition by now, or the broker is away: it comes again, and the repeat finds its answer.
        log.warning("intake_broker_not_told", messages=len(records), why=type(error).__name__)
    finally:
        for partition, offset in _held(consumer, back).items():
            consumer.seek(partition, offset)
    if back:
        await asyncio.sleep(RETRY_SECONDS)


def answered(
    records: Sequence[ConsumerRecord], verdicts: Sequence[Verdict]
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """Up to where each partition is decided, and to where some have to go back: one offset a partition is all that can be said."""
    done: dict[TopicPartition, int] = {}
    back: dict[TopicPartition, int] = {}
    for record, verdict in zip(records, verdicts, strict=True):
        partition = partition_of(record)
        if partition in back:
            continue
        if verdict is Verdict.RETRY:
            back[partition] = record.offset
        else:
            done[partition] = record.offset + 1
    return done, back


def partition_of(record: ConsumerRecord) -> TopicPartition:
    """Where it lies."""
    return TopicPartition(record.topic, record.partition)


def delivery(record: ConsumerRecord) -> Delivery:
    """A message of Kafka; bytes of a header that are no UTF-8 are spelt out."""
    headers = {name: (value or b"").decode("utf-8", "backslashreplace") for name, value in record.headers}
    subject = headers.pop(SUBJECT_HEADER, record.topic)
    return Delivery(
        body=record.value or b"",
        headers=headers,
        subject=subject,
        stream=named(partition_of(record)),
        sequence=record.offset,
        stored_at=stored_at(record),
    )


def _held(consumer: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
    """Without the partitions that went to another meanwhile."""
    mine = consumer.assignment()
    return {partition: offset for partition, offset in offsets.items() if partition in mine}
