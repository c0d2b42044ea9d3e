"""What was ruled: parties, evidence, proposal, ruling and appeal of one contested line; the words are in ``words``."""

from typing import ClassVar
from uuid import UUID

from dealreg.conflict.words import AppealOutcome, Input, Kind, Part, Party, PartyStanding, Ruling
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Day, Instant, Key, Scope, Text

__all__ = [
    "EVENTS",
    "AppealOutcome",
    "ChallengerJoined",
    "ConflictAppealed",
    "ConflictClosed",
    "ConflictDetected",
    "ConflictEvent",
    "ConflictReferred",
    "ConflictRuled",
    "EvidenceClosed",
    "EvidenceShown",
    "Input",
    "Kind",
    "Part",
    "Party",
    "PartyLeft",
    "PartyStanding",
    "Ruling",
    "RulingOverdue",
    "RulingProposed",
    "RulingStayed",
    "RulingSuggested",
    "StayEnded",
]


class ConflictEvent(Event):
    """A fact of one conflict."""

    AGGREGATE: ClassVar[str] = "conflict"
    conflict: UUID


class ConflictDetected(ConflictEvent):
    """Two claims overlap on a line.

    ``ruling_to`` is when a person's ruling is due, ``evidence_to`` up to when its parties may show evidence (rules.md section 3, Clock).
    """

    NAME: ClassVar[str] = "conflict_detected.v1"
    customer: UUID
    line: Key
    scope: Scope
    kind: Kind
    clause: Key
    incumbent: Party
    challenger: Party
    ground: Text
    detected_at: Instant
    ruling_to: Instant
    managers: tuple[UUID, ...]
    evidence_to: Instant | None = None


class ChallengerJoined(ConflictEvent):
    """One more claim met the contested line before the ruling; ``evidence_to``: its own time for evidence is longer."""

    NAME: ClassVar[str] = "challenger_joined.v1"
    challenger: Party
    ground: Text
    joined_at: Instant
    evidence_to: Instant | None = None


class EvidenceShown(ConflictEvent):
    """A party showed a dated proof in time; ``counts``: it is a ground by section 1a (iii)."""

    NAME: ClassVar[str] = "evidence_shown.v1"
    registration: UUID
    kind: Key
    dated_on: Day
    counts: bool
    shown_at: Instant


class EvidenceClosed(ConflictEvent):
    """The time for evidence is over: what comes later counts on appeal only."""

    NAME: ClassVar[str] = "evidence_closed.v1"
    closed_at: Instant


class RulingProposed(ConflictEvent):
    """The outcome that the rulebook gives: clause, version, inputs, and the reasons in words; a later one takes its place."""

    NAME: ClassVar[str] = "ruling_proposed.v1"
    ruling: Ruling
    awarded: UUID
    clause: Key
    rulebook_version: Key
    inputs: tuple[Input, ...]
    reasons: tuple[Text, ...]
    proposed_at: Instant


class RulingSuggested(ConflictEvent):
    """A channel manager of the region says how the desk should rule; he does not rule on it then (rules.md section 4)."""

    NAME: ClassVar[str] = "ruling_suggested.v1"
    ruling: Ruling
    awarded: UUID | None
    suggested_by: Key
    reason: Text
    suggested_at: Instant


class ConflictReferred(ConflictEvent):
    """The conflict returns to ``detected`` under a named person, once; its clocks begin anew."""

    NAME: ClassVar[str] = "conflict_referred.v1"
    referred_to: Key
    referred_by: Key
    reason: Text
    evidence_to: Instant
    ruling_to: Instant
    referred_at: Instant


class RulingOverdue(ConflictEvent):
    """A ruling, or one ``on_appeal``, was due at ``due_at``: the role is told, and again at ``again_at``; silence rules nothing."""

    NAME: ClassVar[str] = "ruling_overdue.v1"
    escalate_to: Key
    on_appeal: bool
    due_at: Instant
    again_at: Instant


class ConflictRuled(ConflictEvent):
    """The ruling; ``departs`` says that a person left the proposal, which needs a reason.

    ``parts`` come with ``split_lines``. ``appeal_to`` is up to when a party may appeal; ``on_appeal`` says of a judge's ruling whether the
    first one stands (ROE-29).
    """

    NAME: ClassVar[str] = "conflict_ruled.v1"
    ruling: Ruling
    awarded: UUID
    clause: Key
    rulebook_version: Key
    ruled_by: Key
    reason: Text
    departs: bool
    ruled_at: Instant
    parts: tuple[Part, ...] = ()
    appeal_to: Instant | None = None
    on_appeal: AppealOutcome | None = None


class ConflictAppealed(ConflictEvent):
    """A party that got less than it claimed asks another person to judge again (ROE-29); ``ruling_to`` is when that is due."""

    NAME: ClassVar[str] = "conflict_appealed.v1"
    registration: UUID
    appealed_by: PartnerId
    reason: Text
    ruling_to: Instant
    appealed_at: Instant


class RulingStayed(ConflictEvent):
    """The appeal's judge lets the ruling rest, at most up to ``stay_to``: what it newly protected is suspended."""

    NAME: ClassVar[str] = "ruling_stayed.v1"
    stayed_by: Key
    reason: Text
    stay_to: Instant
    stayed_at: Instant


class StayEnded(ConflictEvent):
    """The stay is over: the ruling stands again, or the appeal is ruled."""

    NAME: ClassVar[str] = "stay_ended.v1"
    reason: Text
    ended_at: Instant


class PartyLeft(ConflictEvent):
    """A party's claim ended before the ruling, or no longer meets the others."""

    NAME: ClassVar[str] = "party_left.v1"
    registration: UUID
    reason: Text
    left_at: Instant


class ConflictClosed(ConflictEvent):
    """Nothing is open any more: the time for an appeal is over, the appeal is ruled, or it is moot."""

    NAME: ClassVar[str] = "conflict_closed.v1"
    reason: Text
    closed_at: Instant


EVENTS: tuple[type[Event], ...] = (
    ConflictDetected,
    ChallengerJoined,
    EvidenceShown,
    EvidenceClosed,
    RulingProposed,
    RulingSuggested,
    ConflictReferred,
    RulingOverdue,
    ConflictRuled,
    ConflictAppealed,
    RulingStayed,
    StayEnded,
    PartyLeft,
    ConflictClosed,
)
