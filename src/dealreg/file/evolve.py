"""How each fact changes the customer file."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from dealreg.file import events as facts
from dealreg.file.state import LIVE, ActiveOverride, Claim, CustomerFile, Ended, Joining, Leg, LegState
from dealreg.vocabulary.fact import Aggregate, Event

Step = Callable[[CustomerFile, Any], CustomerFile]


def evolve(state: CustomerFile, event: Event) -> CustomerFile:
    """The file after the event; an event that no step knows is a bug and raises ``KeyError``."""
    return _STEPS[type(event)](state, event)


def _with(state: CustomerFile, claim: Claim) -> CustomerFile:
    """The file with this claim in place of its former self; the list of live ones follows."""
    claims = {**state.claims, claim.key: claim}
    if claim.live:
        live = state.live if claim.key in state.live else (*state.live, claim.key)
    else:
        live = tuple(key for key in state.live if key != claim.key)
    return replace(state, claims=claims, live=live)


def _claim(state: CustomerFile, event: facts.FileEvent) -> Claim:
    return state.claims[(event.registration, event.line)]


def _waiting(claim: Claim, to: LegState, **changes: Any) -> Claim:  # noqa: ANN401 - fields of Claim
    """The claim with all legs that have not ended moved to one waiting or ended state."""
    legs = tuple(replace(leg, state=to) if leg.state in LIVE else leg for leg in claim.legs)
    return replace(claim, legs=legs, **changes)


def _leg(claim: Claim, event: facts.LegEvent, **changes: Any) -> Claim:  # noqa: ANN401 - fields of Leg
    """The claim with one live leg changed."""
    legs = tuple(
        replace(leg, **changes) if (leg.tier, leg.partner) == (event.tier, event.partner) and leg.state in LIVE else leg
        for leg in claim.legs
    )
    return replace(claim, legs=legs)


def _entered(state: CustomerFile, event: facts.ClaimEntered) -> CustomerFile:
    legs = tuple(Leg(leg.tier, leg.partner, LegState.PENDING) for leg in event.legs)
    claim = Claim(
        registration=event.registration,
        line=event.line,
        scope=event.scope,
        tender=event.tender,
        legs=legs,
        filed_by=event.filed_by,
        by_dealer=event.by_dealer,
        entry=event.entry,
        priority_at=event.priority_at,
        submitted_at=event.submitted_at,
        completed_at=event.completed_at,
        value=event.value,
        opportunity=event.opportunity,
        source=event.source,
        managers=event.managers,
    )
    return _with(replace(state, customer=event.customer, entries=max(state.entries, event.entry)), claim)


def _held_for_review(state: CustomerFile, event: facts.ClaimHeldForReview) -> CustomerFile:
    return _with(state, _waiting(_claim(state, event), LegState.PENDING, review_to=event.review_to, conflict=None))


def _queued(state: CustomerFile, event: facts.ClaimQueued) -> CustomerFile:
    changes = {"queue_clause": event.clause, "not_before": event.not_before, "leaves_at": event.leaves_at}
    claim = _waiting(_claim(state, event), LegState.QUEUED, offer_to=None, conflict=None, review_to=None, **changes)
    return _with(state, claim)


def _promoted(state: CustomerFile, event: facts.ClaimPromoted) -> CustomerFile:
    return _with(state, _waiting(_claim(state, event), LegState.PENDING, queue_clause=None, leaves_at=None))


def _contested(state: CustomerFile, event: facts.ClaimContested) -> CustomerFile:
    return _with(state, _waiting(_claim(state, event), LegState.CONTESTED, conflict=event.conflict, review_to=None))


def _ended_as(to: LegState) -> Step:
    """A step that ends every live leg of a claim in one state."""

    def step(state: CustomerFile, event: facts.FileEvent) -> CustomerFile:
        return _with(state, _waiting(_claim(state, event), to, offer_to=None, conflict=None, leaves_at=None))

    return step


def _approved(state: CustomerFile, event: facts.LineApproved) -> CustomerFile:
    claim = _claim(state, event)
    windows = {(leg.tier, leg.partner): leg for leg in event.legs}
    legs = tuple(_opened(leg, windows[(leg.tier, leg.partner)], event) for leg in claim.legs)
    first = claim.first_protected_at or min(leg.window_from for leg in event.legs)
    return _with(
        state,
        replace(
            claim,
            legs=legs,
            first_protected_at=first,
            review_to=None,
            conflict=None,
            offer_to=None,
            queue_clause=None,
            not_before=None,
            leaves_at=None,
        ),
    )


def _opened(leg: Leg, window: facts.LegWindow, event: facts.LineApproved) -> Leg:
    state = LegState.PROTECTED if window.window_from <= event.approved_at else LegState.APPROVED
    return replace(
        leg,
        state=state,
        window_from=window.window_from,
        window_to=window.window_to,
        hard_stop_at=window.hard_stop_at,
    )


def _began(state: CustomerFile, event: facts.ProtectionBegan) -> CustomerFile:
    return _with(state, _leg(_claim(state, event), event, state=LegState.PROTECTED))


def _grace(state: CustomerFile, event: facts.GraceBegan) -> CustomerFile:
    return _with(state, _leg(_claim(state, event), event, grace_to=event.grace_to))


def _lapsed(state: CustomerFile, event: facts.ProtectionLapsed) -> CustomerFile:
    claim = _claim(state, event)
    past = Ended(event.partner, event.tier, event.line, claim.scope, event.lapsed_at)
    ended = replace(state, ended=(*state.ended, past))
    return _with(ended, _leg(claim, event, state=LegState.LAPSED, ended_at=event.lapsed_at))


def _leg_ended(to: LegState, at: str) -> Step:
    """A step that ends one leg; ``at`` names the event's field with the instant."""

    def step(state: CustomerFile, event: facts.LegEvent) -> CustomerFile:
        claim = _leg(_claim(state, event), event, state=to, ended_at=getattr(event, at))
        return _with(state, claim if claim.live else replace(claim, offer_to=None, conflict=None, leaves_at=None))

    return step


def _reopened(state: CustomerFile, event: facts.LegReopened) -> CustomerFile:
    claim = _claim(state, event)
    legs = tuple(
        replace(
            leg, state=LegState.PROTECTED, window_to=event.window_to, hard_stop_at=event.hard_stop_at, ended_at=None
        )
        if (leg.tier, leg.partner) == (event.tier, event.partner)
        else leg
        for leg in claim.legs
    )
    return _with(state, replace(claim, legs=legs))


def _suspended(state: CustomerFile, event: facts.LegSuspended) -> CustomerFile:
    claim = _leg(
        _claim(state, event),
        event,
        state=LegState.SUSPENDED,
        suspended_by=event.override,
        left_seconds=event.left_seconds,
        suspended_at=event.suspended_at,
    )
    return _with(state, claim)


def _returned(state: CustomerFile, event: facts.LegReturned) -> CustomerFile:
    claim = _leg(
        _claim(state, event),
        event,
        state=LegState.PROTECTED,
        window_to=event.window_to,
        hard_stop_at=event.hard_stop_at,
        suspended_by=None,
        left_seconds=None,
        suspended_at=None,
    )
    return _with(state, claim)


def _offered(state: CustomerFile, event: facts.LineOffered) -> CustomerFile:
    return _with(state, replace(_claim(state, event), offer_to=event.offer_to))


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


def _without_joining(state: CustomerFile, joining: UUID) -> CustomerFile:
    return replace(state, joinings=tuple(known for known in state.joinings if known.joining != joining))


def _joining_ended(state: CustomerFile, event: facts.JoiningEnded) -> CustomerFile:
    return _without_joining(state, event.joining)


def _joined(state: CustomerFile, event: facts.LegJoined) -> CustomerFile:
    claim, window = _claim(state, event), event.leg
    leg = Leg(
        window.tier,
        window.partner,
        LegState.PROTECTED,
        window.window_from,
        window.window_to,
        window.hard_stop_at,
    )
    return _with(_without_joining(state, event.joining), replace(claim, legs=(*claim.legs, leg)))


def _override_began(state: CustomerFile, event: facts.OverrideBegan) -> CustomerFile:
    active = ActiveOverride(
        event.override,
        event.verb,
        event.line,
        event.scope,
        event.partner,
        event.stops_clock,
        event.override_to,
    )
    return replace(state, customer=event.customer, overrides=(*state.overrides, active))


def _override_lifted(state: CustomerFile, event: facts.OverrideLifted) -> CustomerFile:
    rest = tuple(o for o in state.overrides if (o.override, o.line) != (event.override, event.line))
    return replace(state, overrides=rest)


def _conflict_opened(state: CustomerFile, event: facts.ConflictOpened) -> CustomerFile:
    return replace(state, conflicts={**state.conflicts, event.conflict: (event.line, event.parties)})


def _conflict_settled(state: CustomerFile, event: facts.ConflictSettled) -> CustomerFile:
    return replace(state, conflicts={key: value for key, value in state.conflicts.items() if key != event.conflict})


_STEPS: dict[type[Event], Step] = {
    facts.ClaimEntered: _entered,
    facts.ClaimHeldForReview: _held_for_review,
    facts.ClaimQueued: _queued,
    facts.ClaimPromoted: _promoted,
    facts.ClaimContested: _contested,
    facts.ClaimDeclined: _ended_as(LegState.DECLINED),
    facts.ClaimLinked: _ended_as(LegState.DECLINED),
    facts.LineApproved: _approved,
    facts.ProtectionBegan: _began,
    facts.GraceBegan: _grace,
    facts.ProtectionLapsed: _lapsed,
    facts.LegWithdrawn: _leg_ended(LegState.WITHDRAWN, "withdrawn_at"),
    facts.LegReleased: _leg_ended(LegState.RELEASED, "released_at"),
    facts.LegFulfilled: _leg_ended(LegState.FULFILLED, "fulfilled_at"),
    facts.LegReopened: _reopened,
    facts.LegSuspended: _suspended,
    facts.LegReturned: _returned,
    facts.LineOffered: _offered,
    facts.OfferEnded: _ended_as(LegState.WITHDRAWN),
    facts.QueueLeft: _ended_as(LegState.WITHDRAWN),
    facts.JoiningAsked: _joining_asked,
    facts.JoiningEnded: _joining_ended,
    facts.LegJoined: _joined,
    facts.OverrideBegan: _override_began,
    facts.OverrideLifted: _override_lifted,
    facts.ConflictOpened: _conflict_opened,
    facts.ConflictSettled: _conflict_settled,
}

FILE = Aggregate("file", CustomerFile(), evolve)
