"""Who is meant, among many: recall at 10, latency, against a composite trigram index asked in turns, and what *same* is worth.

``make bench ARGS="tests/bench/bench_identity.py --accounts 100000,1000000,5000000"``; five million take a quarter of an hour, 10 GB of disk
and of memory what the machine has. The kinds of change ``HELD_OUT`` and the seed of what is asked were not looked at while the method was chosen.
Checked: nothing is lost that must be there. No time is asserted.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from math import sqrt
from typing import Any

import psycopg
import pytest

from dealreg.matching.comparing import Verdict
from dealreg.matching.profile import Profile
from dealreg.service.embedded.postgres import Postgres
from dealreg.service.identity.candidates import CandidateFound, Candidates
from dealreg.service.ledger.ledger import Ledger
from tests.bench.identity_tables import PREWARM, THRESHOLDS, Trigrams, customer_of, load, own_postgres
from tests.bench.measuring import Figure, Meter, Report, Servers
from tests.bench.perturbing import HELD_OUT, TUNED, Kind, name_and_place, perturbed
from tests.bench.synthetic_accounts import BLOCK, Accounts

SEED, ASKING_SEED = 2026, 1123
PAIRED, ALONE, VERDICTS, FRESH = 400, 2_000, 8_000, 2_000
WARM_UP = 50
BLOCKS = 200


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with own_postgres(tmp_path_factory.mktemp("identity")) as started:
        yield started


@pytest.fixture(scope="module")
def sizes(request: pytest.FixtureRequest) -> list[int]:
    return [int(size) for size in str(request.config.getoption("accounts")).split(",")]


def test_who_is_meant_among_many(server: Postgres, sizes: list[int], report: Report) -> None:
    for size in sizes:
        accounts = Accounts(SEED, size)
        report.say(f"identity: tables of {size:,}", [load(server, accounts)])
        url = server.url(f"accounts_{size}")
        with psycopg.connect(server.url(f"accounts_{size}", login="postgres"), autocommit=True) as connection:
            connection.execute(PREWARM)
        with ExitStack() as opened:
            ledger = opened.enter_context(Ledger(url))
            ours = Candidates(ledger)
            admin = server.url(f"accounts_{size}", login="postgres")
            for threshold in THRESHOLDS:
                with closing(Trigrams(admin, threshold)) as theirs:
                    title = f"identity: in turns with trigrams from {threshold}, {size:,}"
                    report.say(title, _paired(accounts, ours, theirs))
            theirs = opened.enter_context(closing(Trigrams(admin)))
            report.say(f"identity: candidates and score, {size:,}", _alone(accounts, ours, theirs, _pid(server)))
            report.say(f"identity: verdicts, {size:,}", _verdicts(accounts, ours))
        _drop(server, size)


def _pid(server: Postgres) -> int:
    assert server.pid is not None
    return server.pid


def _drop(server: Postgres, size: int) -> None:
    """Five million take 10 GB; the next size need not stand beside them."""
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE accounts_{size} WITH (FORCE)")


def _asked(accounts: Accounts, kinds: dict[str, Kind], many: int, seed: int) -> Iterator[tuple[int, Profile]]:
    """Of so many blocks only, drawn at random: an account is made together with its block."""
    rng = random.Random(seed)
    blocks = [rng.randrange(-(-accounts.size // BLOCK)) for _ in range(BLOCKS)]
    for _ in range(many):
        number = min(rng.choice(blocks) * BLOCK + rng.randrange(BLOCK), accounts.size - 1)
        yield number, perturbed(rng, accounts, accounts.profile(number), kinds)[0]


def _paired(accounts: Accounts, ours: Candidates, theirs: Trigrams) -> list[dict[str, Figure]]:
    """Name and place only, which is all that the trigrams see; each question to both, who is first alternates."""
    ways: dict[str, Callable[[Profile], list[Any]]] = {
        "keys": lambda asked: [one.customer for one in ours.near(asked)],
        "trigrams": theirs.near,
    }
    for _, asked in _asked(accounts, TUNED, WARM_UP, ASKING_SEED + 1):
        for way in ways.values():
            way(name_and_place(asked))
    took: dict[str, list[float]] = {name: [] for name in ways}
    found: dict[str, list[bool]] = {name: [] for name in ways}
    mixed = {**TUNED, **HELD_OUT}
    for turn, (number, asked) in enumerate(_asked(accounts, mixed, PAIRED, ASKING_SEED + 2)):
        for name in sorted(ways, reverse=turn % 2 == 0):
            began = time.perf_counter()
            answer = ways[name](name_and_place(asked))
            took[name].append(time.perf_counter() - began)
            found[name].append(customer_of(number) in answer)
    ratios = sorted(slow / fast for slow, fast in zip(took["trigrams"], took["keys"], strict=True))
    boot = _bootstrap(ratios)
    only = sum(one and not other for one, other in zip(found["keys"], found["trigrams"], strict=True))
    lost = sum(other and not one for one, other in zip(found["keys"], found["trigrams"], strict=True))
    told: dict[str, Figure] = {"times as fast, median": round(ratios[len(ratios) // 2], 1), "of it 95 %": boot}
    told |= {"only the keys found": only, "only the trigrams found": lost}
    rows = [{"way": name, "asked": PAIRED, **_recall(found[name]), **_times(took[name])} for name in ways]
    rows[0] |= told
    return rows


def _alone(accounts: Accounts, ours: Candidates, theirs: Trigrams, pid: int) -> list[dict[str, Figure]]:
    """Candidates and score, by what is told and by the kinds of change; a bare round trip beside it says how quiet the machine is.

    Processor time is the mean of a search, with the round trip beside it and without making the question.
    """
    rows: list[dict[str, Figure]] = []
    meter = Meter(Servers(pid))
    for kinds_name, kinds in (("tuned", TUNED), ("held out", HELD_OUT)):
        for told, less in (("name, country, place", name_and_place), ("whole description", lambda asked: asked)):
            took, bare, found = [], [], []
            questions = [(number, less(asked)) for number, asked in _asked(accounts, kinds, ALONE, ASKING_SEED + 3)]
            with meter.measured() as spent:
                for number, said in questions:
                    began = time.perf_counter()
                    answer = ours.near(said)
                    took.append(time.perf_counter() - began)
                    found.append(customer_of(number) in [one.customer for one in answer])
                    began = time.perf_counter()
                    theirs.nothing()
                    bare.append(time.perf_counter() - began)
            assert any(found)
            bare.sort()
            trip: dict[str, Figure] = {"SELECT 1 p99 ms": round(bare[len(bare) * 99 // 100] * 1000, 2)}
            processor: dict[str, Figure] = {
                "client CPU ms": round(spent.ours / ALONE * 1000, 2),
                "server CPU ms": round(spent.theirs / ALONE * 1000, 2),
            }
            rows.append(
                {
                    "kinds": kinds_name,
                    "told": told,
                    "asked": ALONE,
                    **_recall(found),
                    **_times(took),
                    **processor,
                    **trip,
                }
            )
    return rows


def _verdicts(accounts: Accounts, ours: Candidates) -> list[dict[str, Figure]]:
    """What comes of a whole description: recognised, asked of a person, opened; and of companies that nobody knows."""
    rows: list[dict[str, Figure]] = []
    for kinds_name, kinds in (("tuned", TUNED), ("held out", HELD_OUT)):
        same, right, review, missed = 0, 0, 0, 0
        for number, asked in _asked(accounts, kinds, VERDICTS, ASKING_SEED + 4):
            verdict, customer = _verdict(ours.near(asked))
            same += verdict is Verdict.SAME
            right += verdict is Verdict.SAME and customer == customer_of(number)
            review += verdict is Verdict.POSSIBLE
            missed += verdict is Verdict.DIFFERENT
        shares: dict[str, Figure] = {
            "same": _share(same, VERDICTS),
            "of them right": _interval(right, same),
            "wrong": same - right,
        }
        shares |= {"asked of a person": _share(review, VERDICTS), "different": _share(missed, VERDICTS)}
        rows.append({"who": f"known, {kinds_name}", "asked": VERDICTS, **shares})
    return [*rows, *(_of_nobody(accounts, ours, sisters=sisters) for sisters in (False, True))]


def _of_nobody(accounts: Accounts, ours: Candidates, *, sisters: bool) -> dict[str, Figure]:
    """Companies that are not among those stored: fresh ones, or sisters of known ones in the same house and often the same domain."""
    rng = random.Random(ASKING_SEED + 5)
    told = []
    for number in range(accounts.size + 50_000, accounts.size + 50_000 + FRESH):
        known = accounts.profile(rng.randrange(min(accounts.size, BLOCKS * BLOCK)) if sisters else number)
        asked = accounts.sister(rng, known, number) if sisters else known
        told.append(_verdict(ours.near(perturbed(rng, accounts, asked, TUNED)[0]))[0])
    shares = {verdict: _share(told.count(verdict), FRESH) for verdict in Verdict}
    return {
        "who": "a sister of a known one" if sisters else "known to nobody", "asked": FRESH, "same": shares[Verdict.SAME],
        "wrong": told.count(Verdict.SAME), "asked of a person": shares[Verdict.POSSIBLE], "different": shares[Verdict.DIFFERENT],
    }  # fmt: skip


def _verdict(found: Sequence[CandidateFound]) -> tuple[Verdict, Any]:
    """As the core decides: recognised where exactly one is the same, asked where any is possible."""
    same = [one for one in found if one.comparison.verdict is Verdict.SAME]
    if len(same) == 1:
        return Verdict.SAME, same[0].customer
    possible = any(one.comparison.verdict is not Verdict.DIFFERENT for one in found)
    return (Verdict.POSSIBLE if possible else Verdict.DIFFERENT), None


def _recall(found: Sequence[bool]) -> dict[str, Figure]:
    return {"recall@10": _interval(sum(found), len(found))}


def _times(took: Sequence[float]) -> dict[str, Figure]:
    ordered = sorted(took)
    at = {"p50 ms": 50, "p95 ms": 95, "p99 ms": 99}
    return {
        name: round(ordered[min(len(ordered) * part // 100, len(ordered) - 1)] * 1000, 2) for name, part in at.items()
    }


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}"


def _interval(part: int, whole: int) -> str:
    """A share with Wilson's interval of 95 %."""
    if not whole:
        return "none"
    share, z = part / whole, 1.96
    middle = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole)) / (1 + z * z / whole)
    return f"{share:.4f} ({middle - half:.4f} to {middle + half:.4f})"


def _bootstrap(values: Sequence[float], rounds: int = 1_000) -> str:
    """Where 95 % of the medians of samples drawn anew lie."""
    rng = random.Random(0)
    medians = sorted(sorted(rng.choices(values, k=len(values)))[len(values) // 2] for _ in range(rounds))
    return f"{medians[rounds * 25 // 1000]:.1f} to {medians[rounds * 975 // 1000]:.1f}"
