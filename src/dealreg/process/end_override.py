"""What an override does to a line, and how the line is judged anew when it ends (ROE-21)."""

from datetime import timedelta
from uuid import UUID

from dealreg.engagement.parameters import StoppedClock
from dealreg.engagement.territory import scopes_overlap
from dealreg.engagement.windows import day_end, moved_alike
from dealreg.file.ends import ends_at, protected_to
from dealreg.file.events import LegReleased, LegReturned, OverrideBegan, OverrideLifted, Verb
from dealreg.file.state import LIVE, ActiveOverride, Claim, Leg, LegState
from dealreg.override.events import Ground, OverrideEnded, OverrideProposed
from dealreg.override.state import OVERRIDE, Life
from dealreg.process.case import Case
from dealreg.process.free_line import after_end, free_line
from dealreg.process.hold_claim import is_closed, queue_or_decline
from dealreg.process.progress_clock import resume_progress
from dealreg.process.settle_claim import settle
from dealreg.process.suspending import suspend_under
from dealreg.vocabulary.ids import PartnerId


def begin_in_file(case: Case, override: UUID, proposed: OverrideProposed) -> None:
    """Let the override act on its line: holders are suspended, a named partner's waiting claim is let in."""
    if proposed.line is None or proposed.scope is None:
        return
    verb = Verb(proposed.verb.value)
    stops = case.rules.clauses.override.clock is StoppedClock.STOPS or proposed.ground is Ground.SUPPLY_CONSTRAINT
    partner = proposed.partners[0] if proposed.partners else None
    case.record(
        OverrideBegan(
            customer=case.customer,
            line=proposed.line,
            override=override,
            verb=verb,
            ground=proposed.ground.value,
            scope=proposed.scope,
            partner=partner,
            stops_clock=stops,
            override_to=proposed.override_to,
        )
    )
    active = next(known for known in case.file.overrides if known.override == override)
    for claim in _concerned(case, active):
        if verb in {Verb.SUSPEND, Verb.REASSIGN} and claim.holds and partner not in {leg.partner for leg in claim.legs}:
            suspend_under(case, claim, active)
    _take_offers_back(case, active)
    for claim in _concerned(case, active):
        if not claim.holds and partner in {leg.partner for leg in claim.legs}:
            settle(case, claim)


def _take_offers_back(case: Case, active: ActiveOverride) -> None:
    """An offer of a line that is closed now cannot be taken: the entry waits at its old place, to be offered the line again."""
    for claim in _concerned(case, active):
        if claim.offer_to is not None and is_closed(case, claim):
            queue_or_decline(case, claim, "ROE-21", "the line is closed by a decision of the manufacturer")


def _concerned(case: Case, active: ActiveOverride) -> list[Claim]:
    """The claims in its scope: where it begins all of them are of the customer that it names, where it ends those that it touched count."""
    return [claim for claim in case.file.living(active.line) if scopes_overlap(case.rules, active.scope, claim.scope)]


def end_in_file(case: Case, override: object, reason: str, *, offer: bool = True) -> None:
    """End the override where it acts on this file, and with it the override itself. ``offer`` is false where another takes its place."""
    active = next((known for known in case.file.overrides if known.override == override), None)
    if active is None:
        return
    lifted = OverrideLifted(
        customer=case.customer, line=active.line, override=active.override, reason=reason, lifted_at=case.now
    )
    case.record(lifted)
    end_override(case, active.override, reason)
    for claim in _concerned(case, active):
        if active.verb in {Verb.ADMIT, Verb.REASSIGN} and active.partner in {leg.partner for leg in claim.legs}:
            _release(case, claim)
    for claim in _concerned(case, active):
        _take_back(case, claim, active)
    if offer:
        free_line(case, active.line, active.scope)


def end_override(case: Case, override: UUID, reason: str) -> None:
    """Record the end once."""
    if case.situation.of(OVERRIDE, override).life is not Life.ENDED:
        ended = OverrideEnded(override=override, reason=reason, ended_at=case.now)
        case.situation.record(OVERRIDE, override, ended)


def _release(case: Case, claim: Claim) -> None:
    """The reassigned leg is released at the end, the admitted one too."""
    if claim.approved_clause != "ROE-21":
        return
    for leg in claim.legs:
        if leg.state in LIVE:
            case.record(
                LegReleased(
                    customer=case.customer,
                    registration=claim.registration,
                    line=claim.line,
                    tier=leg.tier,
                    partner=PartnerId(leg.partner),
                    clause="ROE-21",
                    reason="the override that let it in has ended",
                    released_at=case.now,
                )
            )
    after_end(case, claim, offer=False)


def _take_back(case: Case, claim: Claim, active: ActiveOverride) -> None:
    """Every leg that it suspended returns, or is released where another won the line meanwhile."""
    suspended = [leg for leg in claim.legs if leg.state is LegState.SUSPENDED and leg.suspended_by == active.override]
    won = [leg for leg in suspended if _won_meanwhile(case, claim, leg)]
    for leg in suspended:
        (_give_up if leg in won else _return)(case, claim, leg)
    resume_progress(case, claim, "the override that stopped its clock has ended")
    if won:
        after_end(case, claim, offer=False)


def _won_meanwhile(case: Case, claim: Claim, leg: Leg) -> bool:
    """Whether a partner that was let in after the suspension won the line."""
    return any(
        any(theirs.state is LegState.FULFILLED for theirs in other.legs)
        for (registration, line), other in case.file.claims.items()
        if line == claim.line
        and registration != claim.registration
        and other.first_protected_at is not None
        and leg.suspended_at is not None
        and other.first_protected_at >= leg.suspended_at
        and scopes_overlap(case.rules, other.scope, claim.scope)
    )


def _give_up(case: Case, claim: Claim, leg: Leg) -> None:
    """The line was won by another under the override: there is nothing to return to."""
    released = LegReleased(
        customer=case.customer,
        registration=claim.registration,
        line=claim.line,
        tier=leg.tier,
        partner=PartnerId(leg.partner),
        clause="ROE-31",
        reason="the line was won by another while it was suspended",
        released_at=case.now,
    )
    case.record(released)


def _return(case: Case, claim: Claim, leg: Leg) -> None:
    """The earlier holder returns: stopped, with what was left rounded up to a day's end; running, with its old end."""
    window_to, stop = leg.window_to, leg.hard_stop_at
    if window_to is None or stop is None or leg.suspended_at is None:
        return
    ends = ends_at(leg)
    hold = leg.time.hold_to if leg.time.asked is not None and not leg.time.frozen else None
    if leg.left_seconds is not None:
        ended = protected_to(leg) or window_to
        window_to = day_end(case.now + timedelta(seconds=max(leg.left_seconds, 0)), case.rules.zone)
        stop = moved_alike(stop, old_end=ended, new_end=window_to, zone=case.rules.zone)
        ends, hold = stop if leg.time.frozen else window_to, max(hold, window_to) if hold is not None else None
    case.record(
        LegReturned(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=leg.tier,
            partner=PartnerId(leg.partner),
            override=leg.suspended_by,
            window_to=min(window_to, stop),
            hard_stop_at=stop,
            returned_at=case.now,
            remains_suspended=bool(leg.paused),
            ends_at=ends,
            hold_to=hold,
        )
    )
