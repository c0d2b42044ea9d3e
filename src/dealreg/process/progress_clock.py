"""ROE-14: the progress clock of a claim starts with protection, counts anew with progress, and stands under stale facts or a stopped clock."""

from datetime import datetime
from uuid import UUID

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.windows import day_end, window_end
from dealreg.file.state import LIVE, Claim
from dealreg.file.time_events import ProgressCounted
from dealreg.file.words import ProgressLimits
from dealreg.process.applies import applies
from dealreg.process.case import Case, registration_of, rules_at
from dealreg.process.stale_clock import freeze_too
from dealreg.process.suspending import lift
from dealreg.vocabulary.situation import Situation


def first_limits(case: Case, claim: Claim, begins: datetime) -> ProgressLimits | None:
    """By when progress is asked for of a claim that is approved, where the rulebook asks for any."""
    return limits_from(case.rules, begins) if applies(case, claim, "ROE-14") else None


def limits_from(rules: RulebookDocument, at: datetime) -> ProgressLimits:
    """The three instants, days counted as those of a window are."""
    progress, zone = rules.clauses.progress, rules.zone
    days = (progress.reminder_days, progress.suspended_days, progress.released_days)
    remind, suspend, release = (window_end(at, zone, count) for count in days)
    return ProgressLimits(remind_at=remind, suspend_at=suspend, release_at=release)


def is_later_stage(situation: Situation, registration: UUID, stage: str | None) -> bool:
    """Whether a stage is beyond all that were reached: going back and forth again is no progress, an unknown stage neither."""
    stages = rules_at(situation, situation.at).stages
    if stage not in stages:
        return False
    reached = [stages.index(one) for one in registration_of(situation, registration).reached if one in stages]
    return stages.index(stage) > max(reached, default=-1)


def count_progress(case: Case | None, registration: UUID, reason: str) -> None:
    """The clocks of the registration's claims count anew, and what ROE-14 suspended returns."""
    if case is None:
        return
    for claim in case.file.of_registration(registration):
        if not claim.holds or not claim.time.counts:
            continue
        limits = None if stands(claim) else limits_from(case.rules_of(claim), case.now)
        _count(case, claim, limits, case.now, reason)
        for leg in claim.legs:
            if leg.state in LIVE:
                lift(case, case.again(claim), leg, "ROE-14", reason)


def stands(claim: Claim) -> bool:
    """Whether the clock stands: the facts are stale (ROE-22), or an override has stopped the clock of a leg (ROE-21)."""
    stopped = any(leg.left_seconds is not None for leg in claim.legs if leg.state in LIVE)
    return stopped or any(leg.time.frozen for leg in claim.legs if leg.state in LIVE)


def resume_progress(case: Case, claim: Claim, reason: str) -> None:
    """What was left goes on, rounded up to a day's end as a window's does; anew, where there was progress meanwhile."""
    claim = case.again(claim)
    time = claim.time
    if time.stood_at is None or not claim.holds or stands(claim):
        return
    rules = case.rules_of(claim)
    if time.progress_at is not None and time.progress_at >= time.stood_at:
        _count(case, claim, limits_from(rules, case.now), time.progress_at, reason)
        return
    instants = (time.remind_at, time.suspend_at, time.release_at)
    moved = [day_end(case.now + (at - time.stood_at), rules.zone) if at is not None else None for at in instants]
    limits = ProgressLimits(remind_at=moved[0], suspend_at=moved[1], release_at=moved[2] or case.now)
    _count(case, claim, limits, time.progress_at or time.stood_at, reason)


def restart_progress(case: Case, claim: Claim, reason: str) -> None:
    """A claim that comes back is given the whole time again; it rides on stale facts where they still are."""
    freeze_too(case, claim)
    claim = case.again(claim)
    if claim.holds and claim.time.counts:
        limits = None if stands(claim) else limits_from(case.rules_of(claim), case.now)
        _count(case, claim, limits, case.now, reason)


def _count(case: Case, claim: Claim, limits: ProgressLimits | None, at: datetime, reason: str) -> None:
    case.record(
        ProgressCounted(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            progress_at=at,
            limits=limits,
            reason=reason,
        )
    )
