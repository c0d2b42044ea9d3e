"""What became of a claim as a whole: entered, queued, contested, declined, approved, offered, asked to share."""

from typing import ClassVar
from uuid import UUID

from dealreg.file.words import Asks, ClaimedLeg, LegWindow, ProgressLimits
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Count, Instant, Key, Money, Ratio, Reach, Scope, Text, Tier


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
    reach: Reach = Reach.ENTITY


class ClaimHeldForReview(FileEvent):
    """No clause refuses it, a person decides (ROE-30); ``review_to`` is by when, where a review clock is in force (ROE-15).

    ``silence_approves``: undecided then, it is approved by the rulebook, which says so in so many words.
    """

    NAME: ClassVar[str] = "claim_held_for_review.v1"
    clause: Key
    reason: Text
    review_to: Instant | None
    silence_approves: bool = False


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
    """A clause refuses it; the partner may dispute that, so it is a fact: up to ``appeal_to``, where it may (ROE-29).

    ``shown`` is what its partners read beside the clause: kind and date of the manufacturer's own opportunity (ROE-19), else nothing.
    """

    NAME: ClassVar[str] = "claim_declined.v1"
    clause: Key
    reason: Text
    rulebook_version: Key
    conflict: UUID | None
    declined_at: Instant
    declined_by: Key = "rulebook"
    appeal_to: Instant | None = None
    shown: Text | None = None


class ClaimLinked(FileEvent):
    """The same partner in the same leg on the same line again: linked to the first, and gains nothing (ROE-28)."""

    NAME: ClassVar[str] = "claim_linked.v1"
    linked_to: UUID
    clause: Key
    linked_at: Instant


class LineApproved(FileEvent):
    """All legs of a line are approved together; protection begins at each leg's ``window_from`` (ROE-30).

    ``progress`` is by when progress is asked for, where the rulebook does (ROE-14). ``benefit`` is the part of the program's benefit that
    goes with it where that is not the whole: the second under ``graded`` (ROE-4).
    """

    NAME: ClassVar[str] = "line_approved.v1"
    clause: Key
    reason: Text
    rulebook_version: Key
    approved_by: Key
    approved_at: Instant
    legs: tuple[LegWindow, ...]
    benefit: Ratio | None = None
    progress: ProgressLimits | None = None


class WinHeldForReview(FileEvent):
    """Won so soon after completeness that a person decides whether the win counts (ROE-31)."""

    NAME: ClassVar[str] = "win_held_for_review.v1"
    clause: Key
    reason: Text
    won_at: Instant


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
