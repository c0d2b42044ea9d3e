"""Every overlap opens a conflict, or joins the open one, in the save that found it (rules.md sections 1a and 3)."""

from datetime import datetime
from uuid import UUID

from dealreg.conflict import events as facts
from dealreg.conflict.events import Input, Kind, Party, Ruling
from dealreg.conflict.state import CONFLICT, Conflict
from dealreg.engagement.business import add_business_days
from dealreg.file.events import ClaimContested, ConflictOpened, ConflictSettled
from dealreg.file.overlap import Relation
from dealreg.file.state import Claim
from dealreg.process.case import Case
from dealreg.vocabulary.fact import event_id
from dealreg.vocabulary.ids import PartnerId, conflict_id
from dealreg.vocabulary.values import Tier

CLAUSES = {
    Kind.COMPLIANCE: "ROE-25",
    Kind.IDENTITY: "ROE-24",
    Kind.VERTICAL_DIRECT: "ROE-19",
    Kind.TIE: "ROE-6",
    Kind.SELLER_OF_RECORD: "ROE-18",
    Kind.CROSS_TIER: "ROE-9",
    Kind.HORIZONTAL_DISTRIBUTOR: "ROE-7",
    Kind.HORIZONTAL_DEALER: "ROE-8",
}
"""The clause that speaks of each kind; a compliance conflict may name another (ROE-23)."""


def kind_of(new: Claim, there: Claim, how: Relation, *, tie: bool) -> Kind:
    """The first kind that fits, in the order of rules.md section 3."""
    if tie:
        return Kind.TIE
    if how is Relation.OUTSIDE:
        dealer_through_another = new.by_dealer and there.party(Tier.DISTRIBUTOR) != new.party(Tier.DISTRIBUTOR)
        return Kind.CROSS_TIER if dealer_through_another else Kind.HORIZONTAL_DISTRIBUTOR
    return Kind.HORIZONTAL_DEALER


def party_of(claim: Claim) -> Party:
    """A claim as a conflict names it."""
    distributor, dealer = claim.party(Tier.DISTRIBUTOR) or claim.party(Tier.MASTER), claim.party(Tier.DEALER)
    return Party(
        registration=claim.registration,
        filed_by=PartnerId(claim.filed_by),
        distributor=PartnerId(distributor) if distributor else None,
        dealer=PartnerId(dealer) if dealer else None,
        priority_at=claim.priority_at,
    )


def opened(case: Case, new: Claim, there: Claim, kind: Kind, ground: str) -> UUID:
    """The conflict between the two: the open one of the line that the other is in, else a new one."""
    return opened_against(case, new, party_of(there), kind, ground, managers=there.managers)


def opened_against(
    case: Case,
    claim: Claim,
    party: Party,
    kind: Kind,
    ground: str,
    *,
    clause: str | None = None,
    managers: tuple[UUID, ...] = (),
    party_challenges: bool = False,
) -> UUID:
    """The conflict of a claim with a party that may be no claim: the incumbent, or the challenger where ``party_challenges``.

    One conflict for each contested line: an open one in which the incumbent is already takes the challenger in. ``clause`` is the one
    that speaks where it is not the kind's own; ``managers`` read the conflict beside those of the claim.
    """
    own = party_of(claim)
    incumbent, challenger = (own, party) if party_challenges else (party, own)
    for conflict, (line, parties) in case.file.conflicts.items():
        if line == claim.line and incumbent.registration in parties:
            _join(case, conflict, challenger, line, ground)
            return conflict
    conflict = conflict_id(event_id(case.stream, case.situation.version(case.stream) + 1))
    parameters = case.rules.clauses.conflicts
    case.situation.record(
        CONFLICT,
        conflict,
        facts.ConflictDetected(
            conflict=conflict,
            customer=case.customer,
            line=claim.line,
            scope=claim.scope,
            kind=kind,
            clause=clause or CLAUSES[kind],
            incumbent=incumbent,
            challenger=challenger,
            ground=ground,
            detected_at=case.now,
            ruling_to=add_business_days(case.situation.asked_at, parameters.ruling_business_days, case.rules),
            managers=tuple(dict.fromkeys((*claim.managers, *managers))),
        ),
    )
    sides = (incumbent.registration, challenger.registration)
    case.record(ConflictOpened(customer=case.customer, line=claim.line, conflict=conflict, parties=sides))
    return conflict


def _join(case: Case, conflict: UUID, challenger: Party, line: str, ground: str) -> None:
    state = case.situation.of(CONFLICT, conflict)
    if state.party(challenger.registration) is not None:
        return
    joined = facts.ChallengerJoined(conflict=conflict, challenger=challenger, ground=ground, joined_at=case.now)
    state = case.situation.record(CONFLICT, conflict, joined)
    parties = tuple(party.registration for party in state.parties)
    case.record(ConflictOpened(customer=case.customer, line=line, conflict=conflict, parties=parties))


def propose(case: Case, conflict: UUID, ruling: Ruling, awarded: UUID, clause: str, reasons: tuple[str, ...]) -> None:
    """State the outcome that the rulebook gives, with what it rests on."""
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


def _inputs(case: Case, state: Conflict) -> tuple[Input, ...]:
    """What was compared, in words that a channel manager reads."""
    doctrine = case.rules.clauses.priority.doctrine
    rows = [Input(name="doctrine", value=f"ROE-4 {doctrine}")]
    for place, party in enumerate(state.parties):
        role = "incumbent" if place == 0 else f"challenger {place}"
        rows.append(Input(name=f"{role} priority time", value=party.priority_at.isoformat()))
        claim = case.file.claims.get((party.registration, state.detected.line)) if state.detected else None
        if claim is not None:
            rows.append(Input(name=f"{role} stands", value=_standing(claim)))
            rows.append(Input(name=f"{role} order of acceptance", value=str(claim.entry)))
    return tuple(rows)


def _standing(claim: Claim) -> str:
    legs = ", ".join(f"{leg.tier} leg {leg.state}{_until(leg.window_to)}" for leg in claim.legs)
    return legs or "no leg"


def _until(end: datetime | None) -> str:
    return f", window to {end.isoformat()}" if end is not None else ""


def rule(
    case: Case, conflict: UUID, ruling: Ruling, awarded: UUID, *, by: str, reason: str, departs: bool = False
) -> None:
    """Record the ruling and, appeals (ROE-29) not being in force, close the conflict."""
    state = case.situation.of(CONFLICT, conflict)
    clause = state.proposal.clause if state.proposal is not None else "ROE-4"
    case.situation.record(
        CONFLICT,
        conflict,
        facts.ConflictRuled(
            conflict=conflict,
            ruling=ruling,
            awarded=awarded,
            clause=clause,
            rulebook_version=case.rules.version,
            ruled_by=by,
            reason=reason,
            departs=departs,
            ruled_at=case.now,
        ),
    )
    close(case, conflict, "ruled; no appeal is in force")


def close(case: Case, conflict: UUID, reason: str) -> None:
    """Close the conflict and free its parties from it."""
    state = case.situation.of(CONFLICT, conflict)
    closed = facts.ConflictClosed(conflict=conflict, reason=reason, closed_at=case.now)
    case.situation.record(CONFLICT, conflict, closed)
    if conflict in case.file.conflicts and state.detected is not None:
        case.record(ConflictSettled(customer=case.customer, line=state.detected.line, conflict=conflict))


def contest(case: Case, claim: Claim, conflict: UUID, clause: str, reason: str) -> None:
    """The claim holds nothing until the desk rules."""
    case.record(
        ClaimContested(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            conflict=conflict,
            clause=clause,
            reason=reason,
        )
    )
