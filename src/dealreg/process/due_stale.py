"""Stale facts that were not reconciled in time: the desk decides leg by leg (ROE-22)."""

from collections.abc import Iterator
from functools import partial

from dealreg.file.state import Claim
from dealreg.file.time_events import StaleLimitPassed
from dealreg.process.case import Case
from dealreg.process.due import Due, Rank


def due_stale(case: Case) -> Iterator[Due]:
    """When the limit of each stale claim passes."""
    for claim in case.file.living():
        if claim.time.stale_limit_at is not None:
            yield Due(claim.time.stale_limit_at, Rank.REMINDER, claim.entry, partial(_passed, claim=claim))


def _passed(case: Case, *, claim: Claim) -> None:
    case.record(
        StaleLimitPassed(customer=case.customer, registration=claim.registration, line=claim.line, passed_at=case.now)
    )
