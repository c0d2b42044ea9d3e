"""What is protected: every claim on one end customer, its legs and windows, the queue, and the effects of overrides."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Count, Instant, Key, Model, Money, Scope, Text, Tier, Whole


class LapseGround(StrEnum):
    """Which end came (ROE-12)."""

    WINDOW = "window"
    GRACE = "grace"
    HARD_STOP = "hard_stop"


class Verb(StrEnum):
    """What an override does to a line (ROE-21)."""

    SUSPEND = "suspend"
    ADMIT = "admit"
    REASSIGN = "reassign"
    BAR = "bar"


class Asks(StrEnum):
    """Whose answer a joining waits for (ROE-10)."""

    HOLDER = "holder"
    JOINER = "joiner"


class ClaimedLeg(Model):
    """One tier's claim and its partner."""

    tier: Tier
    partner: PartnerId


class LegWindow(Model):
    """A leg's protection, half-open: the first protected instant and the first free one; ``hard_stop_at`` bounds all extensions."""

    tier: Tier
    partner: PartnerId
    window_from: Instant
    window_to: Instant
    hard_stop_at: Instant


class FileEvent(Event):
    """A fact of one customer file about one line of one registration."""

    AGGREGATE: ClassVar[str] = "file"
    customer: UUID
    registration: UUID
    line: Key


class ClaimEntered(FileEvent):
    """A complete claim took its place: ``entry`` is the order of acceptance, which no two claims share (ROE-6)."""

    NAME: ClassVar[str] = "claim_entered.v1"
    scope: Scope
    tender: bool
    legs: tuple[ClaimedLeg, ...]
    filed_by: PartnerId
    by_dealer: bool
    entry: Count
    priority_at: Instant
    submitted_at: Instant
    completed_at: Instant
    value: Money | None
    opportunity: UUID | None
    source: Key | None
    managers: tuple[UUID, ...]


class ClaimHeldForReview(FileEvent):
    """No clause refuses it, a person decides by ``review_to`` (ROE-30)."""

    NAME: ClassVar[str] = "claim_held_for_review.v1"
    clause: Key
    reason: Text
    review_to: Instant


class ClaimQueued(FileEvent):
    """It waits behind another, or until ``not_before`` where the same partner comes back too soon (ROE-12)."""

    NAME: ClassVar[str] = "claim_queued.v1"
    clause: Key
    reason: Text
    conflict: UUID | None
    not_before: Instant | None
    leaves_at: Instant


class ClaimPromoted(FileEvent):
    """What it waited behind is gone: it is pending, its review clock starts (rules.md section 1, Queue)."""

    NAME: ClassVar[str] = "claim_promoted.v1"


class ClaimContested(FileEvent):
    """It is a party of an open conflict and holds nothing until the desk rules."""

    NAME: ClassVar[str] = "claim_contested.v1"
    conflict: UUID
    clause: Key
    reason: Text


class ClaimDeclined(FileEvent):
    """A clause refuses it; the partner may dispute that, so it is a fact."""

    NAME: ClassVar[str] = "claim_declined.v1"
    clause: Key
    reason: Text
    rulebook_version: Key
    conflict: UUID | None
    declined_at: Instant


class ClaimLinked(FileEvent):
    """The same partner in the same leg on the same line again: linked to the first, and gains nothing (ROE-28)."""

    NAME: ClassVar[str] = "claim_linked.v1"
    linked_to: UUID
    clause: Key
    linked_at: Instant


class LineApproved(FileEvent):
    """All legs of a line are approved together; protection begins at each leg's ``window_from`` (ROE-30)."""

    NAME: ClassVar[str] = "line_approved.v1"
    clause: Key
    reason: Text
    rulebook_version: Key
    approved_by: Key
    approved_at: Instant
    legs: tuple[LegWindow, ...]


class LegEvent(FileEvent):
    """A fact about one leg."""

    tier: Tier
    partner: PartnerId


class ProtectionBegan(LegEvent):
    """The activation delay is over: the leg is protected."""

    NAME: ClassVar[str] = "protection_began.v1"
    began_at: Instant


class GraceBegan(LegEvent):
    """The window ended in the late stage or beyond: protected and blocking up to ``grace_to`` (ROE-12)."""

    NAME: ClassVar[str] = "grace_began.v1"
    stage: Key
    grace_to: Instant


class ProtectionLapsed(LegEvent):
    """The leg ended by time, once (ROE-12)."""

    NAME: ClassVar[str] = "protection_lapsed.v1"
    ground: LapseGround
    lapsed_at: Instant


class LegWithdrawn(LegEvent):
    """The partner gave its leg up (ROE-31)."""

    NAME: ClassVar[str] = "leg_withdrawn.v1"
    reason: Text
    withdrawn_at: Instant


class LegReleased(LegEvent):
    """A clause or a ruling ended the leg."""

    NAME: ClassVar[str] = "leg_released.v1"
    clause: Key
    reason: Text
    released_at: Instant


class LegFulfilled(LegEvent):
    """The line was won by the holder (ROE-31)."""

    NAME: ClassVar[str] = "leg_fulfilled.v1"
    fulfilled_at: Instant


class LegReopened(LegEvent):
    """A loss was taken back in time: the leg returns with what was left (ROE-31)."""

    NAME: ClassVar[str] = "leg_reopened.v1"
    window_to: Instant
    hard_stop_at: Instant
    reopened_at: Instant


class LegSuspended(LegEvent):
    """An override suspends the leg; it goes on blocking. ``left_seconds`` is what is left where the clock stops (ROE-21)."""

    NAME: ClassVar[str] = "leg_suspended.v1"
    override: UUID
    left_seconds: Whole | None
    suspended_at: Instant


class LegReturned(LegEvent):
    """The suspension is over: the leg is protected to ``window_to``."""

    NAME: ClassVar[str] = "leg_returned.v1"
    override: UUID
    window_to: Instant
    hard_stop_at: Instant
    returned_at: Instant


class LineOffered(FileEvent):
    """The line is free and offered to the head of the queue; the offer blocks up to ``offer_to``."""

    NAME: ClassVar[str] = "line_offered.v1"
    offer_to: Instant
    offered_at: Instant


class OfferEnded(FileEvent):
    """The offer was refused or met silence: the entry is withdrawn."""

    NAME: ClassVar[str] = "offer_ended.v1"
    reason: Text
    ended_at: Instant


class QueueLeft(FileEvent):
    """The entry left the queue: withdrawn, its opportunity ended, or it waited too long."""

    NAME: ClassVar[str] = "queue_left.v1"
    reason: Text
    left_at: Instant


class JoiningAsked(FileEvent):
    """A partner may join the empty leg of this line; ``challenger`` is its own registration where it came through ROE-9."""

    NAME: ClassVar[str] = "joining_asked.v1"
    joining: UUID
    tier: Tier
    partner: PartnerId
    holder: PartnerId
    asks: Asks
    answer_to: Instant
    challenger: UUID | None
    invited: bool


class JoiningEnded(FileEvent):
    """Somebody said no, said nothing in time, or the place is gone (ROE-10)."""

    NAME: ClassVar[str] = "joining_ended.v1"
    joining: UUID
    reason: Text
    ended_at: Instant


class LegJoined(FileEvent):
    """Both said yes: the partner holds the leg with a window of its own, capped where the rulebook says so (ROE-10)."""

    NAME: ClassVar[str] = "leg_joined.v1"
    joining: UUID
    leg: LegWindow
    capped: bool
    joined_at: Instant
    dealers: tuple[UUID, ...]
    distributors: tuple[UUID, ...]


class LineEvent(Event):
    """A fact of one customer file about one product line, whoever claims it."""

    AGGREGATE: ClassVar[str] = "file"
    customer: UUID
    line: Key


class OverrideBegan(LineEvent):
    """An override acts on the line from here to ``override_to`` (ROE-21)."""

    NAME: ClassVar[str] = "override_began.v1"
    override: UUID
    verb: Verb
    ground: Key
    scope: Scope
    partner: PartnerId | None
    stops_clock: bool
    override_to: Instant


class OverrideLifted(LineEvent):
    """The override no longer acts: its date came, it was revoked, or a later one replaced it."""

    NAME: ClassVar[str] = "override_lifted.v1"
    override: UUID
    reason: Text
    lifted_at: Instant


class ConflictOpened(LineEvent):
    """A conflict over the line is open: its parties, incumbent first."""

    NAME: ClassVar[str] = "conflict_opened.v1"
    conflict: UUID
    parties: tuple[UUID, ...]


class ConflictSettled(LineEvent):
    """The conflict over the line was ruled or closed."""

    NAME: ClassVar[str] = "conflict_settled.v1"
    conflict: UUID


EVENTS: tuple[type[Event], ...] = (
    ClaimEntered,
    ClaimHeldForReview,
    ClaimQueued,
    ClaimPromoted,
    ClaimContested,
    ClaimDeclined,
    ClaimLinked,
    LineApproved,
    ProtectionBegan,
    GraceBegan,
    ProtectionLapsed,
    LegWithdrawn,
    LegReleased,
    LegFulfilled,
    LegReopened,
    LegSuspended,
    LegReturned,
    LineOffered,
    OfferEnded,
    QueueLeft,
    JoiningAsked,
    JoiningEnded,
    LegJoined,
    OverrideBegan,
    OverrideLifted,
    ConflictOpened,
    ConflictSettled,
)
