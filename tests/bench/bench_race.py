"""Sixteen partners register one customer at one instant, fifty rounds: who holds, who deadlocks, and how long the last one waits.

Checked: in every round exactly one holds and fifteen wait or are contested, in ours as in the table. Whoever is told to come back
(503 in ours, a broken deadlock in the table) comes back at once, and its time goes on.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count

from dealreg.service.composition import House, dispatch
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.outcomes import Decided, LateOutcome, Outcome
from dealreg.service.settings import Settings
from tests.bench.measuring import Meter, Report, Run, in_turns, median
from tests.bench.peer import Peer
from tests.bench.program import DEALERS, filing

ROUNDS = 50
NUMBERS = count(1)


def _insisting(ask: Callable[[], Outcome], again: Counter[str]) -> str:
    while isinstance(outcome := ask(), LateOutcome):
        again["503"] += 1
    assert isinstance(outcome, Decided), outcome
    return str(outcome.answer["state"])


def test_sixteen_register_one_customer(
    house: House, peer: Peer, meter: Meter, report: Report, settings: Settings
) -> None:
    again: dict[str, Counter[str]] = {"one": Counter(), "sixteen": Counter()}
    ledgers = [Ledger(settings.database_url("app"), pool_size=1) for _ in DEALERS]
    apart = [dispatch(ledger) for ledger in ledgers]
    deadlocks: dict[str, int] = {}
    for number, one in enumerate(apart):  # Connections and caches warm, as on a running day.
        one.decide_batch([filing(next(NUMBERS), next(NUMBERS), number)])

    def racing(call: Callable[[int, int, int], str], _: int) -> Run[str]:
        customer = next(NUMBERS)
        calls = [partial(call, next(NUMBERS), customer, dealer) for dealer in range(len(DEALERS))]
        run = meter.in_flight(len(DEALERS), calls, at_once=True)
        assert Counter(run.answers)["protected"] == 1, run.answers
        assert len(run.answers) == len(DEALERS), "a request was lost"
        return run

    def one_process(number: int, customer: int, dealer: int) -> str:
        return _insisting(lambda: house.dispatcher.submit(filing(number, customer, dealer)), again["one"])

    def processes(number: int, customer: int, dealer: int) -> str:
        request = filing(number, customer, dealer)
        return _insisting(lambda: apart[dealer].decide_batch([request])[0], again["sixteen"])

    def table(way: str, call: Callable[..., str], number: int) -> Run[str]:
        before = peer.deadlocks
        run = racing(lambda n, customer, dealer: call(filing(n, customer, dealer), customer), number)
        deadlocks[way] = deadlocks.get(way, 0) + peer.deadlocks - before
        return run

    runs = in_turns(
        ROUNDS,
        {
            "dealreg, one process": partial(racing, one_process),
            "dealreg, sixteen dispatches": partial(racing, processes),
            "table: insert only": partial(table, "table: insert only", peer.insert_only),
            "table: check, then insert": partial(table, "table: check, then insert", peer.check_then_insert),
        },
    )
    for ledger in ledgers:
        ledger.close()
    told = {"dealreg, one process": again["one"]["503"], "dealreg, sixteen dispatches": again["sixteen"]["503"]}
    report.say(
        f"Sixteen partners register one customer at one instant, {ROUNDS} rounds",
        [
            {
                "way": way,
                "rounds with one holder": sum(run.answers.count("protected") == 1 for run in of),
                "deadlocks": deadlocks.get(way, 0),
                "asked again": told.get(way, deadlocks.get(way, 0)),
                "median of the last ms": round(median(max(run.took) for run in of) * 1000, 1),
                "p99 ms": round(Run([t for run in of for t in run.took], 1, []).percentile(99), 1),
                "worst ms": round(max(max(run.took) for run in of) * 1000, 1),
            }
            for way, of in runs.items()
        ],
    )
