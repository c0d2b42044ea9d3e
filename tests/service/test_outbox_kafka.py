"""The same facts over Kafka: one topic an audience, one partition, one after another."""

import asyncio
import json
from urllib.parse import urlsplit

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from dealreg.service.embedded.trouble import NoServer
from dealreg.service.outbox import subscribing
from dealreg.service.outbox.assembling import taker_of
from dealreg.service.outbox.audiences import Audience, Channel, partner_channel
from dealreg.service.outbox.connecting import connect
from dealreg.service.outbox.following import House
from dealreg.service.outbox.partners import Partners
from dealreg.service.outbox.running import catch_up
from dealreg.service.outbox.taking import BrokerTaker, NotTaken, provision_outbox
from tests.fix_histories import PROGRAM
from tests.fix_outbox import enrolled
from tests.service.test_outbox import history


async def _all(url, topic, count):
    consumer = AIOKafkaConsumer(bootstrap_servers=urlsplit(url).netloc, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        return [await asyncio.wait_for(consumer.getone(), 30) for _ in range(count)]
    finally:
        await consumer.stop()


def held(url, channel, count):
    return asyncio.run(_all(url, channel.topic, count))


def test_every_fact_arrives_in_order_over_kafka_too(projected_url, ledger, kafka_url, topic_prefix):
    assert provision_outbox(kafka_url, topic_prefix)
    enrolled("dealer-1").save(ledger)
    head = history().save(ledger)
    taker = taker_of(kafka_url)
    assert isinstance(taker, BrokerTaker)
    try:
        with connect(projected_url) as connection:
            reader = subscribing.subscribe(connection, PROGRAM, "dealer-1")
            for follower in (House(Audience.AUDIT, taker, prefix=topic_prefix), Partners(taker, prefix=topic_prefix)):
                assert catch_up(projected_url, follower)
            connection.execute("UPDATE outbox.positions SET position = position - 2, number = number - 2")
            assert catch_up(projected_url, House(Audience.AUDIT, taker, prefix=topic_prefix))
    finally:
        taker.close()
    raws = held(kafka_url, Channel("audit", topic_prefix), head + 2)
    told = [json.loads(raw.value) for raw in raws]
    assert [one["sequence"] for one in told[:head]] == [f"{n:020d}" for n in range(1, head + 1)]
    assert told[head:] == told[head - 2 : head], "a repeat is the same message"
    assert [raw.key.decode() for raw in raws] == [one["subject"] for one in told]
    assert {dict(raw.headers)["content-type"] for raw in raws} == {b"application/cloudevents+json"}
    shown = [json.loads(raw.value) for raw in held(kafka_url, partner_channel(reader, topic_prefix), 2)]
    assert [one["sequence"] for one in shown] == [f"{n:020d}" for n in (1, 2)]


def test_a_topic_that_is_not_there_is_said(projected_url, ledger, kafka_url, topic_prefix):
    history().save(ledger)
    taker = taker_of(kafka_url)
    try:
        with pytest.raises(NotTaken, match="dealreg migrate"):
            catch_up(projected_url, House(Audience.DESK, taker, prefix=topic_prefix))
    finally:
        taker.close()


def test_a_broker_that_nobody_knows_is_refused():
    with pytest.raises(NoServer, match="nats:// or kafka://"):
        taker_of("gopher://example")
