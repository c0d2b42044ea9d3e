"""What falls due in a conflict stands in the customer file, where the clock and every decision on that customer find it (D17)."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from dealreg.conflict.state import CONFLICT
from dealreg.engagement.business import add_business_days
from dealreg.engagement.windows import SMALLEST, window_end
from dealreg.file.clocks import ConflictClock
from dealreg.file.conflict_events import ConflictClockSet
from dealreg.process.case import Case


def set_clock(case: Case, conflict: UUID, **changes: Any) -> None:
    """Change when something falls due in the conflict: ``evidence_to``, ``ruling_to``, ``stay_to``, ``appeal_to``; None is never."""
    state = case.situation.of(CONFLICT, conflict)
    if state.detected is None:
        return
    parties = tuple(party.registration for party in state.parties)
    known = case.file.clocks.get(conflict) or ConflictClock(conflict, state.detected.line)
    clock = replace(known, parties=parties, **changes)
    if clock == known or not (clock.runs or known.runs):
        return
    case.record(
        ConflictClockSet(
            customer=case.customer,
            line=clock.line,
            conflict=conflict,
            parties=parties,
            evidence_to=clock.evidence_to,
            ruling_to=clock.ruling_to,
            stay_to=clock.stay_to,
            appeal_to=clock.appeal_to,
        )
    )


def evidence_limit(case: Case) -> datetime:
    """Up to when parties that are told now may show evidence."""
    return add_business_days(case.situation.asked_at, case.rules.clauses.conflicts.evidence_business_days, case.rules)


def ruling_limit(case: Case) -> datetime:
    """When a first ruling is due."""
    return add_business_days(case.situation.asked_at, case.rules.clauses.conflicts.ruling_business_days, case.rules)


def judging_limit(case: Case) -> datetime:
    """When the judgement of an appeal is due."""
    return add_business_days(case.situation.asked_at, case.rules.clauses.conflicts.appeal_business_days, case.rules)


def again_limit(case: Case, due_at: datetime) -> datetime:
    """When the breach is told again: business days after the day that ended at ``due_at``."""
    days = case.rules.clauses.conflicts.escalate_every_business_days
    return add_business_days(due_at - SMALLEST, days, case.rules)


def appeal_limit(case: Case) -> datetime | None:
    """Up to when a decision that is told now may be appealed; ``None`` where ROE-29 is not in force."""
    appeal = case.rules.clauses.appeal
    return window_end(case.situation.asked_at, case.rules.zone, appeal.limit_days) if appeal.in_force else None
