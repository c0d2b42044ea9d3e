"""How each fact about time changes the customer file, and what time adds to the steps of other facts."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from dealreg.file import events as facts
from dealreg.file import time_events as timed
from dealreg.file.clocks import Disputable
from dealreg.file.ends import protected_to
from dealreg.file.state import LIVE, Claim, CustomerFile, Leg
from dealreg.file.stepping import Step, claim_of, leg_changed, with_claim
from dealreg.file.time_state import AskedExtension, LegTime
from dealreg.file.words import Against, LegEnd, ProgressLimits
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Tier


def _claim_time(state: CustomerFile, event: facts.FileEvent, **changes: Any) -> CustomerFile:
    claim = claim_of(state, event)
    return with_claim(state, replace(claim, time=replace(claim.time, **changes)))


def _live(state: CustomerFile, event: facts.LegEvent) -> Leg:
    """The leg that the fact is about: facts about time are made of legs that have not ended."""
    legs = claim_of(state, event).legs
    return next(leg for leg in legs if (leg.tier, leg.partner) == (event.tier, event.partner) and leg.state in LIVE)


def _leg_time(
    state: CustomerFile, event: facts.LegEvent, leg_is: dict[str, Any] | None = None, **changes: Any
) -> CustomerFile:
    claim, leg = claim_of(state, event), _live(state, event)
    return with_claim(state, leg_changed(claim, event, time=replace(leg.time, **changes), **(leg_is or {})))


def _asked(state: CustomerFile, event: timed.ExtensionAsked) -> CustomerFile:
    asked = AskedExtension(event.days, event.held_days, event.asked_by, event.decide_by)
    return _leg_time(state, event, asked=asked)


def _overdue(state: CustomerFile, event: timed.ExtensionOverdue) -> CustomerFile:
    asked = _live(state, event).time.asked
    return _leg_time(state, event, asked=replace(asked, decide_by=None) if asked is not None else None)


def _granted(state: CustomerFile, event: timed.ExtensionGranted) -> CustomerFile:
    """Its window runs again, and what it was protected by meanwhile is over; one that is spent already ends at once.

    What is left of a stopped clock grows by as much.
    """
    leg = _live(state, event)
    spent = event.granted_at if event.window_to <= event.granted_at else None
    added = event.window_to - (protected_to(leg) or event.window_to)
    left = leg.left_seconds + int(added.total_seconds()) if leg.left_seconds is not None else None
    return _leg_time(
        state,
        event,
        {"window_to": event.window_to, "hard_stop_at": event.hard_stop_at, "grace_to": None, "left_seconds": left},
        hold_to=spent,
        price_hold_to=None,
        asked=None,
        extensions=leg.time.extensions + 1,
    )


def _refused(state: CustomerFile, event: timed.ExtensionRefused) -> CustomerFile:
    """A hold ends with the refusal."""
    held = _live(state, event).time.hold_to
    if event.appeal_to is not None:
        against = Disputable(
            Against.EXTENSION, event.refused_by, event.appeal_to, event.refused_at, event.tier, event.partner
        )
        state = with_claim(state, replace(claim_of(state, event), disputable=against, appealed=False))
    return _leg_time(state, event, asked=None, hold_to=min(held, event.refused_at) if held is not None else None)


def _cap_lifted(state: CustomerFile, event: timed.CapLifted) -> CustomerFile:
    return _leg_time(state, event, {"window_to": event.window_to, "grace_to": None}, hold_to=None, price_hold_to=None)


def _hold(state: CustomerFile, event: timed.HoldBegan) -> CustomerFile:
    return _leg_time(state, event, hold_to=event.hold_to)


def _price_hold(state: CustomerFile, event: timed.PriceHoldBegan) -> CustomerFile:
    return _leg_time(state, event, price_hold_to=event.hold_to)


def _limits(limits: ProgressLimits | None) -> dict[str, datetime | None]:
    return {
        "remind_at": limits.remind_at if limits is not None else None,
        "suspend_at": limits.suspend_at if limits is not None else None,
        "release_at": limits.release_at if limits is not None else None,
    }


def _progress(state: CustomerFile, event: timed.ProgressCounted) -> CustomerFile:
    if event.limits is None:
        stood = claim_of(state, event).time.stood_at or event.progress_at
        return _claim_time(state, event, progress_at=event.progress_at, stood_at=stood)
    return _claim_time(state, event, progress_at=event.progress_at, stood_at=None, **_limits(event.limits))


def _reminded(state: CustomerFile, event: timed.ProgressReminded) -> CustomerFile:
    return _claim_time(state, event, remind_at=None)


def _review_stopped(state: CustomerFile, event: timed.ReviewClockStopped) -> CustomerFile:
    claim = claim_of(state, event)
    return with_claim(state, replace(claim, review_to=None, time=replace(claim.time, review_left=event.left_seconds)))


def _review_overdue(state: CustomerFile, event: timed.ReviewOverdue) -> CustomerFile:
    return _claim_time(state, event, review_overdue=True)


def _legs_time(claim: Claim, ends: Iterable[LegEnd], change: Callable[[Leg, LegEnd], LegTime]) -> Claim:
    named = {(end.tier, str(end.partner)): end for end in ends}
    legs = tuple(
        replace(leg, time=change(leg, named[leg.tier, leg.partner]))
        if (leg.tier, leg.partner) in named and leg.state in LIVE
        else leg
        for leg in claim.legs
    )
    return replace(claim, legs=legs)


def _stale(state: CustomerFile, event: timed.FactsWentStale) -> CustomerFile:
    claim = _legs_time(claim_of(state, event), event.legs, lambda leg, _: replace(leg.time, frozen=True))
    stood = claim.time.stood_at or (event.since if claim.time.release_at is not None else None)
    time = replace(claim.time, stale_since=event.since, stale_limit_at=event.limit_at, stood_at=stood)
    return with_claim(state, replace(claim, time=time))


def _limit_passed(state: CustomerFile, event: timed.StaleLimitPassed) -> CustomerFile:
    return _claim_time(state, event, stale_limit_at=None)


def _thaw(leg: Leg, hold_to: datetime | None, at: datetime) -> LegTime:
    return replace(leg.time, frozen=False, thawed_at=at, hold_to=hold_to)


def _reconciled(state: CustomerFile, event: timed.FactsReconciled) -> CustomerFile:
    claim = _legs_time(
        claim_of(state, event), event.legs, lambda leg, end: _thaw(leg, end.hold_to, event.reconciled_at)
    )
    return with_claim(state, replace(claim, time=replace(claim.time, stale_since=None, stale_limit_at=None)))


def _leg_thawed(state: CustomerFile, event: timed.LegThawed) -> CustomerFile:
    claim, leg = claim_of(state, event), _live(state, event)
    return with_claim(state, leg_changed(claim, event, time=_thaw(leg, event.hold_to, event.thawed_at)))


TIME_STEPS: dict[type[Event], Step] = {
    timed.ExtensionAsked: _asked,
    timed.ExtensionOverdue: _overdue,
    timed.ExtensionGranted: _granted,
    timed.ExtensionRefused: _refused,
    timed.CapLifted: _cap_lifted,
    timed.HoldBegan: _hold,
    timed.PriceHoldBegan: _price_hold,
    timed.ProgressCounted: _progress,
    timed.ProgressReminded: _reminded,
    timed.ReviewClockStopped: _review_stopped,
    timed.ReviewOverdue: _review_overdue,
    timed.FactsWentStale: _stale,
    timed.StaleLimitPassed: _limit_passed,
    timed.FactsReconciled: _reconciled,
    timed.LegThawed: _leg_thawed,
}
"""The step of each fact about time."""


def _approved_too(state: CustomerFile, event: facts.LineApproved) -> CustomerFile:
    """Its clocks begin; what it waited by is over."""
    claim = claim_of(state, event)
    legs = tuple(replace(leg, time=LegTime()) if leg.state in LIVE else leg for leg in claim.legs)
    over: dict[str, Any] = {
        "review_left": None,
        "review_overdue": False,
        "review_clause": None,
        "silence_approves": False,
    }
    clock: dict[str, Any] = {
        "counts": event.progress is not None,
        "stood_at": None,
        "progress_at": None,
        **_limits(event.progress),
    }
    time = replace(claim.time, **over, **clock)
    return with_claim(state, replace(claim, legs=legs, time=time))


def _held_too(state: CustomerFile, event: facts.ClaimHeldForReview) -> CustomerFile:
    return _claim_time(
        state,
        event,
        review_clause=event.clause,
        silence_approves=event.silence_approves,
        review_left=None,
        review_overdue=False,
    )


def _no_review(state: CustomerFile, event: facts.FileEvent) -> CustomerFile:
    """It waits for something else than a person; when it is pending again its review begins anew, with what was left."""
    return with_claim(state, replace(claim_of(state, event), in_review=False, review_to=None))


def _promoted_too(state: CustomerFile, event: facts.ClaimPromoted) -> CustomerFile:
    """Nor does it wait for a day any more: what keeps it back is asked again."""
    return _no_review(with_claim(state, replace(claim_of(state, event), not_before=None)), event)


def _joined_too(state: CustomerFile, event: facts.LegJoined) -> CustomerFile:
    claim = claim_of(state, event)
    newest = claim.legs[-1]
    capped = event.capped and newest.tier is Tier.DEALER
    return with_claim(state, replace(claim, legs=(*claim.legs[:-1], replace(newest, time=LegTime(capped=capped)))))


def _suspended_too(state: CustomerFile, event: facts.LegSuspended) -> CustomerFile:
    """Under ROE-14 its instant has come; an override that stops the clock stops that of progress too."""
    claim = claim_of(state, event)
    time = claim.time
    if event.override is None and event.clause == "ROE-14":
        time = replace(time, remind_at=None, suspend_at=None)
    if event.left_seconds is not None and time.release_at is not None:
        time = replace(time, stood_at=time.stood_at or event.suspended_at)
    return with_claim(state, replace(claim, time=time))


def _returned_too(state: CustomerFile, event: facts.LegReturned) -> CustomerFile:
    """What was left of a hold with its clock stopped is its window, and there is no second one."""
    leg = _live(state, event)
    hold, price = leg.time.hold_to, leg.time.price_hold_to
    return _leg_time(
        state,
        event,
        hold_to=max(hold, event.window_to) if hold is not None else None,
        price_hold_to=max(price, event.window_to) if price is not None else None,
    )


def _reopened_too(state: CustomerFile, event: facts.LegReopened) -> CustomerFile:
    """It is not frozen until that is said again; its progress clock is counted anew with it."""
    leg = _live(state, event)
    hold, price = leg.time.hold_to, leg.time.price_hold_to
    return _leg_time(
        state,
        event,
        hold_to=event.window_to if hold is not None else None,
        price_hold_to=event.window_to if price is not None else None,
        asked=None,
        frozen=False,
        thawed_at=None,
    )


ALSO: dict[type[Event], Step] = {
    facts.LineApproved: _approved_too,
    facts.ClaimHeldForReview: _held_too,
    facts.ClaimQueued: _no_review,
    facts.ClaimContested: _no_review,
    facts.ClaimPromoted: _promoted_too,
    facts.LegJoined: _joined_too,
    facts.LegSuspended: _suspended_too,
    facts.LegReturned: _returned_too,
    facts.LegReopened: _reopened_too,
}
"""What is added, after it, to the step of another fact."""


def with_time(steps: dict[type[Event], Step]) -> dict[type[Event], Step]:
    """All steps, those of time among them and added to the others."""
    return {**steps, **TIME_STEPS, **{kind: _both(steps[kind], also) for kind, also in ALSO.items()}}


def _both(first: Step, then: Step) -> Step:
    return lambda state, event: then(first(state, event), event)
