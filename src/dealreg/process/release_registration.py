"""The desk ends a registration with a reason: its partner holds the same deal for a rival brand, for one (ROE-1)."""

from uuid import UUID

from dealreg.file.state import LIVE, Claim
from dealreg.process import permit
from dealreg.process.approve_line import decline
from dealreg.process.case import Case, registration_of
from dealreg.process.free_line import after_end
from dealreg.process.record_outcome import opened, release
from dealreg.registration.events import RegistrationReleased
from dealreg.registration.party_commands import ReleaseRegistration
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Closed, NotAllowed
from dealreg.vocabulary.situation import Situation


def release_registration(situation: Situation, request: Request, command: ReleaseRegistration) -> UUID:
    """Release what holds, decline what waits. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    permit.of_desk(request.actor, "release a registration")
    state = registration_of(situation, command.registration)
    permit.not_own(request.actor, [state])
    case = opened(situation, command.registration)
    claims = [] if case is None else [claim for claim in _of(case, command) if claim.live]
    if case is None or not claims:
        raise Closed("nothing of the registration runs or waits under that partner any more")
    if command.clause not in clauses_in_force(case):
        known = ", ".join(sorted(clauses_in_force(case)))
        raise NotAllowed(f"{command.clause!r} is no clause in force; name one of {known}")
    released = RegistrationReleased(
        registration=command.registration,
        partner=command.partner,
        clause=command.clause,
        reason=command.reason,
        released_by=request.actor.subject,
        released_at=situation.at,
    )
    situation.record(REGISTRATION, command.registration, released)
    for claim in claims:
        if claim.holds or command.partner is not None:
            release(case, claim, command.clause, command.reason, partner=command.partner, by=request.actor.subject)
        else:
            decline(case, claim, command.clause, command.reason, by=request.actor.subject)
            after_end(case, claim)
    return command.registration


def _of(case: Case, command: ReleaseRegistration) -> list[Claim]:
    claims = case.file.of_registration(command.registration)
    if command.partner is None:
        return claims
    return [
        claim for claim in claims if any(leg.partner == command.partner and leg.state in LIVE for leg in claim.legs)
    ]


def clauses_in_force(case: Case) -> frozenset[str]:
    """The numbers of the clauses that this version has in force."""
    known = {info.alias: name for name, info in type(case.rules.clauses).model_fields.items() if info.alias}
    return frozenset(number for number, name in known.items() if getattr(case.rules.clauses, name).in_force)
