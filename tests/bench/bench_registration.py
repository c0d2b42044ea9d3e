"""One registration through the API's command path, against the plain table and the raw insert of the same bytes (performance.md section 2).

Interleaved rounds at one and at sixteen in flight: over customers of their own, where nothing conflicts, and over hot ones, where sixteen
dealers ask for each. Checked: of each customer exactly one is protected, and every request is there.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

import pytest

from dealreg.service.composition import House
from dealreg.service.ledger.outcomes import Decided, Outcome
from dealreg.service.ledger.recorded import Row
from tests.bench.measuring import Meter, Report, Run, in_turns, median, ratio, summary
from tests.bench.peer import Peer
from tests.bench.program import DEALERS, filing

ROUNDS = 5
LOADED = 100_000
CALLS = {1: 80, 16: 320}
NUMBERS = count(1)

Asked = list[tuple[int, int]]
"""Customer and dealer of each request."""


def _distinct(calls: int) -> Asked:
    return [(next(NUMBERS), n % len(DEALERS)) for n in range(calls)]


def _hot(calls: int) -> Asked:
    """A dealer after the other at each customer, customers side by side."""
    customers = [next(NUMBERS) for _ in range(calls // len(DEALERS))]
    return [(customer, dealer) for dealer in range(len(DEALERS)) for customer in customers]


def _bytes_of_one(house: House) -> Sequence[Row]:
    """The rows that one registration records."""
    before = house.ledger.head()
    house.dispatcher.submit(filing(next(NUMBERS), next(NUMBERS), 0))
    return house.ledger.notifications(before)


def _one_holder_each(asked: Asked, states: list[str]) -> None:
    assert len(states) == len(asked), "a request was lost"
    assert Counter(states)["protected"] == len({customer for customer, _ in asked}), "not one holder a customer"


def _state(outcome: Outcome) -> str:
    assert isinstance(outcome, Decided), outcome
    return str(outcome.answer["state"])


@pytest.mark.parametrize("customers", ["distinct", "hot"])
@pytest.mark.parametrize("callers", [1, 16])
def test_one_registration(house: House, peer: Peer, meter: Meter, report: Report, callers: int, customers: str) -> None:
    asking = {"distinct": _distinct, "hot": _hot}[customers]
    for _ in range(20):
        rows = _bytes_of_one(house)
    peer.fill(LOADED, filing(0, 0, 0))

    def through(call: Callable[[int, int, int], str], _: int) -> Run[str]:
        asked = asking(CALLS[callers])
        run = meter.in_flight(callers, [partial(call, next(NUMBERS), *one) for one in asked])
        _one_holder_each(asked, run.answers)
        return run

    def ours(number: int, customer: int, dealer: int) -> str:
        return _state(house.dispatcher.submit(filing(number, customer, dealer)))

    def inserted(number: int, customer: int, dealer: int) -> str:
        return peer.insert_only(filing(number, customer, dealer), customer)

    def checked(number: int, customer: int, dealer: int) -> str:
        return peer.check_then_insert(filing(number, customer, dealer), customer)

    runs = in_turns(
        ROUNDS,
        {
            "raw insert of the same bytes": lambda _: meter.in_flight(
                callers, [partial(peer.raw, rows)] * CALLS[callers]
            ),
            "table: insert only": partial(through, inserted),
            "table: check, then insert": partial(through, checked),
            "dealreg": partial(through, ours),
        },
    )
    held, audited = peer.audited()
    assert held == audited, "the audit trail is not whole"
    floor, table = runs["raw insert of the same bytes"], runs["table: check, then insert"]
    report.say(
        f"One registration, {callers} in flight, {customers} customers",
        [
            {
                "way": way,
                **summary(of),
                "rate × raw": round(ratio(of, floor), 3),
                "rate × table": round(ratio(of, table), 2),
            }
            for way, of in runs.items()
        ],
    )
    assert median(run.rate for run in runs["dealreg"]) > 0
