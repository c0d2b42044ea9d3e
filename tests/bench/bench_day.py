"""A day of every source, end to end: how many messages a second, how long a backlog takes, how soon a message is visible.

    make bench ARGS="tests/bench/bench_day.py"
    DAY_BACKLOG=1000000 make bench ARGS="tests/bench/bench_day.py -k backlog"

The messages are those of `tests/day`: filings, updates, gaps, repeats and poison of six kinds of sources. Roles are processes of their
own, as `dealreg up` runs them. DAY_DEALS sets the first, DAY_BACKLOG the second size.
"""

import contextlib
import itertools
import os
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from dealreg.service.embedded.servers import Servers, embedded_servers
from dealreg.service.intake.broker import ask_backlog
from dealreg.service.intake.publishing import Outgoing, publish_opportunities
from dealreg.vocabulary.ids import opportunity_id, registration_id
from tests.bench.measuring import Figure, Report
from tests.bench.measuring import Servers as Processes
from tests.day.crms import Deal, InHouse
from tests.day.living import Roles, drain, live, prepared
from tests.day.traffic import PARTNERS, Day, day, outgoing
from tests.fix_web import PROGRAM

DEALS = int(os.environ.get("DAY_DEALS", "2000"))
BACKLOG = int(os.environ.get("DAY_BACKLOG", "20000"))
PROBES = int(os.environ.get("DAY_PROBES", "300"))
AT_ONCE = 2000
"""Opportunities of one stretch of the backlog: it is made as it is published."""


@contextlib.contextmanager
def lived_in(folder: Path, made: Day, *names: str) -> Iterator[tuple[Servers, dict[str, str], Roles]]:
    with embedded_servers(folder / "data") as servers:
        environment = prepared(servers, folder / "mappings", made, None)
        roles = Roles(names, environment)
        try:
            yield servers, environment, roles
        finally:
            roles.stop()


def test_a_day_end_to_end(report: Report, tmp_path: Path) -> None:
    made = day(DEALS)
    with lived_in(tmp_path, made, "consume", "project") as (servers, _, roles):
        lived = live(servers, made, roles, kills=0, seed=1)
        facts = _number(servers, "SELECT count(*) FROM ledger.events")
    row: dict[str, Figure] = {
        **made.counted(),
        "facts": facts,
        "seconds": round(lived.seconds, 1),
        "messages a second": round(len(made.real) / lived.seconds),
        "facts a second": round(facts / lived.seconds),
    }
    report.say("a day end to end, read models following", [row])


def test_a_backlog(report: Report, tmp_path: Path) -> None:
    """The consumer was away: everything lies in the broker when it comes back."""
    rows: list[dict[str, Figure]] = []
    with lived_in(tmp_path, day(1)) as (servers, environment, idle):
        published = publish_opportunities(servers.intake_url, _stretches()).sent
        before = _number(servers, "SELECT count(*) FROM ledger.events")
        assert servers.postgres.pid is not None
        processes, begun = Processes(servers.postgres.pid), time.perf_counter()
        of_database = processes.seconds()
        roles = Roles(("consume",), environment)
        quarter = published
        try:
            for part in (3, 2, 1, 0):
                while (left := ask_backlog(servers.intake_url).waiting) > published * part // 4:
                    roles.tend()
                    time.sleep(0.2)
                now = time.perf_counter() - begun
                rows.append(
                    {
                        "messages": published - left,
                        "seconds": round(now, 1),
                        "messages a second": round((published - left) / now),
                    }
                )
                quarter = left
            drain(servers, roles)
        finally:
            roles.stop()
        took = time.perf_counter() - begun
        facts = _number(servers, "SELECT count(*) FROM ledger.events") - before
        theirs = processes.seconds() - of_database
        assert quarter == 0
        idle.stop()
    rows.append(
        {
            "messages": published,
            "seconds": round(took, 1),
            "messages a second": round(published / took),
            "facts": facts,
            "database's processor seconds": round(theirs, 1),
        }
    )
    report.say("a backlog caught up with one consumer", rows)


def test_how_soon_a_message_is_visible(report: Report, tmp_path: Path) -> None:
    """From the broker's acknowledgement to the row of the partner's read model, at rest and while a day comes in."""
    made = day(400)
    rows: list[dict[str, Figure]] = []
    with lived_in(tmp_path, made, "consume", "project") as (servers, _, roles):
        drain(servers, roles)
        for name, pace in (("at rest", None), ("while 50 messages a second come in", 50.0)):
            took = list(_probed(servers, made, pace, 0 if pace is None else PROBES))
            rows.append(
                {
                    "": name,
                    "probes": len(took),
                    "p50 ms": round(statistics.median(took) * 1000, 1),
                    "p99 ms": round(sorted(took)[len(took) * 99 // 100] * 1000, 1),
                }
            )
    report.say("from publish to visible", rows)


def _probed(servers: Servers, made: Day, pace: float | None, first: int) -> Iterator[float]:
    """Seconds of each probe: a filing of its own, waited for in `my_deals`."""
    crm = InHouse()
    began = datetime.now(UTC) - timedelta(hours=20)
    between = itertools.cycle(outgoing(made.real))
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        for number in range(first, first + PROBES):
            if pace is not None:
                publish_opportunities(servers.intake_url, list(itertools.islice(between, int(pace / 10))))
            partner, distributor = PARTNERS[number % 3]
            deal = Deal(
                number,
                f"Probe {number}",
                f"Probe {number} AG",
                f"probe{number}.example",
                "Ulm",
                partner,
                distributor,
                "storage",
                30_000,
                made_on(),
            )
            (post,) = crm.created(deal, began + timedelta(seconds=number))
            stream = opportunity_id(crm.source, post.record)
            wanted = registration_id(PROGRAM, partner, str(stream))
            publish_opportunities(servers.intake_url, [Outgoing(post.body, {}, f"probe {number}", key=post.record)])
            begun = time.perf_counter()
            while not connection.execute(
                "SELECT 1 FROM my_deals_g1.my_deals WHERE registration = %s LIMIT 1", [wanted]
            ).fetchone():
                time.sleep(0.002)
                assert time.perf_counter() - begun < 60, f"probe {number} is not visible"
            yield time.perf_counter() - begun


def made_on() -> date:
    return (datetime.now(UTC) + timedelta(days=200)).date()


def _stretches() -> Iterator[Outgoing]:
    """As many messages as the backlog is to have."""
    given = 0
    for first in itertools.count(0, AT_ONCE):
        for message in outgoing(day(AT_ONCE, seed=first, first=first).real):
            if given == BACKLOG:
                return
            given += 1
            yield Outgoing(message.body, message.headers, f"{first} {message.message_id}", message.kind, message.key)


def _number(servers: Servers, question: str) -> int:
    with psycopg.connect(servers.database_url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TOKEN", "good")
