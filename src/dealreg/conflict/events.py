"""What was ruled: parties, kind, proposal and ruling of one contested line."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Model, Scope, Text


class Kind(StrEnum):
    """What stands against each other, in the order in which the first that fits is taken (rules.md section 3)."""

    COMPLIANCE = "compliance"
    IDENTITY = "identity"
    VERTICAL_DIRECT = "vertical_direct"
    TIE = "tie"
    SELLER_OF_RECORD = "seller_of_record"
    CROSS_TIER = "cross_tier"
    HORIZONTAL_DISTRIBUTOR = "horizontal_distributor"
    HORIZONTAL_DEALER = "horizontal_dealer"


class Ruling(StrEnum):
    """How a conflict may be ruled (rules.md section 3).

    ``split_lines`` names which party has which part of the contested scope; ``join`` gives the challenger the empty place beside the
    incumbent; ``share`` lets both be protected, not exclusive to one another; ``refer`` returns the conflict, once, to a named person.
    """

    UPHOLD_INCUMBENT = "uphold_incumbent"
    AWARD_CHALLENGER = "award_challenger"
    SPLIT_LINES = "split_lines"
    JOIN = "join"
    SHARE = "share"
    REFER = "refer"


class PartyStanding(StrEnum):
    """What a party stands on: a claim of the file, or something that is no claim.

    ``seller_of_record`` stands on a recorded sale (ROE-18), ``direct`` on the manufacturer's own opportunity (ROE-19),
    ``seller_elsewhere`` on a sale that another claim forbade (ROE-25).
    """

    CLAIM = "claim"
    SELLER_OF_RECORD = "seller_of_record"
    DIRECT = "direct"
    SELLER_ELSEWHERE = "seller_elsewhere"


class Party(Model):
    """One side of the conflict.

    ``registration`` names the party inside the conflict: that of its claim or, where ``standing`` is no claim, the id of the sale or
    opportunity that it stands on. ``filed_by`` is missing for the manufacturer's direct team.
    """

    registration: UUID
    filed_by: PartnerId | None
    distributor: PartnerId | None
    dealer: PartnerId | None
    priority_at: Instant
    standing: PartyStanding = PartyStanding.CLAIM


class Input(Model):
    """One thing the proposal rests on: its name and its value in words."""

    name: Key
    value: Text


class ConflictEvent(Event):
    """A fact of one conflict."""

    AGGREGATE: ClassVar[str] = "conflict"
    conflict: UUID


class ConflictDetected(ConflictEvent):
    """Two claims overlap on a line. ``ruling_to`` is when a person's ruling is due (rules.md section 3, Clock)."""

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


class ChallengerJoined(ConflictEvent):
    """One more claim met the contested line before the ruling."""

    NAME: ClassVar[str] = "challenger_joined.v1"
    challenger: Party
    ground: Text
    joined_at: Instant


class RulingProposed(ConflictEvent):
    """The outcome that the rulebook gives: clause, version, inputs, and the reasons in words."""

    NAME: ClassVar[str] = "ruling_proposed.v1"
    ruling: Ruling
    awarded: UUID
    clause: Key
    rulebook_version: Key
    inputs: tuple[Input, ...]
    reasons: tuple[Text, ...]
    proposed_at: Instant


class ConflictRuled(ConflictEvent):
    """The ruling; ``departs`` says that a person left the proposal, which needs a reason."""

    NAME: ClassVar[str] = "conflict_ruled.v1"
    ruling: Ruling
    awarded: UUID
    clause: Key
    rulebook_version: Key
    ruled_by: Key
    reason: Text
    departs: bool
    ruled_at: Instant


class PartyLeft(ConflictEvent):
    """A party's claim ended before the ruling."""

    NAME: ClassVar[str] = "party_left.v1"
    registration: UUID
    reason: Text
    left_at: Instant


class ConflictClosed(ConflictEvent):
    """Nothing is open any more: ruled without appeal, or moot."""

    NAME: ClassVar[str] = "conflict_closed.v1"
    reason: Text
    closed_at: Instant


EVENTS: tuple[type[Event], ...] = (
    ConflictDetected,
    ChallengerJoined,
    RulingProposed,
    ConflictRuled,
    PartyLeft,
    ConflictClosed,
)
