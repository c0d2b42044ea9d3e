"""What a channel manager decides on a registration: approve, decline with a clause, return for more (ROE-30, ROE-2)."""

from uuid import UUID

from dealreg.engagement.business import add_business_days
from dealreg.file.state import Claim, LegState
from dealreg.process import permit
from dealreg.process.approve_line import decline
from dealreg.process.case import Case, registration_of
from dealreg.process.free_line import after_end
from dealreg.process.record_outcome import fulfil, opened, release
from dealreg.process.review_clock import stop_review
from dealreg.process.settle_claim import approve_unless_met
from dealreg.registration.commands import ApproveRegistration, DeclineRegistration, OfRegistration, ReturnRegistration
from dealreg.registration.events import RegistrationApproved, RegistrationDeclined, RegistrationReturned
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Closed, NotAllowed
from dealreg.vocabulary.situation import Situation


def _awaiting(situation: Situation, request: Request, command: OfRegistration) -> tuple[Case, list[Claim]]:
    """The file and the claims that wait for a person. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    state = registration_of(situation, command.registration)
    case = opened(situation, command.registration)
    claims = case.file.of_registration(command.registration) if case is not None else []
    waiting = [claim for claim in claims if claim.win_at is not None or claim.state_is(LegState.PENDING)]
    managers = {reader for claim in claims for reader in claim.managers}
    managers |= set(state.submitted.readers.managers) if state.submitted is not None else set()
    permit.of_region(request.actor, situation.program, managers)
    permit.not_own(request.actor, [state])
    if case is None or not waiting:
        raise Closed("no line of the registration waits for a person's decision")
    return case, waiting


def approve_registration(situation: Situation, request: Request, command: ApproveRegistration) -> UUID:
    """Approve every line that waits for a person."""
    case, waiting = _awaiting(situation, request, command)
    by = request.actor.subject
    approved = RegistrationApproved(registration=command.registration, approved_by=by, approved_at=situation.at)
    situation.record(REGISTRATION, command.registration, approved)
    for claim in waiting:
        if claim.win_at is not None:
            fulfil(case, claim, claim.win_at)
        else:
            approve_unless_met(case, claim, by, request.reason or "approved by the region's channel manager")
    return command.registration


def decline_registration(situation: Situation, request: Request, command: DeclineRegistration) -> UUID:
    """Decline every line that waits for a person, only by naming a clause that this rulebook has in force."""
    case, waiting = _awaiting(situation, request, command)
    known = {info.alias: name for name, info in type(case.rules.clauses).model_fields.items() if info.alias}
    if command.clause not in known or not getattr(case.rules.clauses, known[command.clause]).in_force:
        raise NotAllowed(f"{command.clause!r} is no clause in force; name one of {', '.join(sorted(known))}")
    situation.record(
        REGISTRATION,
        command.registration,
        RegistrationDeclined(
            registration=command.registration,
            declined_by=request.actor.subject,
            clause=command.clause,
            reason=command.reason,
            declined_at=situation.at,
        ),
    )
    for claim in waiting:
        if claim.win_at is not None:
            release(case, claim, command.clause, command.reason, by=request.actor.subject)
        else:
            decline(case, claim, command.clause, command.reason, by=request.actor.subject)
            after_end(case, claim)
    return command.registration


def return_registration(situation: Situation, request: Request, command: ReturnRegistration) -> UUID:
    """Ask the partner for more; its time is kept if it answers within the limit."""
    case, waiting = _awaiting(situation, request, command)
    days = case.rules.clauses.completeness.return_business_days
    situation.record(
        REGISTRATION,
        command.registration,
        RegistrationReturned(
            registration=command.registration,
            returned_by=request.actor.subject,
            reason=command.reason,
            answer_by=add_business_days(situation.at, days, case.rules),
        ),
    )
    for claim in waiting:
        stop_review(case, claim, "it was returned for more")
    return command.registration
