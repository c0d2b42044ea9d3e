"""What facts come to, claim by claim, leg by leg and conflict by conflict, in the words of a report."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from dealreg.conflict.events import ConflictDetected, ConflictRuled, RulingProposed
from dealreg.customer.events import CustomerOpened
from dealreg.file.events import ClaimEntered, FileEvent, LegEvent, LegJoined, LineApproved
from dealreg.registration.events import RegistrationCompleted, RegistrationFoundIncomplete, RegistrationSubmitted
from dealreg.vocabulary.fact import Event, Fact

WORDS: Final = {
    "claim_entered": "pending",
    "claim_promoted": "pending",
    "claim_held_for_review": "held for a person",
    "line_approved": "approved",
    "line_offered": "offered",
    "offer_ended": "withdrawn",
    "queue_left": "withdrawn",
    "leg_joined": "protected",
    "protection_began": "protected",
    "grace_began": "in grace",
    "leg_returned": "protected",
    "leg_reopened": "protected",
    "extension_granted": "protected",
    "cap_lifted": "protected",
    "leg_thawed": "protected",
    "hold_began": "held",
    "price_hold_began": "held",
}
"""Where the fact's own name is not the word; else ``claim_declined`` is ``declined`` and ``leg_released`` is ``released``."""

ENDS: Final = (
    "grace_to",
    "hold_to",
    "window_to",
    "lapsed_at",
    "released_at",
    "withdrawn_at",
    "fulfilled_at",
    "ended_at",
)
"""Fields that say up to which instant a leg is or was protected; of several the first."""

VERDICTS: Final = frozenset({"line_approved", "line_offered", "offer_ended", "queue_left"})
"""Facts that say what becomes of a claim as a whole, beside those that are named ``claim_…``."""


STEPS_OF_A_LEG: Final = frozenset({"extension_asked", "extension_overdue", "extension_refused", "standing_noted"})
"""Facts of a leg that leave standing what became of it: told by their own names."""


class Slot(NamedTuple):
    """What is compared: a claim, a leg, a conflict's proposal or ruling, whether a registration is complete, or another fact by its name."""

    about: str
    registration: UUID | None
    line: str | None
    tier: str | None = None
    partner: str | None = None
    parties: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What was said last of it: a word, up to when, by which clause and why, and when that took effect."""

    word: str
    at: datetime
    clause: str | None = None
    reason: str | None = None
    to: datetime | None = None

    def same_as(self, other: "Said | None") -> bool:
        """Whether it comes to the same, whatever the words of the reason and the instant at which it was decided."""
        return other is not None and (self.word, self.clause, self.to) == (other.word, other.clause, other.to)


@dataclass(slots=True)
class Known:
    """Who filed what for whom, and between whom each conflict is: learned from the facts in passing."""

    filed_by: dict[UUID, str] = field(default_factory=dict)
    customers: dict[UUID, UUID] = field(default_factory=dict)
    names: dict[UUID, str] = field(default_factory=dict)
    conflicts: dict[UUID, ConflictDetected] = field(default_factory=dict)

    def learn(self, event: Event) -> None:
        """Remember what a fact names."""
        if isinstance(event, ClaimEntered):
            self.customers[event.registration] = event.customer
        elif isinstance(event, RegistrationSubmitted):
            self.filed_by[event.registration] = event.filed_by
            if event.customer is not None:
                self.customers[event.registration] = event.customer
        elif isinstance(event, CustomerOpened) and event.name is not None:
            self.names[event.customer] = event.name
        elif isinstance(event, ConflictDetected):
            self.conflicts[event.conflict] = event


Outcomes = dict[Slot, Said]


def said_by(facts: Iterable[Fact], known: Known, outcomes: Outcomes | None = None) -> Outcomes:
    """What some facts come to, beside what was said before."""
    found: Outcomes = {} if outcomes is None else outcomes
    for fact in facts:
        known.learn(fact.event)
        _note(found, fact.event, fact.effective_at, known)
    return found


def _note(found: Outcomes, event: Event, at: datetime, known: Known) -> None:
    match event:
        case LineApproved():
            for leg in event.legs:
                slot = Slot("leg", event.registration, event.line, leg.tier.value, leg.partner)
                found[slot] = Said("protected", at, event.clause, event.reason, leg.window_to)
            _claim(found, event, at)
        case LegJoined():
            slot = Slot("leg", event.registration, event.line, event.leg.tier.value, event.leg.partner)
            found[slot] = Said("protected", at, "ROE-10", "joined", event.leg.window_to)
        case LegEvent():
            _leg(found, event, at)
        case FileEvent():
            _claim(found, event, at)
        case RulingProposed() | ConflictRuled():
            _conflict(found, event, at, known)
        case RegistrationFoundIncomplete():
            missing = f"missing: {', '.join(event.missing)}"
            found[Slot("completeness", event.registration, None)] = Said("incomplete", at, "ROE-2", missing)
        case RegistrationCompleted():
            found[Slot("completeness", event.registration, None)] = Said("complete", at)
        case _:
            pass


def word_of(event: Event) -> str:
    """What a fact makes of its claim or leg, in a word."""
    name = event.NAME.rpartition(".v")[0]
    return WORDS.get(name) or name.removeprefix("claim_").removeprefix("leg_").removeprefix("protection_").replace(
        "_", " "
    )


def _claim(found: Outcomes, event: FileEvent, at: datetime) -> None:
    """What becomes of the claim; any other fact about it is told by its own name."""
    name = event.NAME.rpartition(".v")[0]
    about = "claim" if name in VERDICTS or name.startswith("claim_") else name
    found[Slot(about, event.registration, event.line)] = Said(word_of(event), at, *_why(event))


def _leg(found: Outcomes, event: LegEvent, at: datetime) -> None:
    name = event.NAME.rpartition(".v")[0]
    about = name if name in STEPS_OF_A_LEG else "leg"
    slot = Slot(about, event.registration, event.line, event.tier.value, event.partner)
    before = found.get(slot)
    to = next((end for name in ENDS if (end := getattr(event, name, None)) is not None), before.to if before else None)
    found[slot] = Said(word_of(event), at, *_why(event), to)


def _conflict(found: Outcomes, event: RulingProposed | ConflictRuled, at: datetime, known: Known) -> None:
    detected = known.conflicts.get(event.conflict)
    if detected is None:
        return
    parties = tuple(sorted((detected.incumbent.registration, detected.challenger.registration)))
    if isinstance(event, ConflictRuled):
        about, by, reason = (
            "ruling",
            f" by {'the rulebook' if event.ruled_by == 'rulebook' else 'a person'}",
            event.reason,
        )
    else:
        about, by, reason = "proposal", "", "; ".join(event.reasons)
    whom = "incumbent" if event.awarded == detected.incumbent.registration else "challenger"
    word = (
        f"{event.ruling.value.replace('_', ' ')}{by}, for the {whom} {known.filed_by.get(event.awarded, '')}".rstrip()
    )
    found[Slot(about, detected.challenger.registration, detected.line, parties=parties)] = Said(
        word, at, event.clause, reason
    )


def _why(event: Event) -> tuple[str | None, str | None]:
    return getattr(event, "clause", None), getattr(event, "reason", None)
