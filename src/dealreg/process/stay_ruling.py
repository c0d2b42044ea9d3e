"""The appeal's judge may let a ruling rest: what it newly protected is suspended, and stands again when the stay is over (ROE-29).

A stay takes nothing from who holds and gives nothing to who lost: the line stays closed to all. It ends with the ruling on the appeal, at
the latest when that is due, so that a silent judge takes no protection away.
"""

from datetime import datetime
from uuid import UUID

from dealreg.conflict import events as facts
from dealreg.conflict.state import CONFLICT, Conflict
from dealreg.file.state import HOLDING, Claim, Leg
from dealreg.process.case import Case
from dealreg.process.conflict_clock import judging_limit, set_clock
from dealreg.process.propose_ruling import claim_of
from dealreg.process.suspending import lift, suspend
from dealreg.vocabulary.refused import Closed, NotAllowed

CLAUSE = "ROE-29"


def stay(case: Case, conflict: UUID, state: Conflict, by: str, reason: str) -> None:
    """Suspend every leg that the ruling newly protected. Raises ``Closed``, ``NotAllowed``."""
    if state.stay_to is not None:
        raise Closed("the ruling is stayed already")
    legs = newly_protected(case, state)
    if not legs:
        raise NotAllowed(
            "the ruling protected nobody newly: what there was before it stands, and there is nothing to stay"
        )
    due = state.ruling_to
    stay_to = due if due is not None and due > case.now and state.ruling_to is not None else judging_limit(case)
    stayed = facts.RulingStayed(conflict=conflict, stayed_by=by, reason=reason, stay_to=stay_to, stayed_at=case.now)
    case.situation.record(CONFLICT, conflict, stayed)
    set_clock(case, conflict, stay_to=stay_to)
    for claim, leg in legs:
        suspend(case, claim, leg, CLAUSE, "the ruling is stayed until the appeal is ruled")


def newly_protected(case: Case, state: Conflict) -> list[tuple[Claim, Leg]]:
    """The legs of parties whose protection began with the ruling that stands."""
    if state.ruled is None:
        return []
    ruled_at = state.ruled.ruled_at
    claims = [claim_of(case, state, party) for party in state.parties]
    return [
        (claim, leg)
        for claim in claims
        if claim is not None
        for leg in claim.legs
        if leg.state in HOLDING and (_began(claim, ruled_at) or leg.window_from == ruled_at)
    ]


def _began(claim: Claim, ruled_at: datetime) -> bool:
    """Whether the whole claim is protected by the ruling, and not only a leg that joined since."""
    return claim.first_protected_at is not None and claim.first_protected_at >= ruled_at


def end_stay(case: Case, conflict: UUID, reason: str) -> None:
    """End the stay, if there is one: what it suspended returns, its window having run."""
    state = case.situation.of(CONFLICT, conflict)
    if state.stay_to is None:
        return
    ended = facts.StayEnded(conflict=conflict, reason=reason, ended_at=case.now)
    case.situation.record(CONFLICT, conflict, ended)
    set_clock(case, conflict, stay_to=None)
    for claim, leg in newly_protected(case, state):
        lift(case, claim, leg, CLAUSE, reason)
