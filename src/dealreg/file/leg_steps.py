"""How each fact about one leg, and about joining, changes the customer file."""

from dataclasses import replace
from uuid import UUID

from dealreg.file import events as facts
from dealreg.file.clocks import Disputable
from dealreg.file.state import Claim, CustomerFile, Ended, Joining, Leg, LegState
from dealreg.file.stepping import Step, claim_of, leg_changed, with_claim
from dealreg.file.words import Against
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Standing


def _began(state: CustomerFile, event: facts.ProtectionBegan) -> CustomerFile:
    return with_claim(state, leg_changed(claim_of(state, event), event, state=LegState.PROTECTED))


def _grace(state: CustomerFile, event: facts.GraceBegan) -> CustomerFile:
    return with_claim(state, leg_changed(claim_of(state, event), event, grace_to=event.grace_to))


def _lapsed(state: CustomerFile, event: facts.ProtectionLapsed) -> CustomerFile:
    claim = claim_of(state, event)
    past = Ended(event.partner, event.tier, event.line, claim.scope, event.lapsed_at)
    ended = replace(state, ended=(*state.ended, past))
    return with_claim(ended, leg_changed(claim, event, state=LegState.LAPSED, ended_at=event.lapsed_at))


def _leg_ended(to: LegState, at: str) -> Step:
    """A step that ends one leg; ``at`` names the event's field with the instant."""

    def step(state: CustomerFile, event: facts.LegEvent) -> CustomerFile:
        under = event.clause if isinstance(event, facts.LegReleased) else None
        claim = leg_changed(claim_of(state, event), event, state=to, ended_at=getattr(event, at), released_under=under)
        if isinstance(event, facts.LegReleased) and event.appeal_to is not None:
            against = Disputable(Against.RELEASE, event.released_by, event.appeal_to, event.released_at)
            claim = replace(claim, disputable=against, appealed=False)
        return with_claim(state, claim if claim.live else replace(claim, offer_to=None, conflict=None, leaves_at=None))

    return step


def _reopened(state: CustomerFile, event: facts.LegReopened) -> CustomerFile:
    """A leg lost in grace has the rest of that grace as its window: there is no second one."""
    claim = claim_of(state, event)
    legs = tuple(
        replace(
            leg,
            state=LegState.PROTECTED,
            window_to=event.window_to,
            grace_to=event.window_to if leg.grace_to is not None else None,
            hard_stop_at=event.hard_stop_at,
            ended_at=None,
            suspended_by=None,
            left_seconds=None,
            suspended_at=None,
            paused=(),
            release_at=None,
            standing=Standing.GOOD,
            standing_since=event.reopened_at,
        )
        if (leg.tier, leg.partner) == (event.tier, event.partner)
        else leg
        for leg in claim.legs
    )
    return with_claim(state, replace(claim, legs=legs))


def _suspended(state: CustomerFile, event: facts.LegSuspended) -> CustomerFile:
    before = claim_of(state, event)
    leg = before.leg(event.tier)
    if event.override is None:
        paused = (*(leg.paused if leg is not None else ()), event.clause)
        limit = event.release_at or (leg.release_at if leg is not None else None)
        return with_claim(state, leg_changed(before, event, state=LegState.SUSPENDED, paused=paused, release_at=limit))
    claim = leg_changed(
        before,
        event,
        state=LegState.SUSPENDED,
        suspended_by=event.override,
        left_seconds=event.left_seconds,
        suspended_at=event.suspended_at,
    )
    return with_claim(state, claim)


def _returned(state: CustomerFile, event: facts.LegReturned) -> CustomerFile:
    """Back to where it stood, or suspended by what else there is."""
    claim = claim_of(state, event)
    leg = claim.leg(event.tier)
    if leg is None:
        return state
    early = leg.window_from is not None and leg.window_from > event.returned_at
    back = LegState.APPROVED if early else LegState.PROTECTED
    if event.override is None:
        paused = tuple(clause for clause in leg.paused if clause != event.clause)
        suspended = bool(paused) or leg.suspended_by is not None
        to = LegState.SUSPENDED if suspended else back
        limit = None if event.clause == "ROE-16" else leg.release_at
        return with_claim(state, leg_changed(claim, event, paused=paused, state=to, release_at=limit))
    return with_claim(state, _override_over(claim, leg, event, LegState.SUSPENDED if leg.paused else back))


def _override_over(claim: Claim, leg: Leg, event: facts.LegReturned, to: LegState) -> Claim:
    """What was left of a grace with its clock stopped is its window, and there is no second one."""
    stopped_in_grace = leg.left_seconds is not None and leg.grace_to is not None
    return leg_changed(
        claim,
        event,
        state=to,
        grace_to=event.window_to if stopped_in_grace else leg.grace_to,
        window_to=event.window_to,
        hard_stop_at=event.hard_stop_at,
        suspended_by=None,
        left_seconds=None,
        suspended_at=None,
    )


def _without_joining(state: CustomerFile, joining: UUID) -> CustomerFile:
    return replace(state, joinings=tuple(known for known in state.joinings if known.joining != joining))


def _joining_asked(state: CustomerFile, event: facts.JoiningAsked) -> CustomerFile:
    joining = Joining(
        event.joining,
        (event.registration, event.line),
        event.tier,
        event.partner,
        event.holder,
        event.asks,
        event.answer_to,
        event.challenger,
        event.invited,
    )
    others = tuple(known for known in state.joinings if known.joining != event.joining)
    return replace(state, joinings=(*others, joining))


def _joining_ended(state: CustomerFile, event: facts.JoiningEnded) -> CustomerFile:
    return _without_joining(state, event.joining)


def _joined(state: CustomerFile, event: facts.LegJoined) -> CustomerFile:
    claim, window = claim_of(state, event), event.leg
    leg = Leg(
        window.tier,
        window.partner,
        LegState.PROTECTED,
        window.window_from,
        window.window_to,
        window.hard_stop_at,
        standing_since=event.joined_at,
    )
    return with_claim(_without_joining(state, event.joining), replace(claim, legs=(*claim.legs, leg)))


LEG_STEPS: dict[type[Event], Step] = {
    facts.ProtectionBegan: _began,
    facts.GraceBegan: _grace,
    facts.ProtectionLapsed: _lapsed,
    facts.LegWithdrawn: _leg_ended(LegState.WITHDRAWN, "withdrawn_at"),
    facts.LegReleased: _leg_ended(LegState.RELEASED, "released_at"),
    facts.LegFulfilled: _leg_ended(LegState.FULFILLED, "fulfilled_at"),
    facts.LegReopened: _reopened,
    facts.LegSuspended: _suspended,
    facts.LegReturned: _returned,
    facts.JoiningAsked: _joining_asked,
    facts.JoiningEnded: _joining_ended,
    facts.LegJoined: _joined,
}
