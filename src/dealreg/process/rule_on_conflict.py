"""The deal desk rules; it departs from the proposal only with a reason (rules.md section 3)."""

from uuid import UUID

from dealreg.conflict.commands import RuleOnConflict
from dealreg.conflict.events import Ruling
from dealreg.conflict.state import CONFLICT, Conflict
from dealreg.file.state import Claim, LegState
from dealreg.process import permit
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, registration_of
from dealreg.process.close_conflict import rule
from dealreg.process.hold_claim import queue_or_decline
from dealreg.process.record_outcome import release
from dealreg.process.settle_claim import approve_unless_met
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Closed, NotAllowed, Unknown
from dealreg.vocabulary.situation import Situation


def rule_on(situation: Situation, request: Request, command: RuleOnConflict) -> UUID:
    """Rule on an open conflict; the ruling takes effect at once. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    permit.of_desk(request.actor, "rule on a conflict")
    detected = situation.of(CONFLICT, command.conflict).detected
    if detected is None:
        raise Unknown("there is no such conflict; check its id")
    case = Case.at(situation, detected.customer)
    bring_to_due(case)
    state = situation.of(CONFLICT, command.conflict)
    if not state.open:
        raise Closed("the conflict is ruled or closed")
    permit.not_own(request.actor, [registration_of(situation, party.registration) for party in state.parties])
    if command.ruling is Ruling.JOIN:
        raise NotAllowed("joining follows from both partners' answers, not from a ruling in this version")
    winner = _winner(case, state, command)
    proposal = state.proposal
    departs = proposal is None or (proposal.ruling, proposal.awarded) != (command.ruling, winner.registration)
    losers = [case.claim(party.registration, detected.line) for party in state.parties]
    losers = [claim for claim in losers if claim.registration != winner.registration and claim.live]
    by = request.actor.subject
    rule(case, command.conflict, command.ruling, winner.registration, by=by, reason=command.reason, departs=departs)
    clause = proposal.clause if proposal is not None else "ROE-4"
    _apply(case, winner, losers, clause, by)
    return command.conflict


def _winner(case: Case, state: Conflict, command: RuleOnConflict) -> Claim:
    """The claim that prevails: the incumbent, or the challenger that is named."""
    line = state.detected.line if state.detected is not None else ""
    incumbent = state.parties[0].registration
    if command.ruling is Ruling.UPHOLD_INCUMBENT:
        if command.awarded not in {None, incumbent}:
            raise NotAllowed("upholding the incumbent awards the incumbent; leave 'awarded' out")
        return case.claim(incumbent, line)
    challengers = [party.registration for party in state.parties[1:]]
    awarded = command.awarded or (challengers[0] if len(challengers) == 1 else None)
    if awarded not in challengers:
        raise NotAllowed("name in 'awarded' the challenging registration that prevails")
    return case.claim(awarded, line)


def _apply(case: Case, winner: Claim, losers: list[Claim], clause: str, by: str) -> None:
    """The incumbent that loses is released, the others queue or are declined, the winner is approved that day."""
    for claim in losers:
        if claim.holds:
            release_held(case, claim, clause)
        elif claim.state_is(LegState.CONTESTED) or claim.state_is(LegState.PENDING):
            queue_or_decline(case, claim, clause, "ruled for another claim", conflict_named=True)
    current = case.again(winner)
    if not current.holds and current.live:
        approve_unless_met(case, current, by, "the desk ruled for it")


def release_held(case: Case, claim: Claim, clause: str) -> None:
    """An award releases the incumbent; the line is not offered, it goes to the challenger."""
    release(case, claim, clause, "the ruling awarded the line to another claim", offer=False)
