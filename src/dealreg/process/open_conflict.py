"""Every overlap opens a conflict, or joins the open one, in the save that found it (rules.md sections 1a and 3)."""

from uuid import UUID

from dealreg.conflict import events as facts
from dealreg.conflict.events import Kind, Party
from dealreg.conflict.state import CONFLICT
from dealreg.file.events import ClaimContested, ConflictOpened
from dealreg.file.overlap import Relation
from dealreg.file.state import Claim
from dealreg.process.case import Case
from dealreg.process.conflict_clock import evidence_limit, ruling_limit, set_clock
from dealreg.process.review_clock import stop_review
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
        if line == claim.line and incumbent.registration in parties and _takes_in(case, conflict, kind):
            _join(case, conflict, challenger, line, ground)
            return conflict
    conflict = conflict_id(event_id(case.stream, case.situation.version(case.stream) + 1))
    evidence_to, ruling_to = min(evidence_limit(case), ruling_limit(case)), ruling_limit(case)
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
            ruling_to=ruling_to,
            managers=tuple(dict.fromkeys((*claim.managers, *managers))),
            evidence_to=evidence_to,
        ),
    )
    sides = (incumbent.registration, challenger.registration)
    case.record(ConflictOpened(customer=case.customer, line=claim.line, conflict=conflict, parties=sides))
    set_clock(case, conflict, evidence_to=evidence_to, ruling_to=ruling_to)
    return conflict


def _takes_in(case: Case, conflict: UUID, kind: Kind) -> bool:
    """Two that a merge brought together are a conflict by themselves; a newcomer's is another (ROE-24)."""
    detected = case.situation.of(CONFLICT, conflict).detected
    return Kind.IDENTITY not in {kind, detected.kind if detected is not None else None}


def _join(case: Case, conflict: UUID, challenger: Party, line: str, ground: str) -> None:
    """A newcomer has its own time for evidence, as long as the ruling is not due."""
    state = case.situation.of(CONFLICT, conflict)
    if state.party(challenger.registration) is not None:
        return
    evidence_to = min(evidence_limit(case), state.ruling_to or evidence_limit(case))
    joined = facts.ChallengerJoined(
        conflict=conflict,
        challenger=challenger,
        ground=ground,
        joined_at=case.now,
        evidence_to=evidence_to if evidence_to > case.now else None,
    )
    state = case.situation.record(CONFLICT, conflict, joined)
    parties = tuple(party.registration for party in state.parties)
    case.record(ConflictOpened(customer=case.customer, line=line, conflict=conflict, parties=parties))
    set_clock(case, conflict, evidence_to=state.evidence_to)


def contest(case: Case, claim: Claim, conflict: UUID, clause: str, reason: str) -> None:
    """The claim holds nothing until the desk rules."""
    stop_review(case, claim, "it is contested")
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
