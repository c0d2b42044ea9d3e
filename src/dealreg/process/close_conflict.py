"""A conflict is ruled, loses a party, and is closed (rules.md section 3)."""

from typing import Any
from uuid import UUID

from dealreg.conflict import events as facts
from dealreg.conflict.events import AppealOutcome, Part, Ruling
from dealreg.conflict.state import CONFLICT, Conflict
from dealreg.file.events import ConflictOpened, ConflictSettled
from dealreg.process.case import Case
from dealreg.process.conflict_clock import appeal_limit, set_clock
from dealreg.process.propose_ruling import propose_again

RULEBOOK = "rulebook"


def rule(
    case: Case,
    conflict: UUID,
    ruling: Ruling,
    awarded: UUID,
    *,
    by: str,
    reason: str,
    departs: bool = False,
    parts: tuple[Part, ...] = (),
) -> None:
    """Record the first ruling. It stays open to an appeal up to its limit, and is closed at once where nobody may appeal."""
    state = case.situation.of(CONFLICT, conflict)
    agreed = ruling is Ruling.JOIN and by == RULEBOOK
    appeal_to = None if agreed else appeal_limit(case)
    given = {"departs": departs, "parts": parts, "appeal_to": appeal_to}
    record_ruling(case, conflict, _ruled(case, state, ruling, awarded, by=by, reason=reason, **given))
    if appeal_to is None:
        close(case, conflict, "ruled; both agreed" if agreed else "ruled; no appeal is in force")


def rule_on_appeal(
    case: Case,
    conflict: UUID,
    ruling: Ruling,
    awarded: UUID,
    outcome: AppealOutcome,
    *,
    by: str,
    reason: str,
    parts: tuple[Part, ...] = (),
) -> None:
    """Record a judge's ruling on appeal; final, save that another party may still appeal against a ruling that was upheld."""
    state = case.situation.of(CONFLICT, conflict)
    first_limit = state.first.appeal_to if state.first is not None else None
    waits = outcome is AppealOutcome.UPHELD and first_limit is not None and first_limit > case.now
    appeal_to = first_limit if waits and any(may_appeal(state, party.registration) for party in state.parties) else None
    given = {"parts": parts, "appeal_to": appeal_to, "on_appeal": outcome}
    record_ruling(case, conflict, _ruled(case, state, ruling, awarded, by=by, reason=reason, **given))
    if appeal_to is None:
        close(case, conflict, f"the appeal is ruled: {outcome.value}")


def _ruled(case: Case, state: Conflict, ruling: Ruling, awarded: UUID, **given: Any) -> facts.ConflictRuled:
    if state.detected is None:
        raise TypeError("a conflict is detected before it is ruled")
    return facts.ConflictRuled(
        conflict=state.detected.conflict,
        ruling=ruling,
        awarded=awarded,
        clause=state.proposal.clause if state.proposal is not None else "ROE-4",
        rulebook_version=case.rules.version,
        ruled_by=given["by"],
        reason=given["reason"],
        departs=given.get("departs", False),
        ruled_at=case.now,
        parts=given["parts"],
        appeal_to=given["appeal_to"],
        on_appeal=given.get("on_appeal"),
    )


def record_ruling(case: Case, conflict: UUID, ruled: facts.ConflictRuled) -> Conflict:
    """The ruling in the conflict, and in the file that its parties wait no longer; only the appeal's limit runs on."""
    state = case.situation.record(CONFLICT, conflict, ruled)
    set_clock(case, conflict, evidence_to=None, ruling_to=None, stay_to=None, appeal_to=ruled.appeal_to)
    _settle(case, conflict, state)
    return state


def got_less(state: Conflict, registration: UUID) -> bool:
    """Whether the ruling that stands gave a party less than it claimed (ROE-29)."""
    ruled = state.ruled
    if ruled is None or state.party(registration) is None:
        return False
    if ruled.ruling in {Ruling.UPHOLD_INCUMBENT, Ruling.AWARD_CHALLENGER}:
        return registration != ruled.awarded
    return True


def may_appeal(state: Conflict, registration: UUID) -> bool:
    """Whether a party may appeal: it got less, and has not appealed yet."""
    return got_less(state, registration) and registration not in state.appealed


def close(case: Case, conflict: UUID, reason: str) -> None:
    """Close the conflict and free its parties from it."""
    closed = facts.ConflictClosed(conflict=conflict, reason=reason, closed_at=case.now)
    state = case.situation.record(CONFLICT, conflict, closed)
    set_clock(case, conflict, evidence_to=None, ruling_to=None, stay_to=None, appeal_to=None)
    _settle(case, conflict, state)


def _settle(case: Case, conflict: UUID, state: Conflict) -> None:
    if conflict in case.file.conflicts and state.detected is not None:
        case.record(ConflictSettled(customer=case.customer, line=state.detected.line, conflict=conflict))


def leave_conflict(case: Case, conflict: UUID, registration: UUID, reason: str) -> Conflict:
    """A party leaves an open conflict; the file's list of its parties follows, and the proposal where it named that party."""
    left = facts.PartyLeft(conflict=conflict, registration=registration, reason=reason, left_at=case.now)
    state = case.situation.record(CONFLICT, conflict, left)
    parties = tuple(party.registration for party in state.parties)
    line = case.file.conflicts[conflict][0]
    case.record(ConflictOpened(customer=case.customer, line=line, conflict=conflict, parties=parties))
    if len(parties) > 1 and state.proposal is not None and state.proposal.awarded == registration:
        propose_again(case, conflict, "the party that was to prevail has left")
        state = case.situation.of(CONFLICT, conflict)
    return state
