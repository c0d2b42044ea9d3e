"""What a partner's stream holds is the same bytes whatever a rival does: no message more, no number, no gap (architecture D9)."""

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dealreg.service.ledger.ledger import Ledger
from dealreg.service.outbox import subscribing
from dealreg.service.outbox.audiences import partner_channel
from dealreg.service.outbox.connecting import connect
from dealreg.service.outbox.jetstream import NatsTaker
from dealreg.service.outbox.partners import Partners
from dealreg.service.outbox.running import catch_up
from tests.fix_histories import DAY, PROGRAM, START, History, another_database
from tests.fix_outbox import enrolled, messages
from tests.properties.test_non_interference import FIRM, RIVAL_MOVES, RIVALS, _own_moves, _rival_moves

TOLD = ("dealer-1", "dist-1")
RIVALLING = ("dealer-2", "dist-3")
"""They have streams too, and are told of theirs."""

_prefixes = itertools.count(1)


def told(servers: Any, template: str, prefix: str, history: History) -> list[list[tuple[Any, ...]]]:
    """Of each partner all that its stream shows: place, subject, and the event without the instant of the clock on the wall."""
    own = f"{prefix}N{next(_prefixes)}"
    with another_database(servers, template) as url, Ledger(url) as ledger, NatsTaker(servers.intake_url) as taker:
        enrolled(*TOLD, *RIVALLING).save(ledger)
        with connect(url) as connection:
            readers = [subscribing.subscribe(connection, PROGRAM, partner) for partner in TOLD]
            for rival in RIVALLING:
                subscribing.subscribe(connection, PROGRAM, rival)
        assert catch_up(url, Partners(taker, prefix=own))
        history.save(ledger)
        assert catch_up(url, Partners(taker, prefix=own))
        found = []
        for reader in readers:
            shown = messages(servers.intake_url, partner_channel(reader, own))
            assert [event["sequence"] for event, _, _ in shown] == [f"{n:020d}" for n in range(1, len(shown) + 1)]
            found.append([
                (subject.removeprefix(own), {**event, "time": None}, headers.get("content-type"))
                for event, subject, headers in shown
            ])  # fmt: skip
        return found


def stories(moves: list[tuple[int, Any, str, int]]) -> tuple[History, History]:
    """The viewers' own facts alone, and with a rival's between them."""
    alone, together, known = History(), History(), set()
    for step in range(5):
        _own_moves(alone, step)
        _own_moves(together, step)
        for when, rival, move, days in moves:
            if when == step:
                moment = START + (step * 20 + days) * DAY
                if rival not in known:
                    known.add(rival)
                    rival.filed(together, moment, entry=2)
                _rival_moves(together, rival, move, moment)
    return alone, together


MOVES = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(RIVALS), st.sampled_from(RIVAL_MOVES), st.integers(0, 19)), max_size=12
)


@given(moves=MOVES)
@settings(max_examples=4, **FIRM)
def test_a_partners_stream_is_the_same_whatever_a_rival_does(servers, _template, nats_url, stream_prefix, moves):  # noqa: PT019 - its value is used
    alone, together = stories(moves)
    seen = told(servers, _template, stream_prefix, alone)
    assert all(seen)
    assert told(servers, _template, stream_prefix, together) == seen


def test_the_comparison_sees_a_difference(servers, _template, nats_url, stream_prefix):  # noqa: PT019 - its value is used
    """Broken on purpose: what becomes of its own claim is told."""
    alone, other = History(), History()
    _own_moves(alone, 0)
    _own_moves(other, 0)
    _own_moves(other, 3)
    assert told(servers, _template, stream_prefix, alone) != told(servers, _template, stream_prefix, other)
