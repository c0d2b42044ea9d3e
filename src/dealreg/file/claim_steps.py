"""How each fact about a claim as a whole changes the customer file."""

from dataclasses import replace

from dealreg.file import events as facts
from dealreg.file.clocks import Disputable
from dealreg.file.state import LIVE, Claim, CustomerFile, Leg, LegState
from dealreg.file.stepping import Step, all_to, claim_of, with_claim
from dealreg.file.words import Against
from dealreg.vocabulary.fact import Event


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
        reach=event.reach,
    )
    return with_claim(replace(state, customer=event.customer, entries=max(state.entries, event.entry)), claim)


def _held_for_review(state: CustomerFile, event: facts.ClaimHeldForReview) -> CustomerFile:
    """An offer that was accepted is over: silence ends it no more, it waits for the person like any pending claim."""
    changes = {"review_to": event.review_to, "conflict": None, "in_review": True, "offer_to": None}
    return with_claim(state, all_to(claim_of(state, event), LegState.PENDING, **changes))


def _queued(state: CustomerFile, event: facts.ClaimQueued) -> CustomerFile:
    changes = {"queue_clause": event.clause, "not_before": event.not_before, "leaves_at": event.leaves_at}
    claim = all_to(claim_of(state, event), LegState.QUEUED, offer_to=None, conflict=None, review_to=None, **changes)
    return with_claim(state, claim)


def _promoted(state: CustomerFile, event: facts.ClaimPromoted) -> CustomerFile:
    return with_claim(
        state, all_to(claim_of(state, event), LegState.PENDING, queue_clause=None, leaves_at=None, conflict=None)
    )


def _contested(state: CustomerFile, event: facts.ClaimContested) -> CustomerFile:
    return with_claim(
        state, all_to(claim_of(state, event), LegState.CONTESTED, conflict=event.conflict, review_to=None)
    )


def _declined(state: CustomerFile, event: facts.ClaimDeclined | facts.ClaimLinked) -> CustomerFile:
    ended = _ended_as(LegState.DECLINED)(state, event)
    claim = replace(claim_of(ended, event), declined_clause=event.clause)
    if isinstance(event, facts.ClaimDeclined) and event.appeal_to is not None:
        against = Disputable(Against.DECLINE, event.declined_by, event.appeal_to, event.declined_at)
        claim = replace(claim, disputable=against, appealed=False)
    return with_claim(ended, claim)


def _ended_as(to: LegState) -> Step:
    """A step that ends every live leg of a claim in one state."""

    def step(state: CustomerFile, event: facts.FileEvent) -> CustomerFile:
        return with_claim(state, all_to(claim_of(state, event), to, offer_to=None, conflict=None, leaves_at=None))

    return step


def _approved(state: CustomerFile, event: facts.LineApproved) -> CustomerFile:
    claim = claim_of(state, event)
    windows = {(leg.tier, str(leg.partner)): leg for leg in event.legs}
    legs = tuple(_opened(leg, windows.get((leg.tier, leg.partner)), event) for leg in claim.legs)
    starts = [leg.window_from for leg in event.legs]
    first = claim.first_protected_at or min(starts, default=None)
    return with_claim(
        state,
        replace(
            claim,
            legs=legs,
            first_protected_at=first,
            approved_clause=event.clause,
            rulebook_version=event.rulebook_version,
            review_to=None,
            in_review=False,
            conflict=None,
            offer_to=None,
            queue_clause=None,
            not_before=None,
            leaves_at=None,
        ),
    )


def _opened(leg: Leg, window: facts.LegWindow | None, event: facts.LineApproved) -> Leg:
    """A leg that waited is approved; without a window (tender, second under ``graded``) it excludes nobody."""
    if leg.state not in LIVE:
        return leg
    if window is None:
        return replace(leg, state=LegState.APPROVED)
    state = LegState.PROTECTED if window.window_from <= event.approved_at else LegState.APPROVED
    return replace(
        leg,
        state=state,
        window_from=window.window_from,
        window_to=window.window_to,
        hard_stop_at=window.hard_stop_at,
        standing_since=event.approved_at,
    )


def _offered(state: CustomerFile, event: facts.LineOffered) -> CustomerFile:
    return with_claim(state, replace(claim_of(state, event), offer_to=event.offer_to))


def _win_held(state: CustomerFile, event: facts.WinHeldForReview) -> CustomerFile:
    return with_claim(state, replace(claim_of(state, event), win_at=event.won_at))


CLAIM_STEPS: dict[type[Event], Step] = {
    facts.ClaimEntered: _entered,
    facts.ClaimHeldForReview: _held_for_review,
    facts.ClaimQueued: _queued,
    facts.ClaimPromoted: _promoted,
    facts.ClaimContested: _contested,
    facts.ClaimDeclined: _declined,
    facts.ClaimLinked: _declined,
    facts.LineApproved: _approved,
    facts.WinHeldForReview: _win_held,
    facts.LineOffered: _offered,
    facts.OfferEnded: _ended_as(LegState.WITHDRAWN),
    facts.QueueLeft: _ended_as(LegState.WITHDRAWN),
}
