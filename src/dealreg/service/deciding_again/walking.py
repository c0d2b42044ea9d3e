"""One pass over a log: every decision with the states as they were right before it."""

from collections.abc import Iterable, Iterator

from dealreg.service.deciding_again.again import Again, decide_again
from dealreg.service.deciding_again.decision import Decision, decisions
from dealreg.service.deciding_again.past import Past
from dealreg.service.ledger.recorded import Recorded


def walk(facts: Iterable[Recorded]) -> Iterator[tuple[Decision, Past]]:
    """Each decision, and the past before it; the past moves on when the next one is asked for."""
    past = Past()
    for decision in decisions(facts):
        yield decision, past
        past.fold(decision.facts)


def decided_again(facts: Iterable[Recorded]) -> Iterator[Again]:
    """Every decision of a log, made again."""
    for decision, past in walk(facts):
        yield decide_again(decision, past)
