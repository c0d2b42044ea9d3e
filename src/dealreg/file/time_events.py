"""What time does to claims and legs: extensions and holds, progress, the review clock, stale facts (ROE-12 to ROE-15, ROE-22, ROE-27).

Every instant at which something falls due stands in the fact that starts its clock (rules.md section 1, Due).
"""

from typing import ClassVar

from dealreg.file.claim_events import FileEvent
from dealreg.file.leg_events import LegEvent
from dealreg.file.words import LegEnd, ProgressLimits
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Count, Instant, Key, Text


class ExtensionAsked(LegEvent):
    """The leg's partner asks for ``days`` more before its window's end; the decision is due by ``decide_by`` (ROE-13, ROE-15).

    Undecided at the window's end the leg is held at most ``held_days`` past it.
    """

    NAME: ClassVar[str] = "extension_asked.v1"
    days: Count
    held_days: Count
    asked_by: Key
    decide_by: Instant | None
    asked_at: Instant


class ExtensionOverdue(LegEvent):
    """Nobody decided on an extension in time: ``escalate_to`` is told, the request stands (ROE-15)."""

    NAME: ClassVar[str] = "extension_overdue.v1"
    clause: Key = "ROE-15"
    escalate_to: Key
    overdue_at: Instant


class ExtensionGranted(LegEvent):
    """The window ends at ``window_to``, counted from its old end whenever that was decided; the leg as things stand at ``ends_at``."""

    NAME: ClassVar[str] = "extension_granted.v1"
    clause: Key = "ROE-13"
    window_to: Instant
    hard_stop_at: Instant
    ends_at: Instant
    granted_by: Key
    reason: Text
    granted_at: Instant


class ExtensionRefused(LegEvent):
    """No extension. ``silence``: nobody decided while the leg was held, which counts as refused and is our breach (ROE-13)."""

    NAME: ClassVar[str] = "extension_refused.v1"
    clause: Key = "ROE-13"
    ends_at: Instant
    refused_by: Key
    reason: Text
    silence: bool = False
    refused_at: Instant
    appeal_to: Instant | None = None


class CapLifted(LegEvent):
    """The distributor leg above was extended: a capped dealer leg runs on, at most its own length (ROE-10)."""

    NAME: ClassVar[str] = "cap_lifted.v1"
    clause: Key = "ROE-10"
    window_to: Instant
    ends_at: Instant
    lifted_at: Instant


class HoldBegan(LegEvent):
    """The window ended with an extension undecided: protected and blocking, at most up to ``hold_to`` (ROE-13).

    ``own``: the leg's own; else that of the leg above, by which it is capped (ROE-10).
    """

    NAME: ClassVar[str] = "hold_began.v1"
    clause: Key = "ROE-13"
    hold_to: Instant
    own: bool = True


class PriceHoldBegan(LegEvent):
    """The window ended with a special price in force: protected and blocking up to ``hold_to`` (ROE-27)."""

    NAME: ClassVar[str] = "price_hold_began.v1"
    clause: Key = "ROE-27"
    hold_to: Instant


class ProgressCounted(FileEvent):
    """The progress clock counts anew, or goes on; without ``limits`` it stands and only the progress is noted (ROE-14)."""

    NAME: ClassVar[str] = "progress_counted.v1"
    progress_at: Instant
    limits: ProgressLimits | None
    reason: Text


class ProgressReminded(FileEvent):
    """No progress for so long: the partners are reminded; without any by ``suspend_at`` their legs are suspended (ROE-14)."""

    NAME: ClassVar[str] = "progress_reminded.v1"
    clause: Key = "ROE-14"
    suspend_at: Instant
    reminded_at: Instant


class ReviewClockStopped(FileEvent):
    """The review clock stands: returned, queued or contested. ``left_seconds`` of business time are left when it goes on (ROE-15)."""

    NAME: ClassVar[str] = "review_clock_stopped.v1"
    left_seconds: Count
    reason: Text
    stopped_at: Instant


class ReviewOverdue(FileEvent):
    """Nobody decided on the claim in time: ``escalate_to`` is told, the claim goes on waiting with its time kept (ROE-15)."""

    NAME: ClassVar[str] = "review_overdue.v1"
    clause: Key = "ROE-15"
    escalate_to: Key
    overdue_at: Instant


class FactsWentStale(FileEvent):
    """What the CRM knows of the opportunity is not known here: nothing but the hard stop ends the legs until it is (ROE-22).

    ``legs`` says when each ends now; after ``limit_at`` (missing where that has passed) the desk decides leg by leg.
    """

    NAME: ClassVar[str] = "facts_went_stale.v1"
    clause: Key = "ROE-22"
    reason: Text
    since: Instant
    limit_at: Instant | None
    legs: tuple[LegEnd, ...]


class StaleLimitPassed(FileEvent):
    """Not reconciled in time: the desk decides leg by leg (ROE-22)."""

    NAME: ClassVar[str] = "stale_limit_passed.v1"
    clause: Key = "ROE-22"
    passed_at: Instant


class FactsReconciled(FileEvent):
    """The facts are known again: what was due is judged on them and takes effect now (ROE-22). ``legs`` says when each ends."""

    NAME: ClassVar[str] = "facts_reconciled.v1"
    clause: Key = "ROE-22"
    reconciled_by: Key
    reason: Text
    legs: tuple[LegEnd, ...]
    reconciled_at: Instant


class LegThawed(LegEvent):
    """The desk lets the clocks of one leg run on the facts as known; it ends at ``ends_at`` (ROE-22)."""

    NAME: ClassVar[str] = "leg_thawed.v1"
    clause: Key = "ROE-22"
    ends_at: Instant
    hold_to: Instant | None
    thawed_by: Key
    reason: Text
    thawed_at: Instant


EVENTS: tuple[type[Event], ...] = (
    ExtensionAsked,
    ExtensionOverdue,
    ExtensionGranted,
    ExtensionRefused,
    CapLifted,
    HoldBegan,
    PriceHoldBegan,
    ProgressCounted,
    ProgressReminded,
    ReviewClockStopped,
    ReviewOverdue,
    FactsWentStale,
    StaleLimitPassed,
    FactsReconciled,
    LegThawed,
)
