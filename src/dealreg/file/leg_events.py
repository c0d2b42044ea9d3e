"""What became of one leg: protection begins, grace, lapse, withdrawal, release, win, suspension, joining."""

from typing import ClassVar
from uuid import UUID

from dealreg.file.claim_events import FileEvent
from dealreg.file.words import LapseGround, LegWindow
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Text, Tier, Whole


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
    """A clause or a ruling ended the leg; its partner may dispute that up to ``appeal_to``, where it may at all (ROE-29)."""

    NAME: ClassVar[str] = "leg_released.v1"
    clause: Key
    reason: Text
    released_at: Instant
    released_by: Key = "rulebook"
    appeal_to: Instant | None = None


class LegFulfilled(LegEvent):
    """The line was won by the holder (ROE-31)."""

    NAME: ClassVar[str] = "leg_fulfilled.v1"
    fulfilled_at: Instant


class LegReopened(LegEvent):
    """A loss was taken back in time (ROE-31), or an end on appeal (ROE-29): the leg returns with what was left."""

    NAME: ClassVar[str] = "leg_reopened.v1"
    window_to: Instant
    hard_stop_at: Instant
    reopened_at: Instant
    clause: Key = "ROE-31"


class LegSuspended(LegEvent):
    """An override, or a clause, suspends the leg; it goes on blocking.

    ``override`` is missing under another clause than ROE-21 (ROE-14, ROE-16, ROE-25), whose window runs on. ``left_seconds`` is what is
    left where an override stops the clock. ``release_at`` is when the suspension becomes the leg's end, where there is such a limit (ROE-16).
    """

    NAME: ClassVar[str] = "leg_suspended.v1"
    override: UUID | None = None
    left_seconds: Whole | None
    suspended_at: Instant
    clause: Key = "ROE-21"
    reason: Text = ""
    release_at: Instant | None = None


class LegReturned(LegEvent):
    """A suspension is over: the leg is protected to ``window_to``, or ``remains_suspended`` by another clause or override.

    ``ends_at`` is when it ends as things stand, grace and holds included; ``hold_to`` when the hold of an undecided extension does.
    """

    NAME: ClassVar[str] = "leg_returned.v1"
    override: UUID | None = None
    window_to: Instant
    hard_stop_at: Instant
    returned_at: Instant
    clause: Key = "ROE-21"
    reason: Text = ""
    remains_suspended: bool = False
    ends_at: Instant | None = None
    hold_to: Instant | None = None


class LegJoined(FileEvent):
    """Both said yes: the partner holds the leg with a window of its own, capped where the rulebook says so (ROE-10)."""

    NAME: ClassVar[str] = "leg_joined.v1"
    joining: UUID
    leg: LegWindow
    capped: bool
    joined_at: Instant
    dealers: tuple[UUID, ...]
    distributors: tuple[UUID, ...]
