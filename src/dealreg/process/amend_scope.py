"""A partner narrows the scope of a line at its old time, and so may leave a contested part to others (rules.md section 1, Scope)."""

from uuid import UUID

from dealreg.conflict.state import CONFLICT
from dealreg.engagement.territory import scopes_overlap, within
from dealreg.file.conflict_events import ScopeNarrowed
from dealreg.file.state import Claim, LegState
from dealreg.process import permit
from dealreg.process.case import Case
from dealreg.process.close_conflict import close, leave_conflict
from dealreg.process.free_line import free_line, promote
from dealreg.process.record_outcome import opened
from dealreg.registration.appeal_commands import AmendScope
from dealreg.registration.events import ScopeAmended
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Closed, NotAllowed
from dealreg.vocabulary.situation import Situation


def amend_scope(situation: Situation, request: Request, command: AmendScope) -> UUID:
    """Take a narrower scope. Raises ``NotAllowed``, ``Closed`` (a wider one is a claim of its own), ``Unknown``."""
    permit.for_partner(situation, request.actor, command.partner)
    case = opened(situation, command.registration)
    if case is None:
        raise Closed("the registration has no claim yet; supply what is missing with the scope that you mean")
    claim = case.claim(command.registration, command.line)
    if command.partner != claim.filed_by:
        raise NotAllowed("only the partner that filed the registration narrows its scope")
    if not claim.live:
        raise Closed("the claim has ended; file anew")
    if command.scope == claim.scope or not within(case.rules, command.scope, claim.scope):
        raise Closed("only a narrower scope keeps the old time; file the other scope anew", clause="ROE-11")
    amended = ScopeAmended(
        registration=command.registration,
        line=command.line,
        scope=command.scope,
        amended_by=command.partner,
        amended_at=situation.at,
    )
    situation.record(REGISTRATION, command.registration, amended)
    narrowed = ScopeNarrowed(
        customer=case.customer,
        registration=claim.registration,
        line=claim.line,
        scope=command.scope,
        clause="ROE-11",
        reason="its partner narrowed it",
        narrowed_at=case.now,
    )
    case.record(narrowed)
    _part(case, case.again(claim))
    free_line(case, claim.line, claim.scope)
    return command.registration


def _part(case: Case, claim: Claim) -> None:
    """Who no longer meets another party leaves the conflict and is judged anew; with one left it is moot."""
    for conflict, (line, _) in list(case.file.conflicts.items()):
        if line != claim.line:
            continue
        apart = _apart(case, conflict, line)
        for registration in apart:
            leave_conflict(case, conflict, registration, "its scope no longer meets the others'")
        left = case.situation.of(CONFLICT, conflict)
        if apart and len(left.parties) <= 1:
            close(case, conflict, "moot: the scopes no longer meet")
            apart += [party.registration for party in left.parties]
        for registration in apart:
            rest = case.file.claims.get((registration, line))
            if rest is not None and rest.state_is(LegState.CONTESTED):
                promote(case, rest)


def _apart(case: Case, conflict: UUID, line: str) -> list[UUID]:
    """The parties whose claim overlaps that of no other; what is no claim meets every claim."""
    parties = case.situation.of(CONFLICT, conflict).parties
    claims = {party.registration: case.file.claims.get((party.registration, line)) for party in parties}
    return [
        one
        for one, claim in claims.items()
        if claim is not None
        and not any(
            other is None or scopes_overlap(case.rules, claim.scope, other.scope)
            for name, other in claims.items()
            if name != one
        )
    ]
