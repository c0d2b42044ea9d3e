"""The feed through real brokers: what a consumer process takes, refuses, waits for, and how it stops.

What every broker has to do is asked of each, in the same words; what only NATS has is asked of NATS.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import nats
import pytest

from dealreg.cli.app import main
from dealreg.service.intake import dead_letters
from dealreg.service.intake.broker import BrokerMissing, Wiring, ask_backlog, provision_broker
from dealreg.service.intake.brokers.adapter import adapter
from dealreg.service.intake.brokers.jetstream import consuming, provisioning
from dealreg.service.intake.brokers.jetstream.provisioning import DURABLE
from dealreg.service.intake.brokers.kafka.connecting import Address, administering
from dealreg.service.intake.delivery import Verdict
from dealreg.service.intake.publishing import Outgoing, cloud_event, publish_opportunities
from dealreg.service.intake.replaying import replay_letters
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.ledger import Ledger
from tests.fix_intake import NOON, SOURCE, delivered, facts, letters

PATIENCE_SECONDS = 30


@pytest.fixture
def prefix(nats_url, stream_prefix):
    provision_broker(nats_url, stream_prefix)
    return stream_prefix


@dataclass(frozen=True)
class Feed:
    """A feed of its own in one of the brokers, made as `migrate` makes it."""

    broker: str
    url: str
    prefix: str

    def publish(self, *messages):
        return publish_opportunities(self.url, messages, prefix=self.prefix)

    def drained(self):
        return drained(self.url, self.prefix)

    def delete(self):
        asyncio.run(self._delete())

    async def _delete(self):
        if self.broker == "nats":
            client = await nats.connect(self.url)
            await client.jetstream().delete_consumer(f"{self.prefix}CRM", DURABLE)
            await client.close()
            return
        async with administering(Address(self.url)) as admin:
            await admin.delete_topics([Wiring(self.prefix).topic])


@pytest.fixture(params=["nats", "kafka"])
def feed(request):
    url = request.getfixturevalue(f"{request.param}_url")
    prefix = request.getfixturevalue("stream_prefix" if request.param == "nats" else "topic_prefix")
    provision_broker(url, prefix)
    return Feed(request.param, url, prefix)


@contextmanager
def consumer(nats_url, database_url, prefix, *words):
    """A process of its own, as the role runs; killed at the end if it still runs."""
    env = {
        **os.environ,
        "DATABASE_URL": database_url,
        "INTAKE_URL": nats_url,
        "PROGRAM": "acme",
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "tests.consumer_process", prefix, *words]
    process = subprocess.Popen(command, env=env, cwd=Path(__file__).parents[2])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def eventually(holds, what="it"):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come about in {PATIENCE_SECONDS} s"
        time.sleep(0.05)


def drained(nats_url, prefix):
    now = ask_backlog(nats_url, prefix)
    return now.waiting == now.open == 0


def opportunity(number, **data):
    said = {"record": f"r{number}", "stage": "x", **data}
    return cloud_event(SOURCE, f"e{number}", said, at=NOON + timedelta(seconds=number), sequence=f"{number:09d}")


def test_provisioning_again_changes_nothing_but_the_durables_settings(nats_url, stream_prefix):
    assert provision_broker(nats_url, stream_prefix)
    assert not provision_broker(nats_url, stream_prefix)

    async def look():
        client = await nats.connect(nats_url)
        jetstream = client.jetstream()
        stream = await jetstream.stream_info(f"{stream_prefix}CRM")
        durable = await jetstream.consumer_info(f"{stream_prefix}CRM", DURABLE)
        await client.close()
        return stream.config, durable.config

    stream, durable = asyncio.run(look())
    assert (stream.subjects, stream.max_age, stream.discard) == (
        [f"{stream_prefix}.crm.opportunity.>"],
        14 * 86_400,
        "new",
    )
    assert (durable.ack_wait, durable.max_deliver, durable.ack_policy) == (15, -1, "explicit")


def test_the_names_without_a_prefix_are_the_documented_ones():
    wiring = Wiring()
    assert (wiring.stream, wiring.subjects, wiring.subject("salesforce")) == (
        "CRM",
        "crm.opportunity.>",
        "crm.opportunity.salesforce",
    )


def test_a_broker_that_is_not_there_is_unavailable(nats_url, stream_prefix):
    with pytest.raises(Unavailable, match="INTAKE_URL"):
        provision_broker("nats://127.0.0.1:9")
    with pytest.raises(BrokerMissing, match="dealreg migrate"):
        ask_backlog(nats_url, stream_prefix)


def test_publishing_again_under_the_same_id_is_one_message(nats_url, prefix):
    told: list[int] = []
    messages = [opportunity(number) for number in range(300)]
    first = publish_opportunities(nats_url, messages, told.append, prefix)
    again = publish_opportunities(nats_url, messages, prefix=prefix)
    assert (first.sent, first.duplicates, sum(told)) == (300, 0, 300)
    assert (again.sent, again.duplicates) == (300, 300)
    assert ask_backlog(nats_url, prefix).waiting == 300


def test_a_stream_that_is_not_there_is_told_to_the_publisher(nats_url, stream_prefix, monkeypatch):
    monkeypatch.setattr("dealreg.service.intake.publishing.PATIENCE_SECONDS", 0.1)
    with pytest.raises(Unavailable):
        publish_opportunities(nats_url, [opportunity(1)], prefix=stream_prefix)


def test_a_feed_is_folded_set_aside_and_acknowledged(feed, database_url, ledger):
    good = [opportunity(number) for number in range(50)]
    again, strange = Outgoing(good[0].body, key="elsewhere"), Outgoing(b"{}", {"x": "y"}, kind="other")
    feed.publish(*good[:25], Outgoing(b"no JSON"), *good[25:], again, strange)
    with consumer(feed.url, database_url, feed.prefix) as process:
        eventually(feed.drained, "an empty feed")
        assert len(facts(ledger)) == 50
        assert sorted(
            (row["reason"], bytes(row["bytes"]), row["subject"].rpartition(".")[2]) for row in letters(ledger)
        ) == [
            ("not_json", b"no JSON", "cloudevents"),
            ("shape", b"{}", "other"),
        ]
        (odd,) = [row for row in letters(ledger) if row["reason"] == "shape"]
        assert odd["headers"]["x"] == "y"
        places = [(fact.meta.source.stream, fact.meta.source.sequence) for fact in facts(ledger)]
        assert len(set(places)) == 50
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0


def test_the_consumer_says_that_it_lives_and_how_far_the_feed_is(feed, database_url, ledger):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    tried = b'{"EventName": "test-created", "ResourceUri": "", "ResourceChangeUtcDate": ""}'
    feed.publish(opportunity(1), Outgoing(b"no JSON"), Outgoing(tried))
    with consumer(feed.url, database_url, feed.prefix, str(port)):
        eventually(lambda: ledger.run("SELECT 1 FROM intake.heartbeats WHERE role = 'consume'"), "a heartbeat")
        eventually(lambda: ledger.run("SELECT 1 FROM intake.watermarks WHERE source = %s", [SOURCE]), "a watermark")
        eventually(feed.drained, "an empty feed")

        def scraped():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                return answer.read().decode()

        eventually(lambda: 'dealreg_intake_messages_total{verdict="done"} 2.0' in scraped(), "the count")
        eventually(lambda: "dealreg_intake_waiting 0.0" in scraped(), "nothing that waits")
        assert 'dealreg_intake_dead_letters_total{reason="not_json"} 1.0' in scraped()
        assert 'dealreg_intake_ignored_total{reason="test"} 1.0' in scraped()
    (mark,) = ledger.run("SELECT until, led FROM intake.watermarks")
    assert mark["led"] is False
    assert abs(mark["until"] - ledger.clock()) < timedelta(seconds=PATIENCE_SECONDS)


def test_a_feed_that_is_deleted_ends_the_consumer_with_a_word(feed, database_url):
    feed.publish(opportunity(1))
    with consumer(feed.url, database_url, feed.prefix) as process:
        eventually(feed.drained, "an empty feed")
        feed.delete()
        assert process.wait(PATIENCE_SECONDS) == 3


def test_a_replay_goes_through_the_broker_and_closes_the_dead_letter(feed, database_url, ledger):
    """Refused by the first consumer; the second decides it."""
    feed.publish(opportunity(1), opportunity(2, record="refused"), Outgoing(b"no JSON"))
    with consumer(feed.url, database_url, feed.prefix) as process:
        eventually(feed.drained, "an empty feed")
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)
    first, second = sorted(letters(ledger), key=lambda row: row["reason"], reverse=True)
    assert (first["reason"], second["reason"]) == ("refused", "not_json")
    assert replay_letters(ledger, feed.url, reason="refused", prefix=feed.prefix) == [first["id"]]
    with consumer(feed.url, database_url, feed.prefix, "0", "lenient"):
        eventually(lambda: dead_letters.shown(ledger, first["id"])["resolved_at"], "its end")  # type: ignore[index]  # it is there
    assert {fact.event.record for fact in facts(ledger)} == {"r1", "refused"}
    (late,) = [fact for fact in facts(ledger) if fact.event.record == "refused"]
    assert late.meta.effective_at == first["received_at"]
    assert replay_letters(ledger, feed.url, [first["id"], 999_999], prefix=feed.prefix) == []


@pytest.fixture
def dealreg(monkeypatch, capsys, database_url, nats_url):
    """The command, in this process: what it printed and its exit code."""

    def run(*words, database=database_url):
        monkeypatch.setattr(sys, "argv", ["dealreg", "dead-letters", *words])
        monkeypatch.setenv("DATABASE_URL", database)
        monkeypatch.setenv("INTAKE_URL", nats_url)
        capsys.readouterr()
        try:
            code: object = main()
        except SystemExit as ended:
            code = ended.code
        return capsys.readouterr().out, code

    return run


def test_the_verbs_list_show_and_replay(dealreg, intake):
    body = "no JSON: Łódź \x00".encode()
    intake.process([delivered(body, 7)])
    (row,) = json.loads(dealreg("list", "--json")[0])
    assert (row["stream"], row["sequence"], row["reason"], row["size"]) == ("CRM", 7, "not_json", len(body))
    assert "not_json" in dealreg("list")[0]
    assert json.loads(dealreg("list", "--reason", "bug", "--json")[0]) == []
    shown = json.loads(dealreg("show", str(row["id"]), "--json")[0])
    assert bytes.fromhex(shown["hex"]) == body
    assert "Łódź" in dealreg("show", str(row["id"]))[0]
    assert dealreg("show", "999999")[1] == 1
    assert dealreg("replay")[1] == 2
    assert dealreg("replay", "999999", "--json") == ('{"replayed": [], "count": 0}\n', 1)
    assert dealreg("list", database="postgresql://nobody@127.0.0.1:9/none")[1] == 3


def test_messages_are_kept_from_coming_back_while_they_are_worked_on(nats_url, prefix, intake, monkeypatch):
    """A slow batch says that it is worked on; otherwise the broker would hand it to another."""
    decided = intake.process
    verdicts = []

    def slowly(deliveries):
        time.sleep(2.5)
        verdicts.extend(decided(deliveries)[:1] + [Verdict.RETRY] * (len(deliveries) - 1))
        return verdicts

    async def hold():
        client = await nats.connect(nats_url)
        jetstream = client.jetstream()
        config = provisioning.consumer_config(Wiring(prefix))
        config.ack_wait = 1
        await jetstream.add_consumer(f"{prefix}CRM", config)
        pulling = await jetstream.pull_subscribe_bind(DURABLE, f"{prefix}CRM")
        another = await jetstream.pull_subscribe_bind(DURABLE, f"{prefix}CRM")
        held = await pulling.fetch(2)
        taken, _ = await asyncio.gather(
            another.fetch(2, timeout=2), consuming.handle(intake, held), return_exceptions=True
        )
        again = await pulling.fetch(1, timeout=5)
        await client.close()
        return taken, [one.metadata.sequence.stream for one in again]

    monkeypatch.setattr(consuming, "STILL_AT_IT_SECONDS", 0.3)
    monkeypatch.setattr(intake, "process", slowly)
    publish_opportunities(nats_url, [opportunity(1), opportunity(2)], prefix=prefix)
    taken_meanwhile, back = asyncio.run(hold())
    assert isinstance(taken_meanwhile, TimeoutError)
    assert back == [2]
    assert verdicts == [Verdict.DONE, Verdict.RETRY]


def test_the_publisher_waits_for_a_broker_that_comes_back(servers, nats_url, prefix):
    servers.nats.kill()
    messages = [opportunity(number) for number in range(10)]
    with ThreadPoolExecutor() as pool:
        publishing = pool.submit(publish_opportunities, nats_url, messages, prefix=prefix)
        time.sleep(1)
        servers.nats.start()
        assert publishing.result(PATIENCE_SECONDS).sent == 10
    assert ask_backlog(nats_url, prefix).waiting == 10


def test_a_broker_lost_while_publishing_is_told_as_away_and_not_as_whatever_closing_raises(servers, nats_url, prefix):
    async def lose():
        async with adapter(nats_url).sending(Wiring(prefix)) as sending:
            await sending.send([opportunity(1).post(Wiring(prefix))])
            servers.nats.kill()
            await sending.send([opportunity(number).post(Wiring(prefix)) for number in range(2, 50)])

    with pytest.raises(Unavailable, match="took no message"):
        asyncio.run(lose())
    servers.nats.start()
    assert ask_backlog(nats_url, prefix).waiting == 1


def test_nothing_is_delivered_twice_for_a_slow_pull(nats_url, database_url, prefix, ledger):
    """The client library's fault of 2.15 lost partial batches until ack_wait: a trickle shows it (messaging.md, finding 1)."""
    with consumer(nats_url, database_url, prefix):
        for number in range(40):
            publish_opportunities(nats_url, [opportunity(number)], prefix=prefix)
        eventually(lambda: len(facts(ledger)) == 40, "forty facts")
        eventually(lambda: drained(nats_url, prefix), "an empty feed")

    async def redelivered():
        client = await nats.connect(nats_url)
        info = await client.jetstream().consumer_info(f"{prefix}CRM", DURABLE)
        await client.close()
        return info.delivered.consumer_seq

    assert asyncio.run(redelivered()) == 40
    assert provisioning.ACK_WAIT_SECONDS == 15
    with Ledger(database_url) as again:
        assert again.head() >= 40
