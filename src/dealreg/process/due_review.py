"""When somebody should have decided: on a claim, and on an extension (ROE-15, ROE-13)."""

from collections.abc import Iterator
from functools import partial

from dealreg.file.state import LIVE, Claim, Leg, LegState
from dealreg.file.time_events import ExtensionOverdue, ReviewOverdue
from dealreg.process.case import Case
from dealreg.process.due import Due, Rank
from dealreg.process.settle_claim import approve_unless_met
from dealreg.vocabulary.ids import PartnerId


def due_reviews(case: Case) -> Iterator[Due]:
    """Every decision of a person that this file waits for, save those that are overdue already."""
    for claim in case.file.living():
        if claim.review_to is not None and claim.state_is(LegState.PENDING) and not claim.time.review_overdue:
            yield Due(claim.review_to, Rank.REMINDER, claim.entry, partial(_breached, claim=claim))
        for leg in claim.legs:
            if leg.state in LIVE and leg.time.asked is not None and leg.time.asked.decide_by is not None:
                act = partial(_extension_overdue, claim=claim, leg=leg)
                yield Due(leg.time.asked.decide_by, Rank.REMINDER, claim.entry, act)


def _breached(case: Case, *, claim: Claim) -> None:
    """An event, with escalation; silence approves only where the rulebook says so in so many words."""
    clock = case.rules.clauses.review_clock
    case.record(
        ReviewOverdue(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            escalate_to=clock.escalate_to,
            overdue_at=case.now,
        )
    )
    if claim.time.silence_approves:
        reason = "nobody decided in time, and this rulebook says that silence approves (ROE-15)"
        approve_unless_met(case, case.again(claim), "rulebook", reason)


def _extension_overdue(case: Case, *, claim: Claim, leg: Leg) -> None:
    case.record(
        ExtensionOverdue(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=leg.tier,
            partner=PartnerId(leg.partner),
            escalate_to=case.rules.clauses.review_clock.escalate_to,
            overdue_at=case.now,
        )
    )
