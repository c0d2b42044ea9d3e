"""What the steps of a customer file share: a claim put back, all its legs or one of them changed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dealreg.file import events as facts
from dealreg.file.state import LIVE, Claim, CustomerFile, LegState

Step = Callable[[CustomerFile, Any], CustomerFile]
"""The file before an event, and the event, give the file after it."""


def with_claim(state: CustomerFile, claim: Claim) -> CustomerFile:
    """The file with this claim in place of its former self; the list of live ones follows."""
    claims = {**state.claims, claim.key: claim}
    if claim.live:
        live = state.live if claim.key in state.live else (*state.live, claim.key)
    else:
        live = tuple(key for key in state.live if key != claim.key)
    return replace(state, claims=claims, live=live)


def claim_of(state: CustomerFile, event: facts.FileEvent) -> Claim:
    """The claim that the event is about."""
    return state.claims[(event.registration, event.line)]


def all_to(claim: Claim, to: LegState, **changes: Any) -> Claim:
    """The claim with all legs that have not ended moved to one waiting or ended state."""
    legs = tuple(replace(leg, state=to) if leg.state in LIVE else leg for leg in claim.legs)
    return replace(claim, legs=legs, **changes)


def leg_changed(claim: Claim, event: facts.LegEvent, **changes: Any) -> Claim:
    """The claim with one live leg changed."""
    legs = tuple(
        replace(leg, **changes) if (leg.tier, leg.partner) == (event.tier, event.partner) and leg.state in LIVE else leg
        for leg in claim.legs
    )
    return replace(claim, legs=legs)
