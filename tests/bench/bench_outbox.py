"""Facts out: how fast a backlog is published, against reading the same rows alone, and how late a fact is that is told as it comes.

What is compared runs in turns; the ratio to the bare reading is what is quoted. NATS writes every message to disk (`sync_interval:
always`). Checked: every stream holds every fact once and in order.
"""

import asyncio
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator
from datetime import datetime

import nats
import pytest
from nats.aio.msg import Msg
from psycopg import RawCursor

from dealreg.service.composition import House
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.outbox import subscribing
from dealreg.service.outbox.audiences import PARTNERS, Audience, Channel
from dealreg.service.outbox.connecting import connect
from dealreg.service.outbox.copies import Copies
from dealreg.service.outbox.following import FACTS, PAGE
from dealreg.service.outbox.following import House as OfTheHouse
from dealreg.service.outbox.jetstream import NatsTaker
from dealreg.service.outbox.message import of_fact
from dealreg.service.outbox.partners import Partners
from dealreg.service.outbox.running import catch_up, run
from dealreg.service.outbox.taking import provision_outbox
from dealreg.service.projecting.binding import Row
from dealreg.service.projecting.loader import provision
from dealreg.service.settings import Settings
from tests.bench.measuring import Figure, Meter, Report, median
from tests.bench.program import DEALERS, PROGRAM, filing
from tests.fix_outbox import messages

REGISTRATIONS = int(os.environ.get("BENCH_REGISTRATIONS", "2000"))
BATCH = 200
ROUNDS = 3
LIVE = 300
"""Registrations of which each fact's way to a subscriber is timed, one filing after another."""


@pytest.fixture
def prefixes(nats_url: str, stream_prefix: str) -> Iterator[str]:
    """Prefixes of streams, those of the test all gone afterwards."""
    return (f"{stream_prefix}{secrets.token_hex(3).upper()}" for _ in iter(int, 1))


def _read(url: str) -> int:
    """The same rows, page by page, and nothing done with them."""
    with connect(url) as connection:
        position = 0
        while True:
            cursor = RawCursor(connection)
            cursor.execute(FACTS, [position, PAGE], prepare=True, binary=True)
            rows = cursor.fetchall()
            if not rows:
                return position
            position = rows[-1][0]


def _made(url: str) -> int:
    """The same rows as messages, published nowhere."""
    channel, names = Channel("audit"), stored_names()
    with connect(url) as connection:
        position = 0
        while True:
            cursor = RawCursor(connection)
            cursor.execute(FACTS, [position, PAGE], prepare=True, binary=True)
            rows = [Row(*row) for row in cursor.fetchall()]
            if not rows:
                return position
            for row in rows:
                assert of_fact(row, Audience.AUDIT, channel, row.position, names).body
            position = rows[-1].position


@pytest.mark.timeout(1200)
def test_a_backlog(
    house: House, meter: Meter, settings: Settings, report: Report, nats_url: str, prefixes: Iterator[str]
) -> None:
    asked = [filing(n, n, n % len(DEALERS)) for n in range(1, REGISTRATIONS + 1)]
    for start in range(0, len(asked), BATCH):
        assert all(isinstance(one, Decided) for one in house.dispatch.decide_batch(asked[start : start + BATCH]))
    url, head = settings.database_url(), house.ledger.head()
    provision(url)
    seconds: dict[str, list[float]] = {"read": [], "made": [], "published": [], "partners": []}
    told = 0
    for _ in range(ROUNDS):
        prefix = next(prefixes)
        provision_outbox(nats_url, prefix)
        for name, work in (("read", _read), ("made", _made)):
            with meter.measured() as spent:
                assert work(url) == head
            seconds[name].append(spent.seconds)
        with connect(url) as connection, NatsTaker(nats_url) as taker:
            connection.execute("DELETE FROM outbox.positions")
            connection.execute("DELETE FROM outbox.subscribers")
            with meter.measured() as spent:
                assert catch_up(url, OfTheHouse(Audience.AUDIT, taker, prefix=prefix))
            seconds["published"].append(spent.seconds)
            told = _partners(url, connection, taker, prefix, meter, seconds["partners"])
        shown = [event["sequence"] for event, _, _ in messages(nats_url, Channel("audit", prefix))]
        assert shown == [f"{n:020d}" for n in range(1, head + 1)]
    rows: list[dict[str, Figure]] = [
        {
            "what": name,
            "messages": count,
            "facts a second": round(head / median(seconds[key])),
            "× reading alone": round(
                median(one / other for one, other in zip(seconds[key], seconds["read"], strict=True)), 1
            ),
        }
        for name, key, count in (
            ("reading the rows", "read", 0),
            ("and making the messages", "made", head),
            ("and publishing them, one audience", "published", head),
            (f"moving the copies and telling {len(DEALERS)} partners", "partners", told),
        )
    ]
    report.say(f"A backlog of {head} facts, seconds against the bare reading of the same rows", rows)


def _partners(url, connection, taker, prefix, meter, seconds) -> int:
    """From nothing: the copies stand empty at the beginning, and every partner has a stream."""
    follower = Partners(taker, prefix=prefix)
    readers = [subscribing.subscribe(connection, PROGRAM, partner) for partner in DEALERS]
    copies = Copies(connection, stored_names())
    with connection.transaction():
        copies.make()
        copies.listen()
        connection.execute("SELECT set_config('search_path', 'pg_catalog', true)")
    connection.execute("INSERT INTO outbox.positions (audience) VALUES (%s)", [PARTNERS])
    with meter.measured() as spent:
        assert catch_up(url, follower)
    seconds.append(spent.seconds)
    row = connection.execute("SELECT sum(number) FROM outbox.subscribers WHERE reader = ANY (%s)", [readers]).fetchone()
    return int(row[0])


@pytest.mark.timeout(600)
def test_how_late_a_fact_is_told(
    house: House, settings: Settings, report: Report, nats_url: str, prefixes: Iterator[str]
) -> None:
    """From the instant at which the database recorded it to the instant at which a subscriber has it; one clock, one machine."""
    url, prefix = settings.database_url(), next(prefixes)
    provision(url)
    provision_outbox(nats_url, prefix)
    late: list[float] = []
    stop, ready = threading.Event(), threading.Event()
    with NatsTaker(nats_url) as taker:
        catch_up(url, OfTheHouse(Audience.AUDIT, taker, prefix=prefix))
        began = house.ledger.head()
        follower = OfTheHouse(Audience.AUDIT, taker, prefix=prefix)
        threads = [
            threading.Thread(target=run, args=(url, [follower], stop)),
            threading.Thread(target=_listen, args=(nats_url, Channel("audit", prefix), began, late, ready, stop)),
        ]
        for thread in threads:
            thread.start()
        ready.wait(30)
        for n in range(1, LIVE + 1):
            assert isinstance(house.dispatch.decide_batch([filing(10**6 + n, 10**6 + n, n % len(DEALERS))])[0], Decided)
            time.sleep(0.01)
        head, until = house.ledger.head(), time.monotonic() + 60
        while len(late) < head - began:
            assert time.monotonic() < until
            time.sleep(0.05)
        stop.set()
        for thread in threads:
            thread.join(30)
    ordered = sorted(late)
    figures: dict[str, Figure] = {"facts": len(late)}
    figures |= {f"p{part} ms": round(ordered[len(ordered) * part // 100] * 1000, 1) for part in (50, 90, 99)}
    report.say(
        "From recorded to received, one filing after another", [figures | {"worst ms": round(ordered[-1] * 1000, 1)}]
    )


def _listen(
    url: str, channel: Channel, began: int, late: list[float], ready: threading.Event, stop: threading.Event
) -> None:
    async def listen() -> None:
        client = await nats.connect(url)

        async def take(raw: Msg) -> None:
            now, event = time.time(), json.loads(raw.data)
            if int(event["sequence"]) > began:
                late.append(now - datetime.fromisoformat(event["time"]).timestamp())

        await client.jetstream().subscribe(channel.subjects, stream=channel.stream, ordered_consumer=True, cb=take)
        ready.set()
        await asyncio.to_thread(stop.wait)
        await client.close()

    asyncio.run(listen())
