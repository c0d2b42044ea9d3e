"""What is true of a conflict."""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from dealreg.conflict import events as facts
from dealreg.vocabulary.fact import Aggregate, Event


class Life(StrEnum):
    """``none → detected → proposed → ruled → closed`` (rules.md section 3)."""

    NONE = "none"
    DETECTED = "detected"
    PROPOSED = "proposed"
    RULED = "ruled"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One contested line: its parties, incumbent first, and how far it is."""

    life: Life = Life.NONE
    detected: facts.ConflictDetected | None = None
    parties: tuple[facts.Party, ...] = ()
    proposal: facts.RulingProposed | None = None
    ruled: facts.ConflictRuled | None = None

    @property
    def open(self) -> bool:
        """Whether it still waits for a ruling."""
        return self.life in {Life.DETECTED, Life.PROPOSED}

    def party(self, registration: UUID) -> facts.Party | None:
        """The party with this registration."""
        return next((party for party in self.parties if party.registration == registration), None)


def evolve(state: Conflict, event: Event) -> Conflict:
    """The conflict after the event."""
    match event:
        case facts.ConflictDetected():
            return Conflict(Life.DETECTED, event, (event.incumbent, event.challenger))
        case facts.ChallengerJoined():
            return replace(state, parties=(*state.parties, event.challenger))
        case facts.RulingProposed():
            return replace(state, life=Life.PROPOSED, proposal=event)
        case facts.ConflictRuled():
            return replace(state, life=Life.RULED, ruled=event)
        case facts.PartyLeft():
            return replace(state, parties=tuple(p for p in state.parties if p.registration != event.registration))
        case facts.ConflictClosed():
            return replace(state, life=Life.CLOSED)
        case _:
            return state


CONFLICT = Aggregate("conflict", Conflict(), evolve)
