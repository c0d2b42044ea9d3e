"""What erasure, holds and retention cost in a ledger of 10^5 facts, each against reading what it has to look at.

    make bench ARGS="tests/bench/bench_erasing.py"

The facts are made by the database as a superuser: each is a registration with a contact, of one of a thousand customers.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from dealreg.service.embedded.servers import Servers
from dealreg.service.erasing.erase import erase
from dealreg.service.erasing.letters import mentioning
from dealreg.service.erasing.retention import apply
from dealreg.service.erasing.subjects import Whose
from dealreg.service.ledger.ledger import Ledger
from tests.bench.measuring import Report
from tests.fix_attacks import disarmed, made
from tests.fix_erasing import by
from tests.fix_postgres import TEMPLATE, as_superuser

FACTS = int(os.environ.get("ERASED_FACTS", "100000"))
LETTERS = FACTS // 10
ROUNDS = 5

FACTS_FILL = """
INSERT INTO ledger.events (position, originator_id, originator_version, topic, state, recorded_at, recorded_by)
SELECT m.last + n, md5('deal' || n)::uuid, 1, 'registration_submitted.v1', convert_to(
    '{"meta":{"program":"acme","actor":{"role":"dealer","subject":"s-1"},"effective_at":"2026-02-03T04:05:06Z","build":"0.1.0"},"data":'
    '{"registration":"' || md5('deal' || n)::uuid || '","customer":"' || md5('customer' || n %% 1000)::uuid || '","customer_name":"'
    || repeat('Łódź ', 40) || '","opportunity":null,"contact":{"ref":"' || md5('ref' || n)::uuid || '","digest":"' || repeat('0', 64) || '"}}}', 'UTF8'
), m.at + n * interval '5 microseconds', 'dealreg_app'
FROM (SELECT max(position) AS last, max(recorded_at) AS at FROM ledger.events) AS m, generate_series(1, %s) AS n
"""
HELD_FILL = """
INSERT INTO personal.held (ref, subject, value, salt, stream, program, recorded_at)
SELECT md5('ref' || n)::uuid, 'person ' || n, 'Person ' || n, sha256(n::text::bytea), md5('deal' || n)::uuid, 'acme', '2026-01-01'
FROM generate_series(1, %s) AS n
"""
LETTERS_FILL = """
INSERT INTO intake.dead_letters (stream, sequence, subject, source, bytes, reason, received_at)
SELECT 'CRM', n, 'crm.x', 'org', convert_to('{"contact": "Person ' || n || '", "text": "' || repeat('Lorem \\u00e4 ', 60) || '"}', 'UTF8'), 'shape', now()
FROM generate_series(1, %s) AS n
"""
HOLD = """
INSERT INTO personal.holds (hold, stream, kind, about, folded, matter, reason, placed_by)
SELECT gen_random_uuid(), gen_random_uuid(), 'customer', md5('customer' || n)::uuid::text, '', 'M', 'r', 'd' FROM generate_series(990, 989 + %s) AS n
"""


@pytest.fixture
def filled(servers: Servers, _template: str) -> Iterator[str]:
    url = made(servers, "erased", TEMPLATE)
    with closing(psycopg.connect(as_superuser(url))) as root, disarmed(root):
        for fill, n in ((FACTS_FILL, FACTS), (HELD_FILL, FACTS), (LETTERS_FILL, LETTERS)):
            root.execute(fill.encode(), [n])
    with psycopg.connect(as_superuser(url), autocommit=True) as root:
        root.execute("VACUUM ANALYZE")
    yield url
    with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as root:
        root.execute(b"DROP DATABASE erased WITH (FORCE)")


def _best(work: Callable[[int], object]) -> float:
    """The fewest seconds of some rounds."""
    taken = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        work(number)
        taken.append(time.perf_counter() - began)
    return min(taken)


@pytest.mark.timeout(1800)
def test_what_it_costs(filled: str, report: Report) -> None:
    rows: list[dict[str, float | int | str | None]] = []

    def say(what: str, seconds: float, **more: float | str) -> None:
        rows.append({"what": what, "ms": round(seconds * 1000, 1), **more})

    with Ledger(filled) as ledger, Ledger(filled, role="dealreg_auditor") as auditor:
        people = iter(range(1, FACTS))

        def erased(_: int) -> None:
            # Partners' subjects are looked for in no message, so that this is the erasure alone.
            number = next(people)
            with psycopg.connect(as_superuser(filled)) as root:
                root.execute(
                    "UPDATE personal.held SET subject = 'partner:p:' || %s WHERE subject = 'person ' || %s",
                    [number, number],
                )
                root.execute("UPDATE personal.held SET value = '-' WHERE subject = 'partner:p:' || %s", [number])
            erase(ledger, auditor, Whose(f"partner:p:{number}"), by=by())

        read = _best(lambda _: ledger.run("SELECT sum(position('x'::bytea IN state)) FROM ledger.events"))
        say(f"the states of {FACTS} facts searched once by the database", read)
        say("a person erased, no hold", _best(erased))
        for holds in (1, 10):
            with psycopg.connect(as_superuser(filled)) as root:
                root.execute("DELETE FROM personal.holds")
                root.execute(HOLD.encode(), [holds])
            took = _best(erased)
            say(f"the same, {holds} holds on customers", took, ratio=round(took / read / holds, 2))
        fetched = _best(
            lambda _: ledger.run("SELECT id, subject, bytes, headers::text, detail::text FROM intake.dead_letters")
        )
        say(f"{LETTERS} dead letters read", fetched)
        searched = _best(lambda _: mentioning(ledger, ["Person 77777777"]))
        say(f"{LETTERS} dead letters searched", searched, ratio=round(searched / fetched, 1))
        with psycopg.connect(as_superuser(filled)) as root:
            root.execute("DELETE FROM personal.holds")
        left = ledger.run("SELECT count(*) AS n FROM personal.held")[0]["n"]
        began = time.perf_counter()
        done = apply(auditor, "registrations", ledger.clock(), by())
        took = time.perf_counter() - began
        assert done.deleted == left
        say(f"{left} values retired", took, a_second=round(left / took))
    report.say("erasure", rows)
