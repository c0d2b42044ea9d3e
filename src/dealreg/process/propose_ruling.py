"""Every conflict carries a proposal: the outcome that the rulebook gives, with what it rests on (rules.md section 3).

The first is stated with the detection, so that the desk never waits for one; evidence shown in time, a newcomer and a party that leaves
bring a new one where they change what section 1a gives. What stands when evidence closes is what the desk departs from.
"""

from datetime import datetime
from uuid import UUID

from dealreg.conflict import events as facts
from dealreg.conflict.events import Input, Party, PartyStanding, Ruling
from dealreg.conflict.state import CONFLICT, Conflict
from dealreg.engagement.parameters import Doctrine
from dealreg.file.state import Claim
from dealreg.process.case import Case
from dealreg.process.maps import claim_on


def propose(case: Case, conflict: UUID, ruling: Ruling, awarded: UUID, clause: str, reasons: tuple[str, ...]) -> None:
    """State the outcome that the rulebook gives, of all parties that are in; an award to an earlier one goes before."""
    state = case.situation.of(CONFLICT, conflict)
    earlier = _earlier_award(state, ruling, awarded)
    if earlier is not None:
        ruling, awarded, clause, reasons = earlier.ruling, earlier.awarded, earlier.clause, (*earlier.reasons, *reasons)
    state_proposal(case, conflict, ruling, awarded, clause, tuple(dict.fromkeys(reasons)))


def _earlier_award(state: Conflict, ruling: Ruling, awarded: UUID) -> facts.RulingProposed | None:
    """The proposal that stands, where it awards the line to a party that came before the one awarded now."""
    known = state.proposal
    party = state.party(known.awarded) if known is not None else None
    if known is None or party is None or known.ruling is not Ruling.AWARD_CHALLENGER:
        return None
    other = state.party(awarded)
    newer = ruling is Ruling.AWARD_CHALLENGER and other is not None and other.priority_at < party.priority_at
    return None if newer else known


def state_proposal(
    case: Case, conflict: UUID, ruling: Ruling, awarded: UUID, clause: str, reasons: tuple[str, ...]
) -> None:
    """Record a proposal as it is given, with its inputs."""
    state = case.situation.of(CONFLICT, conflict)
    case.situation.record(
        CONFLICT,
        conflict,
        facts.RulingProposed(
            conflict=conflict,
            ruling=ruling,
            awarded=awarded,
            clause=clause,
            rulebook_version=case.rules.version,
            inputs=_inputs(case, state),
            reasons=reasons,
            proposed_at=case.now,
        ),
    )


def propose_again(case: Case, conflict: UUID, reason: str) -> None:
    """A new proposal after evidence, a referral or a departure: as before, or among those that are left."""
    state = case.situation.of(CONFLICT, conflict)
    known = state.proposal
    if state.detected is None or not state.parties:
        return
    if known is not None and state.party(known.awarded) is not None:
        state_proposal(
            case, conflict, known.ruling, known.awarded, known.clause, tuple(dict.fromkeys((*known.reasons, reason)))
        )
        return
    first = min(state.parties, key=lambda party: _rank(case, state, party))
    ruling = Ruling.UPHOLD_INCUMBENT if first == state.parties[0] else Ruling.AWARD_CHALLENGER
    clause = known.clause if known is not None else state.detected.clause
    state_proposal(case, conflict, ruling, first.registration, clause, (reason, "of those that are left it is first"))


def _rank(case: Case, state: Conflict, party: Party) -> tuple[bool, datetime, int]:
    """By priority time, then by order of acceptance; who holds comes first where no earlier time takes it from him (ROE-4)."""
    claim, priority = claim_of(case, state, party), case.rules.clauses.priority
    keeps = priority.doctrine is Doctrine.FIRST_APPROVED or not priority.in_force
    waits = claim is None or not claim.blocks
    return (keeps and waits, party.priority_at, claim.entry if claim is not None else 0)


def claim_of(case: Case, state: Conflict, party: Party) -> Claim | None:
    """The party's claim on the contested line; ``None`` for one that is no claim."""
    if state.detected is None or party.standing is not PartyStanding.CLAIM:
        return None
    return claim_on(case, party.registration, state.detected.line)


def _inputs(case: Case, state: Conflict) -> tuple[Input, ...]:
    """What was compared, in words that a channel manager reads."""
    doctrine = case.rules.clauses.priority.doctrine
    rows = [Input(name="doctrine", value=f"ROE-4 {doctrine}")]
    for place, party in enumerate(state.parties):
        role = "incumbent" if place == 0 else f"challenger {place}"
        rows.append(Input(name=f"{role} priority time", value=party.priority_at.isoformat()))
        claim = claim_of(case, state, party)
        if claim is not None:
            rows.append(Input(name=f"{role} stands", value=_standing(claim)))
            rows.append(Input(name=f"{role} order of acceptance", value=str(claim.entry)))
        else:
            rows.append(Input(name=f"{role} stands", value=party.standing.value.replace("_", " ")))
        rows += [
            Input(name=f"{role} evidence", value=f"{proof.kind} of {proof.dated_on.isoformat()}")
            for proof in state.evidence
            if proof.registration == party.registration
        ]
    return tuple(rows)


def _standing(claim: Claim) -> str:
    legs = ", ".join(f"{leg.tier} leg {leg.state}{_until(leg.window_to)}" for leg in claim.legs)
    return legs or "no leg"


def _until(end: datetime | None) -> str:
    return f", window to {end.isoformat()}" if end is not None else ""
