"""A dealer hides its registration from the distributors above it, or shows it (ROE-32)."""

from uuid import UUID

from dealreg.process.case import Case, registration_of, rules_at
from dealreg.process.file_registration import may_hide, readers
from dealreg.process.record_outcome import opened
from dealreg.process.show_registration import show
from dealreg.registration.events import OutcomeKind, RegistrationHidden
from dealreg.registration.party_commands import HideRegistration
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Closed, NotAllowed
from dealreg.vocabulary.situation import Situation


def hide_registration(situation: Situation, request: Request, command: HideRegistration) -> UUID:
    """Hide it or show it. Raises ``NotAllowed``, ``Closed``, ``Refused``, ``Unknown``."""
    state = registration_of(situation, command.registration)
    if (
        state.submitted is None
        or state.submitted.filed_by != command.partner
        or request.actor.partner != command.partner
    ):
        raise NotAllowed("only the dealer that filed the registration hides or shows it", clause="ROE-32")
    case = opened(situation, command.registration)
    if state.hidden is command.hidden:
        raise Closed(f"the registration is {'hidden' if state.hidden else 'shown'} already")
    if command.hidden:
        _hide(situation, request, command, state, case)
    else:
        show(situation, command.registration, "the dealer showed it")
    return command.registration


def _hide(
    situation: Situation, request: Request, command: HideRegistration, state: Registration, case: Case | None
) -> None:
    rules = rules_at(situation, situation.at)
    may_hide(rules, request.actor, command.partner, state.lines)
    priced = case is not None and any(price.claim[0] == command.registration for price in case.file.prices.values())
    if state.outcome is OutcomeKind.WON or priced:
        raise Closed("it has come to an order or a special price, and hiding is over with that", clause="ROE-32")
    hidden = RegistrationHidden(
        registration=command.registration,
        partner=command.partner,
        readers=readers(situation, rules, state.lines, hidden=command.registration),
        hidden_at=situation.at,
    )
    situation.record(REGISTRATION, command.registration, hidden)
