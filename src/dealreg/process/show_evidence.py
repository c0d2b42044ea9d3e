"""Evidence that a party adds while its conflict takes evidence is part of it; what qualifies brings a new proposal (section 3, ROE-26)."""

from datetime import date
from uuid import UUID

from dealreg.conflict.events import EvidenceShown
from dealreg.conflict.state import CONFLICT, Conflict
from dealreg.engagement.windows import local_day
from dealreg.process.case import Case
from dealreg.process.meetings import oldest_proof
from dealreg.process.propose_ruling import claim_of, propose_again


def show_evidence(case: Case, registration: UUID, kind: str, dated_on: date) -> None:
    """Record a proof in every conflict of the registration that still takes evidence."""
    for conflict, (_, parties) in list(case.file.conflicts.items()):
        state = case.situation.of(CONFLICT, conflict)
        if registration not in parties or state.evidence_to is None or case.now >= state.evidence_to:
            continue
        counts = _counts(case, state, registration, dated_on)
        shown = EvidenceShown(
            conflict=conflict,
            registration=registration,
            kind=kind,
            dated_on=dated_on,
            counts=counts,
            shown_at=case.now,
        )
        case.situation.record(CONFLICT, conflict, shown)
        if counts and state.proposal is not None:
            propose_again(
                case, conflict, f"a challenger showed {kind} of {dated_on.isoformat()}, before the incumbent's time"
            )


def _counts(case: Case, state: Conflict, registration: UUID, dated_on: date) -> bool:
    """Section 1a (iii): a challenger's proof dated before the incumbent's priority time, and within the look-back."""
    incumbent, party = state.parties[0], state.party(registration)
    claim = claim_of(case, state, party) if party is not None else None
    if claim is None or registration == incumbent.registration:
        return False
    return oldest_proof(case, claim) <= dated_on < local_day(incumbent.priority_at, case.rules.zone)
