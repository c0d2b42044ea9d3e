"""What the desk says of stale facts: that they are known again, or what becomes of a leg that stayed frozen for too long (ROE-22)."""

from uuid import UUID

from dealreg.file.events import LegReleased
from dealreg.file.state import Claim, Leg
from dealreg.file.time_events import LegThawed
from dealreg.process import permit
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, registration_of
from dealreg.process.conflict_clock import appeal_limit
from dealreg.process.free_line import after_end
from dealreg.process.progress_clock import resume_progress
from dealreg.process.record_outcome import opened
from dealreg.process.stale_clock import thaw, thawed_end
from dealreg.registration.commands import DecideStaleLeg, ReconcileRegistration
from dealreg.registration.events import FactsConfirmed, StaleDecision, StaleLegDecided
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.refused import Closed, Refused
from dealreg.vocabulary.situation import Situation


def reconcile(situation: Situation, request: Request, command: ReconcileRegistration) -> UUID:
    """The desk's word. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    permit.of_desk(request.actor, "say that facts are reconciled")
    permit.not_own(request.actor, [registration_of(situation, command.registration)])
    case = opened(situation, command.registration)
    if case is None or not any(claim.time.stale_since for claim in case.file.of_registration(command.registration)):
        raise Closed("nothing of the registration is stale", clause="ROE-22")
    by = request.actor.subject
    confirmed = FactsConfirmed(
        registration=command.registration, reason=command.reason, confirmed_by=by, confirmed_at=situation.at
    )
    situation.record(REGISTRATION, command.registration, confirmed)
    facts_known(case, command.registration, by, command.reason)
    return command.registration


def facts_known(case: Case, registration: UUID, by: str, reason: str) -> None:
    """What was due is judged on the facts as they are now known and takes effect now; what is left of the progress clock goes on."""
    for claim in thaw(case, registration, by, reason):
        resume_progress(case, claim, reason)
    bring_to_due(case)


def decide_stale_leg(situation: Situation, request: Request, command: DecideStaleLeg) -> UUID:
    """Not reconciled within the limit: the desk decides leg by leg. Raises ``NotAllowed``, ``Closed``, ``Refused``, ``Unknown``."""
    permit.of_desk(request.actor, "decide on stale facts")
    permit.not_own(request.actor, [registration_of(situation, command.registration)])
    case = opened(situation, command.registration)
    if case is None:
        raise Closed("the registration holds no line yet", clause="ROE-22")
    claim = case.claim(command.registration, command.line)
    leg = claim.leg(command.tier)
    if leg is None or not leg.time.frozen:
        raise Closed("that leg is not frozen; look at the registration's lines", clause="ROE-22")
    if claim.time.stale_limit_at is not None:
        words = f"its facts are awaited until {claim.time.stale_limit_at.isoformat()}; reconcile them, or decide then"
        raise Refused(words, clause="ROE-22")
    by = request.actor.subject
    decided = StaleLegDecided(
        registration=command.registration,
        line=command.line,
        tier=command.tier,
        decision=command.decision,
        reason=command.reason,
        decided_by=by,
        decided_at=situation.at,
    )
    situation.record(REGISTRATION, command.registration, decided)
    if command.decision is StaleDecision.RUN:
        _run(case, claim, leg, by, command.reason)
    else:
        _release(case, claim, leg, by, command.reason)
    return command.registration


def _run(case: Case, claim: Claim, leg: Leg, by: str, reason: str) -> None:
    end = thawed_end(leg, case.now)
    case.record(
        LegThawed(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=leg.tier,
            partner=PartnerId(leg.partner),
            ends_at=end.ends_at,
            hold_to=end.hold_to,
            thawed_by=by,
            reason=reason,
            thawed_at=case.now,
        )
    )
    resume_progress(case, claim, reason)
    bring_to_due(case)


def _release(case: Case, claim: Claim, leg: Leg, by: str, reason: str) -> None:
    case.record(
        LegReleased(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=leg.tier,
            partner=PartnerId(leg.partner),
            clause="ROE-22",
            reason=reason,
            released_at=case.now,
            released_by=by,
            appeal_to=appeal_limit(case),
        )
    )
    after_end(case, claim)
    resume_progress(case, claim, reason)
