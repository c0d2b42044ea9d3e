"""ROE-15: by when a person decides, in business hours that stand while the claim waits for something else."""

from datetime import datetime, timedelta
from uuid import UUID

from dealreg.engagement.business import add_business_hours, add_business_time, business_time
from dealreg.file.events import ClaimHeldForReview
from dealreg.file.state import Claim, LegState
from dealreg.file.time_events import ReviewClockStopped
from dealreg.process.applies import applies
from dealreg.process.case import Case


def hold_for_review(case: Case, claim: Claim, clause: str, reason: str) -> None:
    """A person decides: the review clock starts, or goes on with what was left of it."""
    clock = case.rules.clauses.review_clock
    left = claim.time.review_left
    review_to: datetime | None = None
    if applies(case, claim, "ROE-15"):
        span = timedelta(seconds=left) if left is not None else timedelta(hours=clock.business_hours)
        review_to = add_business_time(case.now, span, case.rules)
    case.record(
        ClaimHeldForReview(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            clause=clause,
            reason=reason,
            review_to=review_to,
            silence_approves=review_to is not None and clock.silence_approves and clause == "ROE-30",
        )
    )


def decision_due(case: Case, claim: Claim) -> datetime | None:
    """By when a person decides on what is asked of a claim now; ``None`` where no clock is in force."""
    if not applies(case, claim, "ROE-15"):
        return None
    return add_business_hours(case.now, case.rules.clauses.review_clock.business_hours, case.rules)


def stop_review(case: Case, claim: Claim, reason: str) -> None:
    """The claim waits for something else than a person: what is left resumes when it is pending again."""
    if claim.review_to is None or not claim.in_review:
        return
    left = timedelta(0) if claim.time.review_overdue else business_time(case.now, claim.review_to, case.rules)
    case.record(
        ReviewClockStopped(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            left_seconds=int(left.total_seconds()),
            reason=reason,
            stopped_at=case.now,
        )
    )


def resume_reviews(case: Case, registration: UUID, reason: str) -> None:
    """What a person asked for came: the clock of each line that waits for a person goes on."""
    for claim in case.file.of_registration(registration):
        if claim.in_review and claim.review_to is None and claim.state_is(LegState.PENDING):
            hold_for_review(case, claim, claim.time.review_clause or "ROE-30", reason)
