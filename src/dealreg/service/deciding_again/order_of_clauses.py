"""Which clauses a decision tried on each claim that it judged, in their order, and which one answered (rules.md section 1a)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

from dealreg.file.events import FileEvent
from dealreg.vocabulary.fact import Fact
from dealreg.vocabulary.situation import OFF, TRIED, Tried
from dealreg.vocabulary.values import Model

CLOCKS: Final = frozenset({"ROE-14", "ROE-22", "ROE-27"})
"""Looked at for every claim of a file whenever something may be due: told only where they answered."""

BEFORE_THE_FILE: Final = frozenset({"ROE-2"})
"""Tried on the registration as a whole, before it has claims."""


class ClauseTried(Model):
    """A clause as it was tried on a line: it ``answered``, ``let it pass``, is ``off`` in that version, or its guard set it aside."""

    clause: str
    says: str | None
    registration: UUID | None
    line: str | None
    outcome: str


def order_of_clauses(tried: Iterable[Tried], facts: Sequence[Fact], sentences: dict[str, str]) -> Iterator[ClauseTried]:
    """Each clause once for each claim that got a fact, in the order in which it was first tried."""
    answered = _answered(facts)
    judged = {claim for claim, _ in answered} | _claims(facts)
    told: set[tuple[UUID | None, str | None, str]] = set()
    for one in tried:
        claim = (one.registration, one.line)
        hit = (claim, one.clause) in answered
        if one.clause not in BEFORE_THE_FILE and (claim not in judged or (one.clause in CLOCKS and not hit)):
            continue
        key = (*claim, one.clause)
        if key in told and one.outcome is not None:
            continue
        told.add(key)
        yield ClauseTried(
            clause=one.clause,
            says=sentences.get(one.clause),
            registration=one.registration,
            line=one.line,
            outcome="answered" if hit else _outcome(one),
        )


def _outcome(tried: Tried) -> str:
    words = {TRIED: "let it pass", OFF: "off in this version"}
    return words.get(tried.outcome or "", tried.reason or "set aside")


def _claims(facts: Sequence[Fact]) -> set[tuple[UUID | None, str | None]]:
    return {(fact.event.registration, fact.event.line) for fact in facts if isinstance(fact.event, FileEvent)}


def _answered(facts: Sequence[Fact]) -> set[tuple[tuple[UUID | None, str | None], str]]:
    """Of each claim the clauses that its facts name."""
    named = ((fact.event, getattr(fact.event, "clause", None)) for fact in facts if isinstance(fact.event, FileEvent))
    return {((event.registration, event.line), clause) for event, clause in named if clause}
