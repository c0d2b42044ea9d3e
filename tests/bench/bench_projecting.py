"""The read models: facts a second of each, live and rebuilt, against the raw insert of the same bytes (performance.md section 4).

The ledger holds registrations, contested ones and CRM messages as the core decided them, then copies of all of that under other ids, so
that statements find rows to change. Checked: every model reaches the head, and a rebuild gives the rows that are live.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

import psycopg
import pytest

from dealreg.service.composition import House
from dealreg.service.intake.broker import Wiring
from dealreg.service.intake.core import Intake
from dealreg.service.intake.delivery import Delivery, Verdict
from dealreg.service.intake.mapping import load_mappings
from dealreg.service.intake.publishing import Outgoing
from dealreg.service.intake.reading import Reading
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.ledger.recorded import Row
from dealreg.service.projecting.loader import provision
from dealreg.service.projecting.projector import Projector
from dealreg.service.projecting.rebuilding import rebuild
from dealreg.service.settings import Settings
from dealreg.vocabulary.ids import desk_reader, partner_reader, region_reader, rulebook_stream
from tests.bench.library_runner import run_library
from tests.bench.measuring import Figure, Meter, Report
from tests.bench.peer import Peer
from tests.bench.program import DEALERS, DISTRIBUTORS, PROGRAM, TERRITORY, filing, moved, opened
from tests.fix_postgres import past_the_door

COPIES = 3
REGISTRATIONS = 600
CONTESTED = 40
MESSAGES = 600
BATCH = 200
SAVE = 500
STOCK = 3000
NUMBERS = count(1)
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

KEPT = {
    rulebook_stream(PROGRAM),
    desk_reader(PROGRAM),
    region_reader(PROGRAM, TERRITORY),
    *(partner_reader(PROGRAM, partner) for partner in (*DEALERS, *DISTRIBUTORS)),
}
"""Ids that are the same in every copy: the program, its people, its partners."""


def _decided(house: House) -> None:
    """Registrations, some customers with three claims, opportunities that file and move."""
    asked = [filing(next(NUMBERS), next(NUMBERS), n % len(DEALERS)) for n in range(REGISTRATIONS)]
    for _ in range(CONTESTED):
        customer = next(NUMBERS)
        asked += [filing(next(NUMBERS), customer, dealer) for dealer in range(3)]
    for start in range(0, len(asked), BATCH):
        outcomes = house.dispatch.decide_batch(asked[start : start + BATCH])
        assert all(isinstance(outcome, Decided) for outcome in outcomes)
    intake = Intake(house.dispatch, Reading(load_mappings(), PROGRAM))
    now, numbers = datetime.now(UTC), [next(NUMBERS) for _ in range(MESSAGES)]
    told = [opened(n, now, partner=n % 4 > 0) for n in numbers] + [moved(n, now) for n in numbers]
    places = count(1)
    for start in range(0, len(told), BATCH):
        verdicts = intake.process([_delivery(one, next(places)) for one in told[start : start + BATCH]])
        assert set(verdicts) == {Verdict.DONE}


def _delivery(message: Outgoing, sequence: int) -> Delivery:
    now = datetime.now(UTC)
    return Delivery(message.body, message.headers, Wiring().subject(message.kind), Wiring().stream, sequence, now)


def _other(found: bytes, number: int) -> bytes:
    """The same id in another copy."""
    one = UUID(found.decode())
    return found if one in KEPT else str(UUID(int=one.int ^ number)).encode()


def _copy(house: House, url: str) -> int:
    """Everything but the program and its partners, under other ids; the head then."""
    rows = [
        row
        for row in house.ledger.notifications(0, 1_000_000)
        if row.stream not in KEPT and not row.topic.startswith("audit.")
    ]
    position = house.ledger.head()
    with psycopg.connect(url) as owner, past_the_door(owner), owner.cursor() as cursor:
        into = "COPY ledger.events (position, originator_id, originator_version, topic, state, recorded_at, recorded_by) FROM STDIN"
        with cursor.copy(into) as copy:
            for number in range(1, COPIES + 1):
                for row in rows:
                    position += 1
                    state = _UUID.sub(lambda found: _other(found[0], number), row.state)  # noqa: B023 - used within this turn
                    stream = UUID(int=row.stream.int ^ number)
                    copy.write_row((position, stream, row.version, row.topic, state, row.recorded_at, row.recorded_by))
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("ANALYZE ledger.events")
    return position


def _raw(peer: Peer, meter: Meter, rows: Sequence[Row]) -> float:
    """Seconds for the same bytes in saves of the projector's size."""
    with meter.measured() as run:
        for start in range(0, len(rows), SAVE):
            peer.raw(rows[start : start + SAVE])
    return float(run.seconds)


def _library(settings: Settings, meter: Meter) -> float:
    """Facts a second of the library's runner, over the first of the ledger."""
    with meter.measured() as run:
        run_library(settings.database_url(), STOCK)
    return float(STOCK / run.seconds)


@pytest.mark.timeout(1200)
def test_each_read_model(house: House, peer: Peer, meter: Meter, settings: Settings, report: Report) -> None:
    _decided(house)
    head = _copy(house, settings.database_url())
    url = settings.database_url("projector")
    provision(settings.database_url())
    stock = _library(settings, meter)
    rows: list[dict[str, Figure]] = []
    facts = house.ledger.notifications(0, 1_000_000)
    for model in Projector(url).models:
        listened = [row for row in facts if row.topic in set(model.topics)]
        if not listened:
            continue
        raw = _raw(peer, meter, listened)
        with meter.measured() as live:
            assert Projector(url, models=[model.name]).catch_up() == {model.name: head}
        with meter.measured() as anew:
            [built] = rebuild(url, [model.name])
        again = _raw(peer, meter, listened)
        assert (built.applied, built.position) == (len(listened), head)
        rows.append(
            {
                "read model": model.name,
                "facts": len(listened),
                "live, facts a second": round(len(listened) / live.seconds),
                "rebuild, facts a second": round(len(listened) / anew.seconds),
                "ledger passed a second": round(head / live.seconds),
                "projector CPU µs": round(live.ours / len(listened) * 1e6),
                "server CPU µs": round(live.theirs / len(listened) * 1e6),
                "live × raw insert": round((raw + again) / 2 / live.seconds, 3),
                "rebuild × library's runner": round(len(listened) / anew.seconds / stock, 1),
            }
        )
    with meter.measured() as all_models:
        rebuilt = rebuild(url)
    assert [one.differs for one in rebuild(url, check=True) if one.differs] == []
    applied = sum(one.applied for one in rebuilt)
    report.say(f"Read models, {head} facts in the ledger; the library's runner: {stock:.0f} facts a second", rows)
    report.say(
        "Rebuild of all read models, one after another",
        [
            {
                "facts in the ledger": head,
                "facts applied": applied,
                "seconds": round(all_models.seconds, 1),
                "facts applied a second": round(applied / all_models.seconds),
                "facts of the ledger a second": round(head / all_models.seconds),
            }
        ],
    )
