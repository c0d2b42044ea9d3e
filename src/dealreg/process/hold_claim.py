"""What keeps a claim from being looked at further: linked, closed by an override, back too soon; and how it waits (section 1a)."""

from datetime import datetime

from dealreg.engagement.territory import scopes_overlap
from dealreg.engagement.windows import last_day, window_end
from dealreg.file.events import ClaimLinked, ClaimQueued, Verb
from dealreg.file.overlap import Relation
from dealreg.file.state import ActiveOverride, Claim, LegState
from dealreg.process.applies import applies, set_aside
from dealreg.process.approve_line import decline
from dealreg.process.case import Case, registration_of
from dealreg.process.meetings import Meeting
from dealreg.process.review_clock import hold_for_review, stop_review

SUPPLY_CONSTRAINT = "supply_constraint"
"""This ground only marks allocation as suspended and stops the holder's clock; it closes no line (ROE-21)."""


def linked(case: Case, claim: Claim, meetings: list[Meeting]) -> bool:
    """ROE-28: the same partner in the same leg on the same line again gains nothing."""
    first = next((m.there for m in meetings if m.how is Relation.SAME and m.there.entry < claim.entry), None)
    if not applies(case, claim, "ROE-28") or first is None:
        return False
    case.record(
        ClaimLinked(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            linked_to=first.registration,
            clause="ROE-28",
            linked_at=case.now,
        )
    )
    return True


def closing(case: Case, claim: Claim) -> ActiveOverride | None:
    """ROE-21: the override that closes the line in the claim's scope; one that reassigns it closes it to all but who is named."""
    if not applies(case, claim, "ROE-21"):
        return None
    return next(
        (
            override
            for override in case.file.overrides
            if _closes(override, claim)
            and override.line == claim.line
            and override.acts_on(claim)
            and scopes_overlap(case.rules, override.scope, claim.scope)
        ),
        None,
    )


def _closes(override: ActiveOverride, claim: Claim) -> bool:
    if override.verb is Verb.REASSIGN:
        return override.partner not in {leg.partner for leg in claim.legs}
    return override.verb is Verb.SUSPEND and override.ground != SUPPLY_CONSTRAINT


def is_closed(case: Case, claim: Claim) -> bool:
    """ROE-21: whether an override closes the line to the claim."""
    return closing(case, claim) is not None


def closed_by_override(case: Case, claim: Claim) -> bool:
    """ROE-21: a line that is closed takes no claim, the queue waits. True when that settles the claim."""
    if not is_closed(case, claim):
        return False
    queue_or_decline(case, claim, "ROE-21", "the line is closed by a decision of the manufacturer")
    return True


def letting_in(case: Case, claim: Claim) -> ActiveOverride | None:
    """ROE-21 ``admit`` and ``reassign``: the override that lets this claim's partner onto the line."""
    partners = {leg.partner for leg in claim.legs}
    return next(
        (
            override
            for override in case.file.overrides
            if override.verb in {Verb.ADMIT, Verb.REASSIGN}
            and override.line == claim.line
            and override.acts_on(claim)
            and override.partner in partners
            and scopes_overlap(case.rules, override.scope, claim.scope)
        ),
        None,
    )


def too_soon(case: Case, claim: Claim) -> bool:
    """ROE-12: after a lapse the same partner at the same tier is protected on that line again only after so many days."""
    lapse = case.rules.clauses.lapse
    if claim.not_before is not None or not applies(case, claim, "ROE-12"):
        return False
    ends = [
        window_end(past.ended_at, case.rules.zone, lapse.again_after_days)
        for past in case.file.ended
        if past.line == claim.line
        and any((leg.tier, leg.partner) == (past.tier, past.partner) for leg in claim.legs)
        and scopes_overlap(case.rules, past.scope, claim.scope)
    ]
    again = max(ends, default=None)
    if again is None or again <= case.now:
        return False
    if claim.in_review and claim.time.review_clause == "ROE-12":
        return False
    if newer_evidence(case, claim):
        words = "it comes back sooner than the rulebook allows, with evidence dated after the end: a person accepts it or not"
        hold_for_review(case, claim, "ROE-12", words)
        return True
    queue_or_decline(
        case, claim, "ROE-12", "the same partner's protection of this line ended too recently", not_before=again
    )
    return True


def newer_evidence(case: Case, claim: Claim) -> bool:
    """Whether a proof of the registration is dated after the latest end by time of the partner's own protection there."""
    ends = [
        past.ended_at
        for past in case.file.ended
        if past.line == claim.line and any((leg.tier, leg.partner) == (past.tier, past.partner) for leg in claim.legs)
    ]
    proofs = registration_of(case.situation, claim.registration).evidence
    return bool(ends) and any(proof.dated_on > last_day(max(ends), case.rules.zone) for proof in proofs)


def queue_or_decline(
    case: Case,
    claim: Claim,
    clause: str,
    reason: str,
    *,
    not_before: datetime | None = None,
    conflict_named: bool = False,
) -> None:
    """Refused for an overlap only: it waits where the queue is in use, else it is declined (section 1a ii)."""
    queue = case.rules.clauses.queue
    if not queue.in_use:
        decline(case, claim, clause, reason, disputable=not conflict_named)
        return
    if claim.state_is(LegState.QUEUED) and claim.queue_clause == clause and claim.offer_to is None:
        return
    stop_review(case, claim, "it waits in the queue")
    case.record(
        ClaimQueued(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            clause=clause,
            reason=reason + set_aside(case, claim),
            conflict=claim.conflict if conflict_named else None,
            not_before=not_before,
            leaves_at=window_end(claim.completed_at, case.rules.zone, queue.entry_days),
        )
    )
