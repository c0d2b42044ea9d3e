"""The limits of conflicts and appeals: evidence closes, a late ruling is told, a stay ends, the time for an appeal passes (section 3).

Silence rules nothing: a breach is told to the role that the rulebook names, and again, and the conflict goes on waiting.
"""

from collections.abc import Iterator
from functools import partial
from uuid import UUID

from dealreg.conflict import events as facts
from dealreg.conflict.state import CONFLICT, Life
from dealreg.file.clocks import ConflictClock
from dealreg.file.conflict_events import AppealOverdue
from dealreg.file.state import ClaimKey
from dealreg.process.case import Case
from dealreg.process.close_conflict import close
from dealreg.process.conflict_clock import again_limit, set_clock
from dealreg.process.due import Due, Rank
from dealreg.process.propose_ruling import propose_again
from dealreg.process.stay_ruling import end_stay


def due_conflicts(case: Case) -> Iterator[Due]:
    """What falls due of conflicts and appeals, in the order in which they were opened."""
    for place, clock in enumerate(case.file.clocks.values()):
        if clock.stay_to is not None:
            yield Due(clock.stay_to, Rank.STAY, place, partial(_stay_over, conflict=clock.conflict))
        if clock.evidence_to is not None:
            yield Due(clock.evidence_to, Rank.ANSWER, place, partial(_evidence_over, conflict=clock.conflict))
        if clock.appeal_to is not None:
            yield Due(clock.appeal_to, Rank.ANSWER, place, partial(_unappealed, conflict=clock.conflict))
        if clock.ruling_to is not None:
            yield Due(clock.ruling_to, Rank.REMINDER, place, partial(_overdue, clock=clock))
    for place, (key, appeal) in enumerate(case.file.appeals.items()):
        yield Due(appeal.ruling_to, Rank.REMINDER, place, partial(_appeal_overdue, key=key))


def _stay_over(case: Case, *, conflict: UUID) -> None:
    end_stay(case, conflict, "the appeal was to be ruled by now; the ruling stands until it is")


def _evidence_over(case: Case, *, conflict: UUID) -> None:
    """A conflict that was referred gets its proposal now; one that has one keeps it."""
    closed = facts.EvidenceClosed(conflict=conflict, closed_at=case.now)
    state = case.situation.record(CONFLICT, conflict, closed)
    set_clock(case, conflict, evidence_to=None)
    if state.life is Life.DETECTED:
        propose_again(case, conflict, "the time for evidence is over")


def _unappealed(case: Case, *, conflict: UUID) -> None:
    close(case, conflict, "the time for an appeal is over")


def _overdue(case: Case, *, clock: ConflictClock) -> None:
    state = case.situation.of(CONFLICT, clock.conflict)
    again_at = again_limit(case, case.now)
    overdue = facts.RulingOverdue(
        conflict=clock.conflict,
        escalate_to=case.rules.clauses.conflicts.escalate_to,
        on_appeal=state.life is Life.APPEALED,
        due_at=case.now,
        again_at=again_at,
    )
    case.situation.record(CONFLICT, clock.conflict, overdue)
    set_clock(case, clock.conflict, ruling_to=again_at)


def _appeal_overdue(case: Case, *, key: ClaimKey) -> None:
    overdue = AppealOverdue(
        customer=case.customer,
        registration=key[0],
        line=key[1],
        escalate_to=case.rules.clauses.conflicts.escalate_to,
        due_at=case.now,
        again_at=again_limit(case, case.now),
    )
    case.record(overdue)
