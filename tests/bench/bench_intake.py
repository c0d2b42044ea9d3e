"""Intake end to end: published to NATS, consumed by `dealreg consume`, decided by the real core, acknowledged; opportunities a second.

Three loads: opportunities that name a partner (each files a registration), opportunities that name none (each is only folded), and the
next stage of those that were filed. Against the raw insert of the rows that came of it, in the same saves. Checked: every message is one
fact, nothing is set aside, and the broker holds nothing open.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count, groupby
from pathlib import Path

import psutil
import pytest

from dealreg.service.composition import House
from dealreg.service.intake.broker import Wiring, ask_backlog, provision_broker
from dealreg.service.intake.core import Intake
from dealreg.service.intake.delivery import Delivery, Verdict
from dealreg.service.intake.mapping import load_mappings
from dealreg.service.intake.publishing import Outgoing, publish_opportunities
from dealreg.service.intake.reading import Reading
from dealreg.service.ledger.recorded import Row
from dealreg.service.settings import Settings
from tests.bench.measuring import Figure, Meter, Report, Run, median, summary
from tests.bench.peer import Peer
from tests.bench.program import PROGRAM, moved, opened

ROUNDS = 3
MESSAGES = 1000
BATCH = 200
PATIENCE_SECONDS = 120
FOLDED = "opportunity_changed.v1"
NUMBERS = count(1)
LOADS = ("files a registration", "is only folded", "moves a stage")


@pytest.fixture
def feed(nats_url: str) -> Iterator[str]:
    """The stream and the durable as `migrate` makes them, gone afterwards."""
    provision_broker(nats_url)
    yield nats_url
    _delete_stream(nats_url)


def _delete_stream(url: str) -> None:
    import asyncio

    import nats

    async def delete() -> None:
        client = await nats.connect(url)
        await client.jetstream().delete_stream(Wiring().stream)
        await client.close()

    asyncio.run(delete())


@contextmanager
def consumers(settings: Settings, url: str, how_many: int) -> Iterator[list[psutil.Process]]:
    """Processes of the role, as `up` runs them."""
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url("app"),
        "INTAKE_URL": url,
        "PROGRAM": PROGRAM,
        "DEALREG_DATA": str(settings.data),
    }
    with Path(os.devnull).open("w") as nowhere:
        started = [
            subprocess.Popen([sys.executable, "-m", "dealreg", "consume"], env=environment, stderr=nowhere)
            for _ in range(how_many)
        ]
        try:
            yield [psutil.Process(one.pid) for one in started]
        finally:
            for one in started:
                one.terminate()
            for one in started:
                assert one.wait(30) == 0, "a consumer did not end cleanly"


def _spent(processes: Sequence[psutil.Process]) -> float:
    return sum(one.cpu_times().user + one.cpu_times().system for one in processes)


def _folded(house: House) -> int:
    return int(house.ledger.run("SELECT count(*) FROM ledger.events WHERE topic = %s", [FOLDED])[0]["count"])


def _wait(house: House, folded: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while (found := _folded(house)) < folded:
        assert time.monotonic() < until, f"{found} of {folded} messages are folded"
        time.sleep(0.02)
    assert found == folded, "a message was folded twice"


def _loads(now: datetime) -> dict[str, Callable[[], list[Outgoing]]]:
    """What each round publishes; stages move for what the same round filed."""
    filed: list[int] = []

    def files() -> list[Outgoing]:
        filed[:] = [next(NUMBERS) for _ in range(MESSAGES)]
        return [opened(number, now) for number in filed]

    return {
        LOADS[0]: files,
        LOADS[1]: lambda: [opened(next(NUMBERS), now, partner=False) for _ in range(MESSAGES)],
        LOADS[2]: lambda: [moved(number, now) for number in filed],
    }


def _raw(peer: Peer, meter: Meter, rows: Sequence[Row]) -> Run[str]:
    """The rows of a round in the saves that they came in."""
    saves = [list(save) for _, save in groupby(rows, lambda row: row.recorded_at)]
    return meter.in_flight(1, [partial(peer.raw, save) for save in saves])


def _row(load: str, runs: Sequence[Run[str]], raws: Sequence[Run[str]], facts: int) -> dict[str, Figure]:
    """Ratios of the time for the same rows, round by round."""
    opportunities = MESSAGES * len(runs)
    return {
        "load": load,
        "opportunities a second": round(median(MESSAGES / run.seconds for run in runs)),
        "facts a second": round(median(facts / len(runs) / run.seconds for run in runs)),
        "consumer CPU ms": round(sum(run.ours for run in runs) / opportunities * 1000, 2),
        "server CPU ms": round(sum(run.theirs for run in runs) / opportunities * 1000, 2),
        "facts each": round(facts / opportunities, 2),
        "× raw insert": round(median(raw.seconds / run.seconds for run, raw in zip(runs, raws, strict=True)), 3),
    }


@pytest.mark.parametrize("processes", [1, 2])
def test_end_to_end(
    house: House, settings: Settings, feed: str, peer: Peer, meter: Meter, report: Report, processes: int
) -> None:
    loads = _loads(datetime.now(UTC))
    runs: dict[str, list[Run[str]]] = {load: [] for load in loads}
    raws: dict[str, list[Run[str]]] = {load: [] for load in loads}
    facts = dict.fromkeys(loads, 0)
    with consumers(settings, feed, processes) as running:
        publish_opportunities(feed, [opened(next(NUMBERS), datetime.now(UTC)) for _ in range(BATCH)])
        folded = BATCH
        _wait(house, folded)
        for _ in range(ROUNDS):
            for load, making in loads.items():
                messages, before, spent = making(), house.ledger.head(), _spent(running)
                with meter.measured() as run:
                    publish_opportunities(feed, messages)
                    folded += len(messages)
                    _wait(house, folded)
                run.ours = _spent(running) - spent
                rows = house.ledger.notifications(before, 1_000_000)
                runs[load].append(Run([], run.seconds, [], run.ours, run.theirs))
                raws[load].append(_raw(peer, meter, rows))
                facts[load] += len(rows)
        _all_acknowledged(feed)
    assert house.ledger.run("SELECT count(*) FROM intake.dead_letters")[0]["count"] == 0
    report.say(
        f"Intake end to end through NATS, {processes} consumer{'s' if processes > 1 else ''}",
        [_row(load, runs[load], raws[load], facts[load]) for load in loads],
    )


def _all_acknowledged(url: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while (left := ask_backlog(url)).waiting or left.open:
        assert time.monotonic() < until, left
        time.sleep(0.1)


def test_decided_in_process(house: House, peer: Peer, meter: Meter, report: Report) -> None:
    """The same without a broker: what one core can decide."""
    intake = Intake(house.dispatch, Reading(load_mappings(), PROGRAM))
    places = count(1)
    loads = _loads(datetime.now(UTC))
    runs: dict[str, list[Run[list[Verdict]]]] = {load: [] for load in loads}
    raws: dict[str, list[Run[str]]] = {load: [] for load in loads}
    for _ in range(ROUNDS):
        for load, making in loads.items():
            deliveries = [_delivery(message, next(places)) for message in making()]
            batches = [deliveries[start : start + BATCH] for start in range(0, MESSAGES, BATCH)]
            before = house.ledger.head()
            runs[load].append(meter.in_flight(1, [partial(intake.process, batch) for batch in batches]))
            assert {verdict for done in runs[load][-1].answers for verdict in done} == {Verdict.DONE}
            raws[load].append(_raw(peer, meter, house.ledger.notifications(before, 1_000_000)))
    assert _folded(house) == ROUNDS * len(loads) * MESSAGES
    report.say(
        f"Intake decided in process, batches of {BATCH}",
        [
            {
                "load": load,
                "opportunities a second": round(median(MESSAGES / run.seconds for run in of)),
                "CPU ms each": round(sum(run.ours for run in of) / MESSAGES / ROUNDS * 1000, 2),
                "server CPU ms each": round(sum(run.theirs for run in of) / MESSAGES / ROUNDS * 1000, 2),
                "p50 ms a batch": summary(of)["p50 ms"],
                "× raw insert": round(
                    median(raw.seconds / run.seconds for run, raw in zip(of, raws[load], strict=True)), 3
                ),
            }
            for load, of in runs.items()
        ],
    )


def _delivery(message: Outgoing, sequence: int) -> Delivery:
    now = datetime.now(UTC)
    return Delivery(message.body, message.headers, Wiring().subject(message.kind), Wiring().stream, sequence, now)
