"""What is true of a conflict."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dealreg.conflict import events as facts
from dealreg.vocabulary.fact import Aggregate, Event


class Life(StrEnum):
    """``none → detected → proposed → ruled → [appealed → ruled] → closed`` (rules.md section 3)."""

    NONE = "none"
    DETECTED = "detected"
    PROPOSED = "proposed"
    RULED = "ruled"
    APPEALED = "appealed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One contested line: its parties, incumbent first, and how far it is.

    ``ruled`` is the ruling that stands, ``first`` the one before any appeal; ``deciders`` are the people who took part: whoever is among
    them judges no appeal. ``ruling_to`` is when the next ruling is due, ``evidence_to`` up to when evidence is taken.
    """

    life: Life = Life.NONE
    detected: facts.ConflictDetected | None = None
    parties: tuple[facts.Party, ...] = ()
    proposal: facts.RulingProposed | None = None
    ruled: facts.ConflictRuled | None = None
    first: facts.ConflictRuled | None = None
    evidence: tuple[facts.EvidenceShown, ...] = ()
    evidence_to: datetime | None = None
    ruling_to: datetime | None = None
    suggestions: tuple[facts.RulingSuggested, ...] = ()
    referred: facts.ConflictReferred | None = None
    appeals: tuple[facts.ConflictAppealed, ...] = ()
    stay_to: datetime | None = None
    deciders: frozenset[str] = frozenset()

    @property
    def open(self) -> bool:
        """Whether it still waits for its first ruling."""
        return self.life in {Life.DETECTED, Life.PROPOSED}

    @property
    def appealed(self) -> frozenset[UUID]:
        """The parties that have appealed: each may once."""
        return frozenset(appeal.registration for appeal in self.appeals)

    def party(self, registration: UUID) -> facts.Party | None:
        """The party with this registration."""
        return next((party for party in self.parties if party.registration == registration), None)


def evolve(state: Conflict, event: Event) -> Conflict:
    """The conflict after the event."""
    match event:
        case facts.ConflictDetected():
            parties = (event.incumbent, event.challenger)
            return Conflict(Life.DETECTED, event, parties, evidence_to=event.evidence_to, ruling_to=event.ruling_to)
        case facts.ChallengerJoined():
            later = event.evidence_to or state.evidence_to
            return replace(state, parties=(*state.parties, event.challenger), evidence_to=later)
        case facts.EvidenceShown():
            return replace(state, evidence=(*state.evidence, event))
        case facts.EvidenceClosed():
            return replace(state, evidence_to=None)
        case facts.RulingProposed():
            return replace(state, life=Life.PROPOSED, proposal=event)
        case facts.PartyLeft():
            return replace(state, parties=tuple(p for p in state.parties if p.registration != event.registration))
        case facts.ConflictClosed():
            return replace(state, life=Life.CLOSED, ruling_to=None, evidence_to=None, stay_to=None)
        case _:
            return _by_people(state, event)


def _by_people(state: Conflict, event: Event) -> Conflict:
    """What people decide on it."""
    match event:
        case facts.RulingSuggested():
            took_part = state.deciders | {event.suggested_by}
            return replace(state, suggestions=(*state.suggestions, event), deciders=took_part)
        case facts.ConflictReferred():
            return _referred(state, event)
        case facts.RulingOverdue():
            return replace(state, ruling_to=event.again_at)
        case facts.ConflictRuled():
            return _ruled(state, event)
        case facts.ConflictAppealed():
            due = state.ruling_to if state.life is Life.APPEALED else event.ruling_to
            return replace(state, life=Life.APPEALED, appeals=(*state.appeals, event), ruling_to=due)
        case facts.RulingStayed():
            return replace(state, stay_to=event.stay_to)
        case facts.StayEnded():
            return replace(state, stay_to=None)
        case _:
            return state


def _referred(state: Conflict, event: facts.ConflictReferred) -> Conflict:
    return replace(
        state,
        life=Life.DETECTED,
        proposal=None,
        referred=event,
        evidence_to=event.evidence_to,
        ruling_to=event.ruling_to,
        deciders=state.deciders | {event.referred_by},
    )


def _ruled(state: Conflict, event: facts.ConflictRuled) -> Conflict:
    return replace(
        state,
        life=Life.RULED,
        ruled=event,
        first=state.first or event,
        ruling_to=None,
        evidence_to=None,
        deciders=state.deciders | {event.ruled_by},
    )


CONFLICT = Aggregate("conflict", Conflict(), evolve)
