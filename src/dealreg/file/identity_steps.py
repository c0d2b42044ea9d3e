"""How a question of identity, a merge and its undoing change customer files (ROE-24, architecture D13)."""

from dataclasses import replace

from dealreg.file import identity_events as facts
from dealreg.file.by_value import from_value
from dealreg.file.state import CustomerFile
from dealreg.file.stepping import Step, claim_of, with_claim
from dealreg.file.taking_over import joined, without
from dealreg.vocabulary.fact import Event


def _review_asked(state: CustomerFile, event: facts.IdentityReviewAsked) -> CustomerFile:
    return with_claim(state, replace(claim_of(state, event), identity_to=event.decide_to))


def _review_breached(state: CustomerFile, event: facts.IdentityReviewBreached) -> CustomerFile:
    return with_claim(state, replace(claim_of(state, event), identity_to=None))


def _taken_over(state: CustomerFile, event: facts.ClaimsTakenOver) -> CustomerFile:
    held: CustomerFile = from_value(event.holdings, CustomerFile)
    came = frozenset(claim.came_from for claim in held.claims.values() if claim.came_from is not None)
    native = tuple(
        known if known.came_from else replace(known, spares=known.spares | came) for known in state.overrides
    )
    return replace(joined(replace(state, overrides=native), held), customer=event.customer)


def _closed(state: CustomerFile, event: facts.FileClosed) -> CustomerFile:
    return replace(state, customer=event.customer, closed_into=event.into)


def _given_back(state: CustomerFile, event: facts.ClaimsGivenBack) -> CustomerFile:
    back: CustomerFile = from_value(event.holdings, CustomerFile)
    return without(state, back)


def _reopened(state: CustomerFile, event: facts.FileReopened) -> CustomerFile:
    """What stood here at the closing stood on in the other file: only that counts."""
    held: CustomerFile = from_value(event.holdings, CustomerFile)
    still = CustomerFile(entries=state.entries) if state.closed_into is not None else state
    here = replace(still, customer=event.customer)
    return joined(here, held)


IDENTITY_STEPS: dict[type[Event], Step] = {
    facts.IdentityReviewAsked: _review_asked,
    facts.IdentityReviewBreached: _review_breached,
    facts.ClaimsTakenOver: _taken_over,
    facts.FileClosed: _closed,
    facts.ClaimsGivenBack: _given_back,
    facts.FileReopened: _reopened,
}
