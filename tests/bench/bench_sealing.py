"""What the seal costs: events sealed a second against SHA-256 of the same bytes, and the write path with a sealer beside it and without.

The sealer is a process of its own, as in production; callers are threads, as in `bench_registration.py`. A caller that waits is answered
when a signed checkpoint covers its decision. Checked: whoever waited is sealed, and in the end every fact is.
"""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import cast

import psycopg
import pytest

from dealreg.service.composition import House
from dealreg.service.embedded.servers import Servers
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.sealing.acknowledging import Acknowledged
from dealreg.service.sealing.leaves import leaf_of
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.sealing.tables import Tables
from dealreg.service.sealing.things import Things
from dealreg.service.settings import Settings
from tests.bench.measuring import Meter, Report, Run, in_turns, median, summary
from tests.bench.program import DEALERS, PROGRAM, filing

EVENTS = int(os.environ.get("SEALED_EVENTS", "100000"))
ROUNDS = 3
CALLS = {1: 60, 16: 320}
NUMBERS = count(1)

SEALED_SINCE = "SELECT size, (SELECT max(position) FROM ledger.events) FROM seal.standing WHERE beat_at > %s"

COPIES = """
INSERT INTO ledger.events (position, originator_id, originator_version, topic, state, recorded_at, recorded_by)
SELECT m.last + row_number() OVER (), gen_random_uuid(), 1, e.topic, e.state, m.at, e.recorded_by
FROM (SELECT max(position) AS last, max(recorded_at) AS at FROM ledger.events) AS m, ledger.events AS e,
    generate_series(1, %s / (SELECT count(*) FROM ledger.events)) AS n
"""


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """A caller that waits is patient: what is measured is how long it takes."""
    return Settings(DEALREG_DATA=tmp_path / "dealreg", DATABASE_URL=database_url, PROGRAM=PROGRAM, SEAL_WAIT_SECONDS=30)


@pytest.fixture
def things(settings: Settings) -> Things:
    return settings.things


def _fill(servers: Servers, database_url: str) -> None:
    """The facts of real registrations, many times over, put in by a superuser before anything is sealed."""
    name = str(psycopg.conninfo.conninfo_to_dict(database_url)["dbname"])
    with psycopg.connect(servers.postgres.superuser_url, dbname=name, autocommit=True) as connection:
        for (guard,) in connection.execute("SELECT evtname FROM pg_event_trigger WHERE evtenabled <> 'D'").fetchall():
            connection.execute(f'ALTER EVENT TRIGGER "{guard}" DISABLE'.encode())
        connection.execute("ALTER TABLE ledger.events DISABLE TRIGGER ALL")
        connection.execute(COPIES, [EVENTS])
        connection.execute("VACUUM ANALYZE ledger.events")


def test_a_backlog(house: House, servers: Servers, settings: Settings, meter: Meter, report: Report) -> None:
    """The whole log by a sealer that starts with nothing: read, hashed, signed, published; and a start of one that has it."""
    for number in range(100):
        house.dispatcher.submit(filing(number, number, number % len(DEALERS)))
    _fill(servers, settings.database_url())
    with closing(Tables(settings.database_url("sealer"))) as tables, meter.measured() as read:
        entries = [entry for found in tables.walk(1, tables.head()) for entry in found]
    with meter.measured() as floor:
        for entry in entries:
            hashlib.sha256(entry.salt + entry.state).digest()
    with meter.measured() as hashed:
        for entry in entries:
            leaf_of(entry)
    with Sealer(settings.database_url("sealer"), settings.things) as sealer:
        with meter.measured() as spent:
            own = sealer.seal_all()
        sealer.close()
        with meter.measured() as started:
            sealer.open()
        assert sealer.own == own
        assert sealer.tree.size == len(entries) == own.size
    rows = [
        ("SHA-256 of the same bytes", floor),
        ("read", read),
        ("leaves hashed", hashed),
        ("sealed", spent),
        ("rebuilt and checked at a start", started),
    ]
    report.say(
        f"A log of {len(entries):,} facts of {sum(len(one.state) for one in entries) // len(entries)} bytes",
        [
            {
                "what": what,
                "seconds": round(run.seconds, 2),
                "a second": round(len(entries) / run.seconds),
                "client CPU s": round(run.ours, 2),
                "server CPU s": round(run.theirs, 2),
                "a second of client CPU": round(len(entries) / run.ours),
                "CPU × SHA-256": round(floor.ours / run.ours, 3),
            }
            for what, run in rows
        ],
    )


@contextmanager
def _sealing(house: House, settings: Settings) -> Iterator[None]:
    """`dealreg seal` beside the callers."""
    said = {"DEALREG_DATA": str(settings.data), "DATABASE_URL": settings.database_url(), "LOG_LEVEL": "WARNING"}
    since = house.ledger.clock()
    role = subprocess.Popen([sys.executable, "-m", "dealreg", "seal"], env={**os.environ, **said})
    try:
        _until_all_is_sealed(settings, role, since)
        if house.acknowledging is not None:
            while not house.acknowledging.seals.covers(house.ledger.head()):
                time.sleep(0.05)
        yield
    finally:
        role.send_signal(signal.SIGTERM)
        assert role.wait(60) == 0


def _until_all_is_sealed(settings: Settings, role: "subprocess.Popen[bytes]", since: datetime) -> None:
    """And this sealer, not the one before, said so."""
    with psycopg.connect(settings.database_url("sealer"), autocommit=True) as connection:
        while True:
            row = connection.execute(SEALED_SINCE, [since]).fetchone()
            if row is not None and row[0] == row[1]:
                return
            assert role.poll() is None
            time.sleep(0.05)


@pytest.mark.parametrize("callers", [1, 16])
def test_the_write_path(house: House, settings: Settings, meter: Meter, report: Report, callers: int) -> None:
    for _ in range(20):
        _asked(house, next(NUMBERS), wait=False)

    def through(*, wait: bool) -> Run[Acknowledged | None]:
        run = meter.in_flight(
            callers, [partial(_asked, house, next(NUMBERS), wait=wait) for _ in range(CALLS[callers])]
        )
        assert not wait or all(one is not None and one.sealed for one in run.answers), (
            "somebody was answered without the seal"
        )
        return run

    def beside(*, wait: bool) -> Callable[[int], Run[Acknowledged | None]]:
        def measured(_: int) -> Run[Acknowledged | None]:
            with _sealing(house, settings):
                return through(wait=wait)

        return measured

    runs = in_turns(
        ROUNDS,
        {
            "no sealer": lambda _: through(wait=False),
            "a sealer beside, nobody waits": beside(wait=False),
            "everybody waits for the seal": beside(wait=True),
        },
    )
    floor = runs["no sealer"]
    report.say(
        f"A registration with the seal, {callers} in flight",
        [
            {
                "way": way,
                **summary(of),
                "rate × no sealer": round(median(run.rate for run in of) / median(run.rate for run in floor), 2),
            }
            for way, of in runs.items()
        ],
    )


def _asked(house: House, number: int, *, wait: bool) -> Acknowledged | None:
    """One registration as the API takes it; ``wait``: answered when it is sealed."""
    request = filing(number, number, number % len(DEALERS))
    decided = cast("Decided", house.dispatcher.submit(request))
    assert isinstance(decided, Decided), decided
    return house.acknowledged(request, decided) if wait else None
