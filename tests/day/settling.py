"""What people do in the evening of a day: every conflict ruled as proposed, what waits for a person approved, every offer taken.

Before that, who holds may hang on who was decided first: a claim with an earlier time that is decided late opens a conflict with a
proposal, and a person rules (architecture D17). What must not hang on it is who holds once they have.
"""

from collections.abc import Iterator
from uuid import UUID

from dealreg.conflict.commands import RuleOnConflict
from dealreg.conflict.events import ConflictDetected
from dealreg.conflict.state import CONFLICT
from dealreg.file.evolve import FILE
from dealreg.file.state import Claim, LegState
from dealreg.process.deciding import AGGREGATES
from dealreg.registration.commands import AnswerOffer, ApproveRegistration
from dealreg.registration.events import RegistrationSubmitted
from dealreg.registration.state import REGISTRATION
from dealreg.service.composition import dispatch
from dealreg.service.ingest.due import events_of
from dealreg.service.ingest.reconciling import read_states
from dealreg.service.ledger.cache import States
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.outcomes import Decided
from dealreg.vocabulary.fact import Actor, Command, Request, Role
from dealreg.vocabulary.ids import PartnerId, ProgramId, file_stream

ROUNDS = 60
DESK = Actor(role=Role.DEAL_DESK, subject="the evening")


def settle(ledger: Ledger, program: str) -> dict[str, list[tuple[str, str]]]:
    """Until nothing waits for anybody; then who holds what: customer and line → tier and partner of every leg that holds."""
    deciding = dispatch(ledger)
    for number in range(ROUNDS):
        asked = next(_to_do(ledger, program), None)
        if asked is None:
            return _held(ledger, program)
        actor, command = asked
        request = Request(id=f"evening {number}", program=ProgramId(program), actor=actor, command=command)
        (outcome,) = deciding.decide_batch([request])
        assert isinstance(outcome, Decided), (command, outcome)
    raise AssertionError("it never comes to rest")


def _to_do(ledger: Ledger, program: str) -> Iterator[tuple[Actor, Command]]:
    states = States(ledger, AGGREGATES, size=1)
    opened = {one.conflict for one in events_of(ledger, program, ConflictDetected)}
    for conflict, state in sorted(read_states(states, CONFLICT, opened).items()):
        if state.open and state.proposal is not None:
            said = {"conflict": conflict, "ruling": state.proposal.ruling, "awarded": state.proposal.awarded}
            yield DESK, RuleOnConflict.model_validate({**said, "reason": "as proposed"})
    for claim in sorted(_claims(ledger, program).values(), key=lambda one: (one.priority_at, one.entry)):
        if claim.state_is(LegState.PENDING):
            yield DESK, ApproveRegistration(registration=claim.registration)
        if claim.offer_to is not None and claim.state_is(LegState.QUEUED):
            partner = PartnerId(claim.filed_by)
            actor = Actor(role=Role.DEALER, subject="somebody", partner=partner)
            yield actor, AnswerOffer(registration=claim.registration, line=claim.line, partner=partner, accept=True)


def _claims(ledger: Ledger, program: str) -> dict[tuple[UUID, str], Claim]:
    states = States(ledger, AGGREGATES, size=1)
    named = {one.registration for one in events_of(ledger, program, RegistrationSubmitted)}
    customers = {one.customer for one in read_states(states, REGISTRATION, named).values() if one.customer is not None}
    files = read_states(states, FILE, {file_stream(program, customer) for customer in customers})
    return {key: claim for file in files.values() if file.closed_into is None for key, claim in file.claims.items()}


def _held(ledger: Ledger, program: str) -> dict[str, list[tuple[str, str]]]:
    """Which of a partner's own two registrations it is, is no matter (ROE-28)."""
    states, claims = States(ledger, AGGREGATES, size=1), _claims(ledger, program)
    said = read_states(states, REGISTRATION, {registration for registration, _ in claims})
    found: dict[str, set[tuple[str, str]]] = {}
    for (registration, line), claim in claims.items():
        legs = {(leg.tier.value, leg.partner) for leg in claim.legs} if claim.blocks else set()
        if legs:
            found.setdefault(f"{said[registration].customer_name or registration} {line}", set()).update(legs)
    return {place: sorted(legs) for place, legs in sorted(found.items())}
