"""What the CRM changed on an opportunity moves the registration that rides on it (ROE-2, ROE-11, ROE-12)."""

from uuid import UUID

from dealreg.opportunity.state import Opportunity
from dealreg.process.case import Case, registration_of, rules_at
from dealreg.process.enter_claims import enter_all
from dealreg.process.file_registration import given, judge, readers
from dealreg.process.progress_clock import count_progress, is_later_stage
from dealreg.process.read_opportunity import end_customer, requested_lines
from dealreg.process.record_outcome import opened
from dealreg.process.resolve_customer import resolve_customer
from dealreg.registration.events import ProgressRecorded, RegistrationSupplemented, RequestedLine
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.vocabulary.situation import Situation

FACTS = frozenset(
    {
        "amount",
        "currency",
        "close_on",
        "contact",
        "lines",
        "territory",
        "customer_ref",
        "customer_name",
        "identifiers",
        "partner",
        "distributor",
        "master",
    }
)
"""The fields of an opportunity that say something of the registration itself."""


def advance(situation: Situation, registration: UUID, state: Opportunity) -> None:
    """Record progress and what was supplied; an incomplete registration is judged again, later lines take their own time."""
    case = opened(situation, registration)
    known = registration_of(situation, registration)
    if known.closed:
        return
    if "stage" in state.changed and state.values.stage is not None:
        later = is_later_stage(situation, registration, state.values.stage)
        progress = ProgressRecorded(
            registration=registration,
            stage=state.values.stage,
            note=None,
            recorded_by=None,
            recorded_at=situation.at,
        )
        situation.record(REGISTRATION, registration, progress)
        if later:
            count_progress(case, registration, "the CRM record reached a later stage")
    if FACTS & state.changed:
        _supply(situation, registration, known, state)


def _supply(situation: Situation, registration: UUID, known: Registration, state: Opportunity) -> None:
    """Value, dates and contact change no rank; new lines are claims of their own (ROE-31, ROE-11)."""
    rules = rules_at(situation, situation.at)
    lines = _lines(situation, known, state)
    customer = known.customer or _customer(situation, registration, state)
    situation.record(
        REGISTRATION,
        registration,
        RegistrationSupplemented(
            registration=registration,
            customer=customer,
            customer_name=state.values.customer_name,
            lines=lines,
            value=state.value,
            close_on=state.values.close_on,
            contact=state.values.contact,
            supplemented_at=situation.at,
            readers=readers(situation, rules, lines, hidden=registration if known.hidden else None)
            if lines is not None
            else None,
        ),
    )
    if known.completed_at is None:
        judge(situation, registration)
    elif known.customer is not None:
        enter_all(Case.at(situation, known.customer), registration, anew=True)


def _lines(situation: Situation, known: Registration, state: Opportunity) -> tuple[RequestedLine, ...] | None:
    """All lines while it is incomplete; afterwards those it had and the new ones, whose time is their own."""
    named = requested_lines(situation, state)
    if known.completed_at is None:
        return named or None
    had = {line.line for line in known.lines}
    new = tuple(line for line in named if line.line not in had)
    return (*known.lines, *new) if new else None


def _customer(situation: Situation, registration: UUID, state: Opportunity) -> UUID | None:
    return resolve_customer(situation, situation.program, str(registration), given(end_customer(situation, state)))
