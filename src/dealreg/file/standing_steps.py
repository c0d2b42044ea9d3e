"""How a partner's standing, a change of distributor and hiding change the customer file."""

from dataclasses import replace

from dealreg.file import standing_events as facts
from dealreg.file.hiding_events import ShowingAsked
from dealreg.file.state import LIVE, CustomerFile, Leg, LegState
from dealreg.file.stepping import Step, claim_of, leg_changed, with_claim
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Tier


def _noted(state: CustomerFile, event: facts.StandingNoted) -> CustomerFile:
    claim = leg_changed(claim_of(state, event), event, standing=event.standing, standing_since=event.noted_at)
    return with_claim(state, claim)


def _named(state: CustomerFile, event: facts.DistributorNamed) -> CustomerFile:
    """The new leg waits as the claim waits, or is protected with a window of its own; a line in an offer stays offered."""
    claim = claim_of(state, event)
    window = event.window
    if window is None:
        waits = next((leg.state for leg in claim.legs if leg.state in LIVE), LegState.PENDING)
        leg = Leg(Tier.DISTRIBUTOR, event.partner, waits)
    else:
        early = window.window_from > event.named_at
        leg = Leg(
            Tier.DISTRIBUTOR,
            event.partner,
            LegState.APPROVED if early else LegState.PROTECTED,
            window.window_from,
            window.window_to,
            window.hard_stop_at,
            standing_since=event.named_at,
        )
    uppers = tuple(known for known in claim.legs if known.tier is not Tier.DEALER)
    dealers = tuple(known for known in claim.legs if known.tier is Tier.DEALER)
    return with_claim(state, replace(claim, legs=(*uppers, leg, *dealers)))


def _asked(state: CustomerFile, _: ShowingAsked) -> CustomerFile:
    """Only the dealer is told; the claim stands as it stood."""
    return state


STANDING_STEPS: dict[type[Event], Step] = {
    facts.StandingNoted: _noted,
    facts.DistributorNamed: _named,
    ShowingAsked: _asked,
}
