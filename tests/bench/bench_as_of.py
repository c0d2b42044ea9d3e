"""What was protected in a region on a day, as known on another: the interval model against the best SQL over an audit-trigger table.

The same history stands in both, in one PostgreSQL. The seed is real on both sides: facts appended to the ledger and projected by the real
statements; a plain table whose audit trigger writes the image of each changed row. Then both are multiplied by SQL under other ids and at
other times. Instants of recording are set to those of the story on both sides: the database's own clock knows only today. Checked: every
way gives the same answer at every pair of instants that is timed.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from dealreg.file import events as filed
from dealreg.file import time_events as timed
from dealreg.file.words import LapseGround
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.projecting.asking import Reading
from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.projector import Projector
from dealreg.vocabulary.fact import Event, Role
from dealreg.vocabulary.ids import StreamId, region_reader
from tests.bench.measuring import Report
from tests.fix_histories import PROGRAM, Claim, History, customer

SEED_DEALS = 2500
"""In the first year, so many each year after."""
REGIONS = 2
ROUNDS = 7
ASKED = 6
DAY = timedelta(days=1)
BEGAN = datetime(2006, 1, 2, 9, tzinfo=UTC)
REGION = "region-1"

SIZES = {"5 years": (5, 5), "20 years": (20, 20)}
"""How long the history is, and how often the seed stands in it: the same deals a year."""

TABLES = """
CREATE SCHEMA peer_past;
CREATE TABLE peer_past.deal_leg (
    registration uuid NOT NULL, partner text NOT NULL, region text NOT NULL, customer uuid NOT NULL, line text NOT NULL,
    state text NOT NULL, window_from timestamptz, ends_at timestamptz, effective_at timestamptz NOT NULL,
    PRIMARY KEY (registration, partner)
);
CREATE INDEX deal_leg_of_region ON peer_past.deal_leg (region);
CREATE TABLE peer_past.audit (
    id bigint GENERATED ALWAYS AS IDENTITY, registration uuid NOT NULL, partner text NOT NULL, region text NOT NULL,
    changed_at timestamptz NOT NULL, effective_at timestamptz NOT NULL, state text NOT NULL, ends_at timestamptz, image jsonb NOT NULL
);
CREATE FUNCTION peer_past.audited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO peer_past.audit (registration, partner, region, changed_at, effective_at, state, ends_at, image)
    VALUES (NEW.registration, NEW.partner, NEW.region, current_setting('peer.at')::timestamptz, NEW.effective_at, NEW.state, NEW.ends_at, to_jsonb(NEW));
    RETURN NULL;
END $$;
CREATE TRIGGER audited AFTER INSERT OR UPDATE ON peer_past.deal_leg FOR EACH ROW EXECUTE FUNCTION peer_past.audited();
"""

INDEXES = """
CREATE INDEX audit_of_leg ON peer_past.audit (registration, partner, changed_at DESC) INCLUDE (effective_at, state, ends_at);
CREATE INDEX audit_of_region ON peer_past.audit (region, registration, partner, changed_at DESC) INCLUDE (effective_at, state, ends_at);
CREATE INDEX audit_held ON peer_past.audit USING gist (region, tstzrange(effective_at, ends_at)) WHERE state IN ('approved', 'protected', 'suspended');
"""

UPSERT = """
INSERT INTO peer_past.deal_leg (registration, partner, region, customer, line, state, window_from, ends_at, effective_at)
VALUES (%(registration)s, %(partner)s, %(region)s, %(customer)s, %(line)s, %(state)s, %(from)s, %(ends)s, %(at)s)
ON CONFLICT (registration, partner) DO UPDATE SET state = excluded.state, window_from = excluded.window_from, ends_at = excluded.ends_at,
    effective_at = excluded.effective_at
"""

HELD = "('approved', 'protected', 'suspended')"

DISTINCT_ON = f"""
SELECT l.registration, l.partner, l.state, l.ends_at, l.image FROM (
    SELECT DISTINCT ON (a.registration, a.partner) a.* FROM peer_past.audit AS a
    WHERE a.region = %(region)s AND a.changed_at <= %(known)s AND a.effective_at <= %(at)s
    ORDER BY a.registration, a.partner, a.changed_at DESC
) AS l WHERE l.state IN {HELD} AND l.ends_at > %(at)s
"""  # constants

LATERAL = f"""
SELECT d.registration, d.partner, l.state, l.ends_at, l.image FROM peer_past.deal_leg AS d
CROSS JOIN LATERAL (
    SELECT a.state, a.ends_at, a.image FROM peer_past.audit AS a
    WHERE a.registration = d.registration AND a.partner = d.partner AND a.changed_at <= %(known)s AND a.effective_at <= %(at)s
    ORDER BY a.changed_at DESC LIMIT 1
) AS l WHERE d.region = %(region)s AND l.state IN {HELD} AND l.ends_at > %(at)s
"""  # constants

ANTI_JOIN = f"""
SELECT a.registration, a.partner, a.state, a.ends_at, a.image FROM peer_past.audit AS a
WHERE a.region = %(region)s AND a.state IN {HELD} AND tstzrange(a.effective_at, a.ends_at) @> %(at)s::timestamptz AND a.changed_at <= %(known)s
    AND NOT EXISTS (
        SELECT FROM peer_past.audit AS b
        WHERE b.registration = a.registration AND b.partner = a.partner AND b.changed_at > a.changed_at AND b.changed_at <= %(known)s
            AND b.effective_at <= %(at)s
    )
"""  # constants

COPY_INTERVALS = """
INSERT INTO protection_intervals_g1.protection_intervals (registration, line, tier, partner, reader, valid_from, valid_to, known_from, known_to, position,
    until_position, span, program, customer, customer_name, filed_by, territory, sites, regions, state, window_from, window_to, fact, event, clause)
SELECT md5(registration::text || c)::uuid, line, tier, partner, reader, valid_from + c * %(apart)s, valid_to + c * %(apart)s, known_from + c * %(apart)s,
    known_to + c * %(apart)s, position, until_position, span, program, customer, customer_name, filed_by, territory, sites, regions, state,
    window_from + c * %(apart)s, window_to + c * %(apart)s, fact, event, clause
FROM protection_intervals_g1.protection_intervals, generate_series(1, %(copies)s) AS c
"""

COPY_AUDIT = """
INSERT INTO peer_past.audit (registration, partner, region, changed_at, effective_at, state, ends_at, image)
SELECT md5(registration::text || c)::uuid, partner, region, changed_at + c * %(apart)s, effective_at + c * %(apart)s, state, ends_at + c * %(apart)s, image
FROM peer_past.audit, generate_series(1, %(copies)s) AS c
"""

COPY_LEGS = """
INSERT INTO peer_past.deal_leg SELECT md5(registration::text || c)::uuid, partner, region, customer, line, state, window_from + c * %(apart)s,
    ends_at + c * %(apart)s, effective_at + c * %(apart)s FROM peer_past.deal_leg, generate_series(1, %(copies)s) AS c
"""


@dataclass(frozen=True)
class Happened:
    """A fact of a deal: recorded at one instant, counting from another, and what the row says after it."""

    recorded: datetime
    effective: datetime
    claim: Claim
    event: Event
    state: str
    ends: datetime | None


def _deals() -> Iterator[Happened]:
    """A year of deals: filed and approved; half are extended; a third is won, which is told late; the others lapse, seen a day late."""
    chance = random.Random(11)
    for number in range(SEED_DEALS):
        claim = Claim(
            f"r{number}", customer(f"c{number}"), f"dist-{number % 40}", territory=f"region-{number % REGIONS}"
        )
        began = BEGAN + timedelta(seconds=chance.randrange(365 * 24 * 3600))
        window = began + 60 * DAY
        before = began - timedelta(seconds=1)
        yield Happened(before, before, claim, claim.entered(1, before), "pending", None)
        yield Happened(began, began, claim, claim.approved(began), "protected", window)
        if chance.random() < 0.5:
            at, window = began + 50 * DAY, began + 120 * DAY
            more: dict[str, Any] = {
                "window_to": window,
                "hard_stop_at": began + 270 * DAY,
                "ends_at": window,
                "granted_by": "x",
                "reason": "x",
            }
            yield Happened(at, at, claim, claim.leg(timed.ExtensionGranted, at, **more), "protected", window)
        if chance.random() < 0.33:
            since = window - (70 * DAY if window - began > 60 * DAY else 60 * DAY)
            won = since + (window - since) * chance.random()
            yield Happened(won + 14 * DAY, won, claim, claim.leg(filed.LegFulfilled, won), "fulfilled", None)
        else:
            lapse = claim.leg(filed.ProtectionLapsed, window, ground=LapseGround.WINDOW)
            yield Happened(window + DAY, window, claim, lapse, "lapsed", None)


def _real(url: str, happened: list[Happened]) -> None:
    """Both sides as they work: append and project; update the plain table, whose trigger writes the image."""
    history = History()
    for one in happened:
        history.add(StreamId(one.claim.file), one.event, one.effective)
    with Ledger(url) as ledger:
        first = ledger.head() + 1
        history.save(ledger, size=500)
    Projector(url, models=["protection_intervals"]).catch_up()
    with psycopg.connect(url) as plain:
        plain.execute(TABLES)
        for one in happened:
            plain.execute("SELECT set_config('peer.at', %s, true)", [one.recorded.isoformat()])
            plain.execute(
                UPSERT,
                {
                    "registration": one.claim.id, "partner": one.claim.distributor, "region": one.claim.territory, "customer": one.claim.customer,
                    "line": one.claim.line, "state": one.state, "from": one.effective, "ends": one.ends, "at": one.effective,
                },
            )  # fmt: skip
    with closing(connect(url)) as connection, connection.transaction():
        connection.execute("CREATE TEMP TABLE recorded (position bigint PRIMARY KEY, at timestamptz NOT NULL)")
        with connection.cursor().copy("COPY recorded FROM STDIN") as copy:
            for number, one in enumerate(happened):
                copy.write_row((first + number, one.recorded))
        connection.execute(
            "UPDATE protection_intervals_g1.protection_intervals AS i SET known_from = f.at, known_to = coalesce(t.at, 'infinity')"
            " FROM recorded AS f, recorded AS r LEFT JOIN recorded AS t ON t.position = r.position"
            " WHERE f.position = i.position AND r.position = coalesce(i.until_position, i.position)"
            " AND i.until_position IS NOT NULL"
        )
        connection.execute(
            "UPDATE protection_intervals_g1.protection_intervals AS i SET known_from = f.at FROM recorded AS f"
            " WHERE f.position = i.position AND i.until_position IS NULL"
        )


def _multiplied(url: str, copies: int, years: int) -> None:
    params = {"copies": copies - 1, "apart": timedelta(days=365 * years) / copies}
    with closing(connect(url)) as connection:
        connection.execute(COPY_INTERVALS, params)
        connection.execute("VACUUM (ANALYZE) protection_intervals_g1.protection_intervals")
    with psycopg.connect(url, autocommit=True) as plain:
        plain.execute("ALTER TABLE peer_past.deal_leg DISABLE TRIGGER audited")
        plain.execute(COPY_LEGS, params)
        plain.execute(COPY_AUDIT, params)
        plain.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        for statement in INDEXES.strip().split(";\n"):
            plain.execute(statement)
        plain.execute("VACUUM (ANALYZE) peer_past.audit")
        plain.execute("VACUUM (ANALYZE) peer_past.deal_leg")


Answer = set[tuple[UUID, str, str]]
Way = Callable[[datetime, datetime], Answer]


def _ways(reading: Reading, plain: psycopg.Connection[dict[str, Any]]) -> dict[str, Way]:
    def intervals(at: datetime, known: datetime) -> Answer:
        params = {"from": at, "to": at + timedelta(microseconds=1), "known": known, "limit": 100_000}
        rows = reading.ask(
            "protection_intervals", "protected", region_reader(PROGRAM, REGION), Role.CHANNEL_MANAGER, params
        )
        return {(row["registration"], row["partner"], row["state"]) for row in rows}

    def peer(statement: str) -> Way:
        def ask(at: datetime, known: datetime) -> Answer:
            rows = plain.execute(statement, {"region": REGION, "at": at, "known": known}, prepare=True).fetchall()
            return {(row["registration"], row["partner"], row["state"]) for row in rows}

        return ask

    return {
        "interval model": intervals,
        "audit: DISTINCT ON": peer(DISTINCT_ON),
        "audit: a probe for each deal": peer(LATERAL),
        "audit: range index, then not corrected": peer(ANTI_JOIN),
    }


@pytest.mark.parametrize("name", list(SIZES))
def test_what_was_protected_then(projected_url: str, report: Report, name: str) -> None:
    years, copies = SIZES[name]
    _real(projected_url, sorted(_deals(), key=lambda one: one.recorded))
    _multiplied(projected_url, copies, years)
    chance = random.Random(3)
    moments = [BEGAN + timedelta(days=chance.randrange(90, years * 365)) for _ in range(ASKED)]
    with (
        Reading(projected_url) as reading,
        psycopg.connect(projected_url, autocommit=True, row_factory=dict_row) as plain,
    ):
        plain.execute("SET jit = off")
        ways = _ways(reading, plain)
        took: dict[str, list[float]] = {way: [] for way in ways}
        found = 0
        for turn in range(ROUNDS):
            for at in moments:
                known = at + 14 * DAY
                answers = {}
                for way, ask in ways.items():
                    began = time.perf_counter()
                    answers[way] = ask(at, known)
                    if turn:  # The first turn reads everything into memory and makes the plans.
                        took[way].append(time.perf_counter() - began)
                assert not any(answer ^ answers["interval model"] for answer in answers.values())
                found += len(answers["interval model"]) if not turn else 0
        sizes = plain.execute(
            "SELECT (SELECT count(*) FROM peer_past.deal_leg) AS legs, (SELECT count(*) FROM peer_past.audit) AS images,"
            " pg_total_relation_size('peer_past.audit') AS bytes"
        ).fetchone()
    with closing(connect(projected_url)) as connection:
        kept = connection.execute(
            "SELECT count(*), pg_total_relation_size('protection_intervals_g1.protection_intervals') FROM protection_intervals_g1.protection_intervals"
        ).fetchone()
    assert sizes is not None
    assert kept is not None
    base = statistics.median(took["interval model"])
    report.say(
        f"what was protected in a region then, as known two weeks later; {name}, {sizes['legs']:,} deals, {found // ASKED} in an answer",
        [
            {
                "way": way,
                "median ms": round(statistics.median(some) * 1000, 2),
                "worst ms": round(max(some) * 1000, 1),
                "× interval model": round(statistics.median(some) / base, 1),
                "rows": kept[0] if way == "interval model" else sizes["images"],
                "MB": round((kept[1] if way == "interval model" else sizes["bytes"]) / 1e6),
            }
            for way, some in took.items()
        ],
    )
