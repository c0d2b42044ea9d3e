"""A partner appeals, once, against what was decided against it: in its conflict, else as a review at the desk (ROE-29)."""

from uuid import UUID

from dealreg.conflict.events import ConflictAppealed
from dealreg.conflict.state import CONFLICT, Life
from dealreg.file.conflict_events import AppealLodged
from dealreg.file.state import Claim
from dealreg.process import permit
from dealreg.process.applies import applies
from dealreg.process.case import Case
from dealreg.process.close_conflict import got_less, may_appeal
from dealreg.process.conflict_clock import judging_limit, set_clock
from dealreg.process.record_outcome import opened
from dealreg.registration.appeal_commands import AppealDecision
from dealreg.registration.events import AppealAsked
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Closed, NotAllowed
from dealreg.vocabulary.situation import Situation

CLAUSE = "ROE-29"


def appeal(situation: Situation, request: Request, command: AppealDecision) -> UUID:
    """Lodge the appeal; the decision stands meanwhile. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    permit.for_partner(situation, request.actor, command.partner)
    case = opened(situation, command.registration)
    if case is None:
        raise Closed("nothing was decided on the registration yet", clause=CLAUSE)
    claim = case.claim(command.registration, command.line)
    if command.partner not in {claim.filed_by, *(leg.partner for leg in claim.legs)}:
        raise NotAllowed("only a partner of the registration appeals for it")
    if not applies(case, claim, CLAUSE):
        raise Closed("this program has no appeal", clause=CLAUSE)
    if not _in_conflict(case, claim, command) and not _outside(case, claim, command):
        raise Closed("nothing was decided against this line that may still be appealed", clause=CLAUSE)
    asked = AppealAsked(
        registration=command.registration, line=command.line, partner=command.partner, asked_at=situation.at
    )
    situation.record(REGISTRATION, command.registration, asked)
    return command.registration


def _in_conflict(case: Case, claim: Claim, command: AppealDecision) -> bool:
    """Appeal against the ruling of a conflict that the claim is a party of, while its limit runs. True when it is lodged."""
    for clock in list(case.file.clocks.values()):
        if clock.line != claim.line or claim.registration not in clock.parties:
            continue
        state = case.situation.of(CONFLICT, clock.conflict)
        limit = state.first.appeal_to if state.first is not None else None
        if state.life not in {Life.RULED, Life.APPEALED} or limit is None or case.now >= limit:
            continue
        if claim.registration in state.appealed:
            raise Closed("the ruling was appealed for this registration already; an appeal is made once", clause=CLAUSE)
        if not may_appeal(state, claim.registration) or not got_less(state, claim.registration):
            continue
        _lodge(case, clock.conflict, claim, command)
        return True
    return False


def _lodge(case: Case, conflict: UUID, claim: Claim, command: AppealDecision) -> None:
    """A second party that appeals joins the appeal that waits; its judgement is due when the first one's is."""
    lodged = ConflictAppealed(
        conflict=conflict,
        registration=claim.registration,
        appealed_by=command.partner,
        reason=command.reason,
        ruling_to=judging_limit(case),
        appealed_at=case.now,
    )
    state = case.situation.record(CONFLICT, conflict, lodged)
    set_clock(case, conflict, appeal_to=None, ruling_to=state.ruling_to)


def _outside(case: Case, claim: Claim, command: AppealDecision) -> bool:
    """Appeal against a decline, a release or a refused extension. True when it is lodged."""
    decision = claim.disputable
    if decision is None or case.now >= decision.appeal_to:
        return False
    if claim.appealed:
        raise Closed("the decision was appealed already; an appeal is made once", clause=CLAUSE)
    case.record(
        AppealLodged(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            against=decision.against,
            appealed_by=command.partner,
            decided_by=decision.decided_by,
            reason=command.reason,
            ruling_to=judging_limit(case),
            appealed_at=case.now,
            managers=claim.managers,
        )
    )
    return True
