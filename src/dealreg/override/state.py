"""What is true of an override."""

from dataclasses import dataclass, replace
from enum import StrEnum

from dealreg.override import events as facts
from dealreg.vocabulary.fact import Aggregate, Event


class Life(StrEnum):
    """``none → proposed → approved → in_force → ended`` (ROE-21)."""

    NONE = "none"
    PROPOSED = "proposed"
    APPROVED = "approved"
    IN_FORCE = "in_force"
    ENDED = "ended"


APPROVALS = 2
"""Proposer and both approvers are three people (ROE-21)."""


@dataclass(frozen=True, slots=True)
class Override:
    """One departure from the rules: what was proposed, who approved, how far it is."""

    life: Life = Life.NONE
    proposed: facts.OverrideProposed | None = None
    approved_by: tuple[str, ...] = ()


def evolve(state: Override, event: Event) -> Override:
    """The override after the event."""
    match event:
        case facts.OverrideProposed():
            return Override(Life.PROPOSED, event)
        case facts.OverrideApproved():
            approvers = (*state.approved_by, event.approved_by)
            life = Life.APPROVED if len(approvers) >= APPROVALS else Life.PROPOSED
            return replace(state, approved_by=approvers, life=life)
        case facts.OverrideTookForce():
            return replace(state, life=Life.IN_FORCE)
        case facts.OverrideEnded():
            return replace(state, life=Life.ENDED)
        case _:
            return state


OVERRIDE = Aggregate("override", Override(), evolve)
