"""A hidden registration is shown: its distributors read it from here on, and what was kept apart is judged (ROE-32)."""

from uuid import UUID

from dealreg.process.case import Case, registration_of
from dealreg.process.hiding import meet_again
from dealreg.process.name_distributor import readers_now
from dealreg.process.settle_claim import settle
from dealreg.registration.events import RegistrationShown
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.situation import Situation


def show(situation: Situation, registration: UUID, reason: str) -> None:
    """Show it where it is hidden; an order and a special price do so too. The file is brought to the instant by who asks."""
    state = registration_of(situation, registration)
    if not state.hidden or state.submitted is None:
        return
    shown = RegistrationShown(
        registration=registration,
        partner=PartnerId(state.submitted.filed_by),
        reason=reason,
        readers=readers_now(situation, registration, shown=True),
        shown_at=situation.at,
    )
    situation.record(REGISTRATION, registration, shown)
    if state.customer is None:
        return
    case = Case.at(situation, state.customer)
    for claim in meet_again(case, registration):
        settle(case, case.again(claim))
