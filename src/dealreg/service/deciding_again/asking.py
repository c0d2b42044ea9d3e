"""Decisions of a ledger explained: found by what they are about, with every stream that they read, and made again in one pass."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

from dealreg.service.deciding_again.decision import Decision
from dealreg.service.deciding_again.told import DecisionTold, decision_told
from dealreg.service.deciding_again.walking import walk
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.past.moment import Moment
from dealreg.service.replay import Replay
from dealreg.vocabulary.ids import file_stream
from dealreg.vocabulary.refused import Unknown

Concerns = Callable[[Recorded], bool]


class Decisions:
    """The decisions of one program, as they stand in the ledger at a moment."""

    def __init__(self, replay: Replay, program: str, moment: Moment, sentences: dict[str, str]) -> None:
        """``sentences`` say what each clause says."""
        self._replay, self._program, self._moment, self._sentences = replay, program, moment, sentences

    def about(self, streams: Sequence[UUID], concerns: Concerns = lambda _: True) -> tuple[DecisionTold, ...]:
        """Every decision that made a fact in one of these streams that ``concerns`` lets count, in order. Raises ``Unavailable``."""
        own = [fact for fact in self._facts(streams) if concerns(fact)]
        wanted = {(fact.originator_id, fact.originator_version) for fact in own}
        read = {UUID(stream) for fact in own for stream in fact.meta.read}
        found = walk(self._all(sorted({*read, *(fact.originator_id for fact in own)})))
        return tuple(
            decision_told(decision, past, self._sentences) for decision, past in found if _has(decision, wanted)
        )

    def named(self, identity: str) -> tuple[DecisionTold, ...]:
        """The decision of an event's id, ``<stream>:<version>``, or all that made facts in a stream or in a customer's file.

        Raises ``Unknown`` where the program has none, and ``Unavailable``.
        """
        stream, _, version = identity.partition(":")
        try:
            named, number = UUID(stream), int(version) if version else None
        except ValueError:
            raise _nothing() from None
        found = self.about([named], lambda fact: number in {None, fact.originator_version})
        found = found or (self.about([file_stream(self._program, named)]) if number is None else ())
        if not found:
            raise _nothing()
        return found

    def _facts(self, streams: Sequence[UUID]) -> Iterator[Recorded]:
        """Those of this program alone: an id is no permission."""
        return (fact for fact in self._all(streams) if fact.meta.program == self._program)

    def _all(self, streams: Sequence[UUID]) -> Iterator[Recorded]:
        return (told.recorded for told in self._replay.facts(streams, self._moment))


def _has(decision: Decision, wanted: AbstractSet[tuple[UUID, int]]) -> bool:
    return any((fact.originator_id, fact.originator_version) in wanted for fact in decision.facts)


def _nothing() -> Unknown:
    return Unknown(
        "nothing of that id was decided by then; name a registration, a conflict, an override, a customer or an event"
    )
