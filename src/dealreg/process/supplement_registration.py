"""What a partner says later of a registration: what was missing, an answer to a return, or what has changed since (ROE-2, ROE-31)."""

from uuid import UUID

from dealreg.process import permit
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, registration_of, rules_at
from dealreg.process.enter_claims import enter_all
from dealreg.process.file_registration import add_evidence, given, judge, known_lines, readers, with_parents
from dealreg.process.resolve_customer import resolve_customer
from dealreg.process.review_clock import resume_reviews
from dealreg.process.show_evidence import show_evidence
from dealreg.registration.commands import SupplementRegistration
from dealreg.registration.events import RegistrationSupplemented, RequestedLine
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import RegistrationId
from dealreg.vocabulary.refused import Closed
from dealreg.vocabulary.situation import Situation


def supplement(situation: Situation, request: Request, command: SupplementRegistration) -> RegistrationId:
    """Supply what was missing, or answer a return; the time is kept if the answer came within its limit (ROE-2)."""
    state = registration_of(situation, command.registration)
    if state.submitted is None:
        raise Closed("nothing was submitted")
    permit.for_partner(situation, request.actor, state.submitted.filed_by)
    if state.closed:
        raise Closed("the registration is closed; file a new one")
    if state.completed_at is not None and state.returned is None:
        return _amend(situation, command, state)
    rules = rules_at(situation, situation.at)
    keep = state.completed_at if state.returned is not None and situation.at < state.returned.answer_by else None
    lines = tuple(with_parents(situation, line) for line in command.lines) if command.lines else None
    if lines is not None:
        known_lines(rules, lines)
    customer = None
    if command.customer is not None:
        key = f"{state.submitted.filed_by}:{request.id}"
        customer = resolve_customer(situation, situation.program, key, given(command.customer))
    situation.record(
        REGISTRATION,
        command.registration,
        RegistrationSupplemented(
            registration=command.registration,
            customer=customer,
            customer_name=command.customer.name if command.customer is not None else None,
            lines=lines,
            value=command.value,
            close_on=command.close_on,
            contact=command.contact,
            supplemented_at=situation.at,
            readers=readers(situation, rules, lines, hidden=_hidden(command, state)) if lines is not None else None,
        ),
    )
    add_evidence(situation, command.registration, state.submitted.filed_by, command.evidence)
    if state.returned is None or keep is None:
        judge(situation, command.registration)
    else:
        judge(situation, command.registration, keep_time=keep)
    if state.returned is not None and state.customer is not None:
        resume_reviews(Case.at(situation, state.customer), command.registration, "what was asked for came")
    return RegistrationId(command.registration)


def _amend(situation: Situation, command: SupplementRegistration, state: Registration) -> RegistrationId:
    """Complete already: value, dates and contact change no rank; a line that is added takes its own time (ROE-31, ROE-11)."""
    if command.customer is not None or state.customer is None or state.submitted is None:
        raise Closed("another customer is another claim; file a new registration", clause="ROE-31")
    rules = rules_at(situation, situation.at)
    case = Case.at(situation, state.customer)
    bring_to_due(case)
    lines = _with_added(situation, state, command.lines or ())
    known_lines(rules, lines)
    situation.record(
        REGISTRATION,
        command.registration,
        RegistrationSupplemented(
            registration=command.registration,
            lines=lines if command.lines else None,
            value=command.value,
            close_on=command.close_on,
            contact=command.contact,
            supplemented_at=situation.at,
            readers=readers(situation, rules, lines, hidden=_hidden(command, state)) if command.lines else None,
        ),
    )
    add_evidence(situation, command.registration, state.submitted.filed_by, command.evidence)
    for proof in command.evidence:
        show_evidence(case, command.registration, proof.kind, proof.dated_on)
    enter_all(case, command.registration, anew=True)
    return RegistrationId(command.registration)


def _hidden(command: SupplementRegistration, state: Registration) -> UUID | None:
    return command.registration if state.hidden else None


def _with_added(
    situation: Situation, state: Registration, named: tuple[RequestedLine, ...]
) -> tuple[RequestedLine, ...]:
    """The lines it has and those added to them. Raises ``Closed`` for a change of one that it has."""
    had = {line.line: line for line in state.lines}
    given_now = [with_parents(situation, line) for line in named]
    changed = next((line.line for line in given_now if line.line in had and line != had[line.line]), None)
    if changed is not None:
        raise Closed(f"line {changed!r} stands as it was filed; file the other scope anew", clause="ROE-11")
    return (*state.lines, *(line for line in given_now if line.line not in had))
