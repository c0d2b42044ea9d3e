"""How each kind of decision is answered: a registration with where it stands, a conflict with how far it is, what is due with whether it was."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from dealreg.conflict.state import CONFLICT
from dealreg.file.commands import BringFileToDue, BringOverrideToDue, BringRegistrationToDue
from dealreg.override.state import OVERRIDE
from dealreg.pricing.state import SPECIAL_PRICE
from dealreg.process import close_registration, override_rules, permit, record_progress
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case
from dealreg.process.view import answer
from dealreg.registration.commands import InvitePartner
from dealreg.vocabulary.fact import Command, Request
from dealreg.vocabulary.situation import Situation

Answer = dict[str, JsonValue]
Decide = Callable[[Situation, Request, Any], Answer]


def on_registration(act: Callable[[Situation, Request, Any], UUID]) -> Decide:
    """A decision on a registration, answered with where it stands."""

    def decided(situation: Situation, request: Request, command: Command) -> Answer:
        return answer(situation, act(situation, request, command), request.actor)

    return decided


def invited(situation: Situation, request: Request, command: InvitePartner) -> Answer:
    """A joining that was asked for, with its id."""
    joining = record_progress.invite_partner(situation, request, command)
    return {**answer(situation, command.registration, request.actor), "joining": str(joining["joining"])}


def on_conflict(act: Callable[[Situation, Request, Any], UUID]) -> Decide:
    """A decision on a conflict, answered with how far it is and what ruling stands."""

    def decided(situation: Situation, request: Request, command: Command) -> Answer:
        conflict = act(situation, request, command)
        state = situation.of(CONFLICT, conflict)
        ruled = state.ruled
        return {
            "conflict": str(conflict),
            "state": state.life.value,
            "ruling": ruled.ruling.value if ruled is not None else None,
            "awarded": str(ruled.awarded) if ruled is not None else None,
            "departs": ruled.departs if ruled is not None else None,
        }

    return decided


def on_override(act: Callable[[Situation, Request, Any], UUID]) -> Decide:
    """A decision on an override, answered with how far it is."""

    def decided(situation: Situation, request: Request, command: Command) -> Answer:
        override = act(situation, request, command)
        return {"override": str(override), "state": situation.of(OVERRIDE, override).life.value}

    return decided


def on_price(act: Callable[[Situation, Request, Any], UUID]) -> Decide:
    """A decision on a special price, answered with how far it is and whose turn comes."""

    def decided(situation: Situation, request: Request, command: Command) -> Answer:
        price = act(situation, request, command)
        state = situation.of(SPECIAL_PRICE, price)
        found: Answer = {"special_price": str(price), "state": state.life.value, "discount": str(state.discount)}
        return found | {"levels_left": list(state.levels_left)}

    return decided


def file_due(situation: Situation, request: Request, command: BringFileToDue) -> Answer:
    """What is due in a customer file takes place. Raises ``NotAllowed``."""
    permit.by_clock(request.actor)
    return {"happened": bring_to_due(Case.at(situation, command.customer))}


def registration_due(situation: Situation, request: Request, command: BringRegistrationToDue) -> Answer:
    """What is due of a registration takes place. Raises ``NotAllowed``."""
    permit.by_clock(request.actor)
    return {"happened": close_registration.close_if_due(situation, command.registration)}


def override_due(situation: Situation, request: Request, command: BringOverrideToDue) -> Answer:
    """What is due of an override takes place. Raises ``NotAllowed``."""
    permit.by_clock(request.actor)
    return {"happened": override_rules.bring_override_to_due(situation, command.override)}


def written(act: Callable[[Any, Request, Situation], Answer]) -> Decide:
    """A decision on a partner or a rulebook, which answers by itself."""

    def decided(situation: Situation, request: Request, command: Command) -> Answer:
        return act(command, request, situation)

    return decided
