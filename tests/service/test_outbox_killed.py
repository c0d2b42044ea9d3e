"""Every fact arrives, in order, through kills of outbox, broker and database, with two outboxes at once and a reader that is slow."""

import asyncio
import json
import random
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Any

import nats
from nats.errors import Error as NatsError

from dealreg.service.ledger.errors import LedgerError
from dealreg.service.outbox import subscribing
from dealreg.service.outbox.audiences import Channel, partner_channel
from dealreg.service.outbox.connecting import connect
from dealreg.service.projecting.connecting import connect as as_projector
from dealreg.service.projecting.projector import Projector
from tests.fix_histories import DAY, PROGRAM, START, Claim, History, customer
from tests.fix_outbox import enrolled, messages

CLAIMS = 80
SECONDS = 6.0
KILLS = 9
LIMIT_SECONDS = 240.0


class Outboxes:
    """Two processes, each started again when it has been killed."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self.children = [self._start() for _ in range(2)]
        self.kills = 0

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "tests.outbox_process", *self._arguments])

    def kill(self, number: int) -> None:
        self.children[number].kill()
        self.children[number].wait()
        self.kills += 1
        self.children[number] = self._start()

    def stop(self) -> list[int]:
        for child in self.children:
            child.terminate()
        return [child.wait(30) for child in self.children]


def feed(ledger, chance, over):
    """Claims of one dealer and of its rivals, saved one after another; what the database did not take is saved again."""
    for number in range(CLAIMS):
        made = History()
        rival = number % 3 == 0
        claim = Claim(
            f"claim-{number}",
            customer(f"c{number}"),
            "dist-2" if rival else "dist-1",
            "dealer-2" if rival else "dealer-1",
        )
        claim.filed(made, START + DAY)
        made.add(claim.file, claim.approved(START + 2 * DAY), START + 2 * DAY)
        facts = list(made.facts)
        for _ in range(100):
            try:
                made.save(ledger, size=3)
            except LedgerError:
                made = _rest(ledger, facts)
                time.sleep(0.1)
            else:
                break
        time.sleep(chance.uniform(0, 2 * SECONDS / CLAIMS))
    over.set()


def _rest(ledger, facts):
    """What of a claim is not in the ledger yet."""
    there: dict[Any, int] = {}
    with suppress(LedgerError):
        for row in ledger.notifications(0, 100_000):
            there[row.stream] = max(there.get(row.stream, 0), row.version)
    made = History()
    for stream, event, at in facts:
        made.versions[stream] += 1
        if made.versions[stream] > there.get(stream, 0):
            made.facts.append((stream, event, at))
    made.versions.clear()
    made.versions.update({stream: there.get(stream, 0) for stream, _, _ in facts})
    return made


def slow_reader(url, channel, found, over):
    """A durable that takes seven at a time and rests; it remembers nothing but what it was told."""

    async def read() -> None:
        while not over.is_set():
            with suppress(NatsError, OSError, TimeoutError):
                client = await nats.connect(url, max_reconnect_attempts=1, connect_timeout=1)
                try:
                    pull = await client.jetstream().pull_subscribe(
                        channel.subjects, durable="slow", stream=channel.stream
                    )
                    while not over.is_set():
                        for raw in await pull.fetch(7, timeout=1):
                            found.append(json.loads(raw.data)["sequence"])
                            await raw.ack_sync()
                        await asyncio.sleep(0.02)
                finally:
                    await client.close()
            await asyncio.sleep(0.2)

    asyncio.run(read())


def firsts(events):
    """The first of each id; a repeat has to be the same message."""
    first: dict[str, dict[str, Any]] = {}
    for event in events:
        assert first.setdefault(event["id"], event) == event
    return list(first.values())


def test_every_fact_arrives_in_order_through_every_kill(outbox_url, ledger, nats_url, stream_prefix, servers):
    enrolled("dealer-1", "dealer-2").save(ledger)
    with connect(outbox_url) as connection:
        reader = subscribing.subscribe(connection, PROGRAM, "dealer-1")
    chance = random.Random(5)
    fed, read_over = threading.Event(), threading.Event()
    slow: list[str] = []
    desk, audit = Channel("desk", stream_prefix), Channel("audit", stream_prefix)
    threads = [
        threading.Thread(target=feed, args=(ledger, chance, fed)),
        threading.Thread(target=slow_reader, args=(nats_url, desk, slow, read_over)),
    ]
    outboxes = Outboxes(outbox_url, nats_url, stream_prefix)
    for thread in threads:
        thread.start()
    try:
        broker_down, database_down = False, False
        until = time.monotonic() + LIMIT_SECONDS
        while not fed.is_set():
            time.sleep(chance.uniform(0.3, 0.9))
            if outboxes.kills < KILLS:
                outboxes.kill(chance.randrange(2))
            if outboxes.kills == 3 and not broker_down:
                broker_down = True
                servers.nats.kill()
                time.sleep(1.5)
                servers.nats.start()
            if outboxes.kills == 5 and not database_down:
                database_down = True
                servers.postgres.kill()
                time.sleep(0.5)
                servers.postgres.start()
            assert time.monotonic() < until
        head = ledger.head()
        last = f"{head:020d}"
        while not (_done(outbox_url, head) and slow and slow[-1] == last):
            time.sleep(0.2)
            assert time.monotonic() < until, (_positions(outbox_url), head, slow[-1:])
    finally:
        read_over.set()
        for thread in threads:
            thread.join(30)
        codes = outboxes.stop()
    assert codes == [0, 0]
    assert broker_down
    assert outboxes.kills > 3
    rows = ledger.notifications(0, 100_000)
    told = firsts([event for event, _, _ in messages(nats_url, audit)])
    assert [one["id"] for one in told] == [f"{row.stream}:{row.version}" for row in rows]
    of_desk = firsts([event for event, _, _ in messages(nats_url, desk)])
    assert [one["sequence"] for one in of_desk] == [
        f"{row.position:020d}" for row in rows if not row.topic.startswith("audit.")
    ]
    assert [one["number"] for one in of_desk] == [f"{n:020d}" for n in range(1, len(of_desk) + 1)]
    assert list(dict.fromkeys(slow)) == [one["sequence"] for one in of_desk]
    _partner_knows_its_rows(
        outbox_url, reader, firsts([e for e, _, _ in messages(nats_url, partner_channel(reader, stream_prefix))])
    )


def _partner_knows_its_rows(url, reader, told):
    """Its numbers have no gap, and what it was told last of each row is what it reads."""
    assert [one["sequence"] for one in told] == [f"{n:020d}" for n in range(1, len(told) + 1)]
    last = {
        (one["data"]["registration"], one["data"]["line"], one["data"]["tier"]): one["data"]["state"] for one in told
    }
    Projector(url, models=["my_deals"]).catch_up()
    with as_projector(url) as connection:
        rows = connection.execute(
            "SELECT registration::text, line, tier, state FROM my_deals_g1.my_deals WHERE reader = %s", [reader]
        ).fetchall()
    assert rows
    assert last == {(registration, line, tier): state for registration, line, tier, state in rows}


def _positions(url):
    with connect(url) as connection:
        return dict(connection.execute("SELECT audience, position FROM outbox.positions").fetchall())


def _done(url, head):
    return set(_positions(url).values()) == {head}
