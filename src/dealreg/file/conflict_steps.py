"""How what a conflict, a ruling or an appeal does changes the customer file."""

from dataclasses import replace

from dealreg.file import conflict_events as facts
from dealreg.file.clocks import Appeal, ConflictClock
from dealreg.file.state import CustomerFile, LegState
from dealreg.file.stepping import Step, claim_of, with_claim
from dealreg.vocabulary.fact import Event


def _clock_set(state: CustomerFile, event: facts.ConflictClockSet) -> CustomerFile:
    clock = ConflictClock(
        event.conflict,
        event.line,
        event.parties,
        event.evidence_to,
        event.ruling_to,
        event.stay_to,
        event.appeal_to,
    )
    others = {key: known for key, known in state.clocks.items() if key != event.conflict}
    return replace(state, clocks={**others, event.conflict: clock} if clock.runs else others)


def _narrowed(state: CustomerFile, event: facts.ScopeNarrowed) -> CustomerFile:
    return with_claim(state, replace(claim_of(state, event), scope=event.scope))


def _set_beside(state: CustomerFile, event: facts.ClaimSetBeside) -> CustomerFile:
    claim = claim_of(state, event)
    return with_claim(state, replace(claim, beside=claim.beside | frozenset(event.beside)))


def _restored(state: CustomerFile, event: facts.ClaimRestored) -> CustomerFile:
    """The legs that were declined wait again; one that its partner withdrew stays so."""
    claim = claim_of(state, event)
    declined = LegState.DECLINED
    legs = tuple(replace(leg, state=LegState.PENDING) if leg.state is declined else leg for leg in claim.legs)
    return with_claim(state, replace(claim, legs=legs, declined_clause=None, conflict=None, queue_clause=None))


def _lodged(state: CustomerFile, event: facts.AppealLodged) -> CustomerFile:
    claim = replace(claim_of(state, event), appealed=True)
    if claim.disputable is None:
        return with_claim(state, claim)
    appeal = Appeal(claim.disputable, event.appealed_by, event.ruling_to)
    return replace(with_claim(state, claim), appeals={**state.appeals, claim.key: appeal})


def _overdue(state: CustomerFile, event: facts.AppealOverdue) -> CustomerFile:
    key = (event.registration, event.line)
    return replace(state, appeals={**state.appeals, key: replace(state.appeals[key], ruling_to=event.again_at)})


def _ruled(state: CustomerFile, event: facts.AppealRuled) -> CustomerFile:
    key = (event.registration, event.line)
    return replace(state, appeals={other: known for other, known in state.appeals.items() if other != key})


CONFLICT_STEPS: dict[type[Event], Step] = {
    facts.ConflictClockSet: _clock_set,
    facts.ScopeNarrowed: _narrowed,
    facts.ClaimSetBeside: _set_beside,
    facts.ClaimRestored: _restored,
    facts.AppealLodged: _lodged,
    facts.AppealOverdue: _overdue,
    facts.AppealRuled: _ruled,
}
