"""What is Kafka's own: partitions, offsets that can only be committed as a whole, keys, and addresses with passwords in them."""

import asyncio
import os
import time
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.partitioner import DefaultPartitioner

from dealreg.service.embedded.trouble import NoServer
from dealreg.service.intake.broker import (
    BrokerMissing,
    BrokerRefuses,
    Size,
    Wiring,
    ask_backlog,
    provision_broker,
    somebody_consumes,
)
from dealreg.service.intake.brokers.adapter import adapter
from dealreg.service.intake.brokers.channel import CLOCKS_APART, Backlog, Part, copies
from dealreg.service.intake.brokers.kafka import consuming
from dealreg.service.intake.brokers.kafka.connecting import Address, administering
from dealreg.service.intake.delivery import Verdict
from dealreg.service.intake.publishing import Outgoing, publish_opportunities
from dealreg.service.intake.watermarks import Mark, Watermarks
from dealreg.service.ledger.errors import Unavailable
from tests.fix_intake import NOON, SOURCE, facts, letters
from tests.service.test_intake_broker import consumer, eventually, opportunity


@pytest.fixture
def prefix(kafka_url, topic_prefix):
    provision_broker(kafka_url, topic_prefix)
    return topic_prefix


@asynccontextmanager
async def member(url, prefix):
    """Commits for the group; it takes the partitions itself, because the server is slow when somebody joins or leaves."""
    made = AIOKafkaConsumer(
        **Address(url).client,
        group_id=Wiring(prefix).group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await made.start()
    made.assign([TopicPartition(Wiring(prefix).topic, number) for number in range(3)])
    try:
        yield made
    finally:
        await made.stop()


async def batch(reader, count):
    """So many messages of all partitions together."""
    found: list[Any] = []
    deadline = time.monotonic() + 15
    while len(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} messages"
        for records in (await reader.getmany(timeout_ms=200, max_records=count - len(found))).values():
            found.extend(records)
    return found


def test_a_topic_is_made_once_with_the_brokers_clock_and_one_with_another_clock_is_refused(kafka_url, topic_prefix):
    assert provision_broker(kafka_url, topic_prefix, Size(partitions=2))
    assert not provision_broker(kafka_url, topic_prefix, Size(partitions=5))
    assert len(ask_backlog(kafka_url, topic_prefix).parts) == 2

    async def by_hand():
        async with administering(Address(kafka_url)) as admin:
            await admin.create_topics([NewTopic(Wiring(f"{topic_prefix}X").topic, 1, 1)])

    asyncio.run(by_hand())
    with pytest.raises(BrokerRefuses, match="publishers' clocks"):
        provision_broker(kafka_url, f"{topic_prefix}X")
    with pytest.raises(BrokerRefuses, match="longer than"):
        publish_opportunities(kafka_url, [Outgoing(os.urandom(1_100_000))], prefix=topic_prefix)
    assert (copies(1), copies(2), copies(3), copies(7)) == (1, 1, 3, 3)


def test_a_topic_that_is_not_there_is_told_and_not_made(kafka_url, topic_prefix, monkeypatch):
    monkeypatch.setattr("dealreg.service.intake.publishing.PATIENCE_SECONDS", 0.1)
    for _ in range(2):
        with pytest.raises(BrokerMissing, match="dealreg migrate"):
            ask_backlog(kafka_url, topic_prefix)
        with pytest.raises(Unavailable, match="dealreg migrate"):
            publish_opportunities(kafka_url, [opportunity(1)], prefix=topic_prefix)
    with pytest.raises(Unavailable, match="INTAKE_URL"):
        ask_backlog("kafka://127.0.0.1:9")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("amqp://host", "nats:// or kafka://"),
        ("kafka://host?secure=yes", "secure"),
        ("kafka://host?security=tls", "security=tls"),
        ("kafka://user:pw@host", "a user goes with"),
        ("kafka://host?security=sasl_ssl", "a user goes with"),
        ("kafka://user:pw@host?security=sasl_ssl&mechanism=MAGIC", "MAGIC"),
    ],
)
def test_an_address_that_is_not_understood_goes_nowhere(url, why):
    """Above all not to a server with the password in the clear."""
    with pytest.raises(NoServer, match=why):
        adapter(url)


def test_an_address_says_servers_user_and_encryption():
    said = Address("kafka://us%40er:p%2Fw@one:9092,two:9093?security=sasl_ssl&mechanism=scram-sha-512").client
    assert said["bootstrap_servers"] == ["one:9092", "two:9093"]
    assert (said["security_protocol"], said["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (said["sasl_plain_username"], said["sasl_plain_password"]) == ("us@er", "p/w")
    assert said["ssl_context"].check_hostname
    plain = Address("kafka://one")
    assert (plain.client["security_protocol"], plain.idempotent) == ("PLAINTEXT", True)


def test_what_has_the_same_key_stays_in_order_in_one_partition(kafka_url, prefix):
    publish_opportunities(kafka_url, [Outgoing(b"%d" % n, key=f"source {n % 7}") for n in range(700)], prefix=prefix)

    async def read():
        async with member(kafka_url, prefix) as reader:
            return await batch(reader, 700)

    found = asyncio.run(read())
    homes: dict[bytes, list[tuple[int, int, int]]] = {}
    for record in found:
        homes.setdefault(record.key, []).append((record.partition, record.offset, int(record.value)))
    assert len(homes) == 7
    for places in homes.values():
        assert len({partition for partition, _, _ in places}) == 1
        assert [number for _, _, number in sorted(places)] == sorted(number for _, _, number in places)
    assert len({places[0][0] for places in homes.values()}) > 1


def test_a_message_that_waits_takes_its_partition_back_and_no_other(kafka_url, prefix, intake, monkeypatch):
    """What is committed never passes it; what was decided behind it comes again."""
    monkeypatch.setattr(consuming, "RETRY_SECONDS", 0)
    spread = DefaultPartitioner()
    one, *others = [f"k{number}" for number in range(50)]
    two = next(
        key
        for key in others
        if spread(key.encode(), [0, 1, 2], [0, 1, 2]) != spread(one.encode(), [0, 1, 2], [0, 1, 2])
    )
    messages = [Outgoing(opportunity(number).body, key=(one, two)[number % 2]) for number in range(6)]
    publish_opportunities(kafka_url, messages, prefix=prefix)
    decided = intake.process
    asked: list[bytes] = []

    def once_late(deliveries):
        verdicts = decided(deliveries)
        late = [one.body == messages[2].body and one.body not in asked for one in deliveries]
        asked.extend(one.body for one in deliveries)
        return [Verdict.RETRY if is_late else verdict for is_late, verdict in zip(late, verdicts, strict=True)]

    monkeypatch.setattr(intake, "process", once_late)

    async def run():
        async with member(kafka_url, prefix) as reader:
            first = await batch(reader, 6)
            await consuming.handle(intake, reader, first)
            between = {one: await reader.committed(one) for one in reader.assignment()}
            again = await batch(reader, 2)
            await consuming.handle(intake, reader, again)
            after = {one: await reader.committed(one) for one in reader.assignment()}
            return first, between, again, after

    first, between, again, after = asyncio.run(run())
    home = {record.value: TopicPartition(record.topic, record.partition) for record in first}
    late, other = home[messages[2].body], home[messages[1].body]
    assert (between[late], between[other]) == (1, 3)
    assert [record.value for record in again] == [messages[2].body, messages[4].body]
    assert (after[late], after[other]) == (3, 3)


def test_a_fault_of_ours_in_between_loses_nothing(kafka_url, prefix, intake, monkeypatch):
    publish_opportunities(kafka_url, [opportunity(1)], prefix=prefix)
    monkeypatch.setattr(consuming, "RETRY_SECONDS", 0)

    def broken(_):
        raise ZeroDivisionError

    async def run():
        async with member(kafka_url, prefix) as reader:
            monkeypatch.setattr(intake, "process", broken)
            with pytest.raises(ZeroDivisionError):
                await consuming.handle(intake, reader, await batch(reader, 1))
            return [record.offset for record in await batch(reader, 1)]

    assert asyncio.run(run()) == [0]
    assert ask_backlog(kafka_url, prefix).waiting == 1


def test_headers_that_are_no_text_and_a_tombstone_poison_nobody(kafka_url, database_url, prefix, ledger):
    """FastStream's own parser would drop the whole batch."""

    async def publish():
        producer = AIOKafkaProducer(**Address(kafka_url).client)
        await producer.start()
        topic = Wiring(prefix).topic
        for number in range(3):
            await producer.send(topic, opportunity(number).body, key=b"k")
        await producer.send(topic, opportunity(3).body, key=b"k", headers=[("x", b"\xff\xfe"), ("y", None)])
        await producer.send(topic, None, key=b"k")
        await producer.send(topic, opportunity(4).body, key=b"k")
        await producer.stop()

    asyncio.run(publish())
    with consumer(kafka_url, database_url, prefix):
        eventually(lambda: len(facts(ledger)) == 5, "five facts")
        eventually(lambda: len(letters(ledger)) == 1, "the dead letter")
        assert somebody_consumes(kafka_url, prefix)
    (dead,) = letters(ledger)
    assert (dead["reason"], bytes(dead["bytes"]), dead["sequence"]) == ("not_json", b"", 4)


def decided_until(backlog, part):
    found = backlog.parts[part].until
    assert found is not None
    return found


def test_what_lies_undecided_in_one_partition_holds_every_source_back(kafka_url, prefix, ledger):
    """The broker's word, whoever consumes the partition: here nobody has the second one."""
    publish_opportunities(kafka_url, [Outgoing(b"%d" % n, key=f"k{n}") for n in range(40)], prefix=prefix)

    async def commit(*partitions):
        async with member(kafka_url, prefix) as reader:
            ends = {TopicPartition(one.topic, one.partition): one.offset + 1 for one in records}
            await reader.commit({one: end for one, end in ends.items() if one.partition in partitions})

    async def read():
        async with member(kafka_url, prefix) as reader:
            return await batch(reader, 40)

    records = asyncio.run(read())
    partitions = sorted({one.partition for one in records})
    assert len(partitions) == 3
    first = {number: min(one.timestamp for one in records if one.partition == number) for number in partitions}
    before = ask_backlog(kafka_url, prefix)
    assert (before.waiting, before.apart) == (40, CLOCKS_APART)
    topic = Wiring(prefix).topic
    for number in partitions:
        assert decided_until(before, f"{topic}:{number}").timestamp() == pytest.approx(first[number] / 1000)
    asyncio.run(commit(0, 1))
    half = ask_backlog(kafka_url, prefix)
    assert half.parts[f"{topic}:0"].until == half.at
    assert decided_until(half, f"{topic}:2").timestamp() == pytest.approx(first[2] / 1000)
    watermarks = Watermarks(ledger, "CRM", led=lambda *_: False)
    watermarks.decided([Mark(f"{topic}:0", half.parts[f"{topic}:0"].floor, half.at, "acme", SOURCE, NOON)])
    watermarks.settled(half.parts, half.apart)
    (row,) = ledger.run("SELECT until FROM intake.watermarks")
    assert row["until"] == decided_until(half, f"{topic}:2") - CLOCKS_APART
    asyncio.run(commit(2))
    assert ask_backlog(kafka_url, prefix).idle_at is not None


def until(ledger):
    return {row["source"]: row["until"] for row in ledger.run("SELECT source, until FROM intake.watermarks")}


def at(minutes):
    return NOON + timedelta(minutes=minutes)


def test_a_source_that_leads_waits_until_no_other_partition_can_hold_something_older(ledger):
    """Its message of 900 days ahead lies decided in one partition; what it said before may lie in another."""
    watermarks = Watermarks(ledger, "CRM", led=lambda _, source: source == "led")
    watermarks.settled({"t:0": Part(-1, at(0)), "t:1": Part(-1, at(0))})
    ahead = NOON + timedelta(days=900)
    watermarks.decided([Mark("t:0", 0, at(10), "acme", "led", ahead), Mark("t:0", 1, at(10), "acme", SOURCE, ahead)])
    assert until(ledger) == {SOURCE: at(0)}
    watermarks.settled({"t:0": Part(1, at(20)), "t:1": Part(-1, at(9))})
    assert until(ledger) == {SOURCE: at(9)}
    watermarks.settled({"t:0": Part(1, at(20)), "t:1": Part(0, at(12))}, timedelta(minutes=5))
    assert until(ledger) == {SOURCE: at(9)}, "the clocks may be five minutes apart"
    watermarks.settled({"t:0": Part(1, at(20)), "t:1": Part(0, at(15))}, timedelta(minutes=5))
    assert until(ledger) == {SOURCE: at(10), "led": ahead}


def test_a_partition_of_which_nothing_is_known_holds_everything_back(ledger):
    watermarks = Watermarks(ledger, "CRM", led=lambda *_: False)
    watermarks.decided([Mark("t:0", 0, at(10), "acme", SOURCE, NOON)])
    watermarks.settled({"t:0": Part(0, at(10)), "t:1": Part(-1)})
    assert until(ledger) == {}
    watermarks.settled({"t:0": Part(0, at(10))})
    assert until(ledger) == {SOURCE: at(10)}, "a partition that is no more"


def test_a_backlog_says_idle_only_when_nothing_is_left():
    assert Backlog(NOON, 0, 0).idle_at == NOON
    assert Backlog(NOON, 1, 0).idle_at is None
    assert Backlog(NOON, 0, 1).idle_at is None
