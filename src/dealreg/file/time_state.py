"""What a customer file knows of the clocks of a claim and of its legs."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AskedExtension:
    """An extension that waits for a decision; ``decide_by`` is gone once nobody decided in time (ROE-13, ROE-15)."""

    days: int
    held_days: int
    asked_by: str
    decide_by: datetime | None


@dataclass(frozen=True, slots=True)
class LegTime:
    """The clocks of one leg.

    ``hold_to`` and ``price_hold_to`` are what protects it past its window's end, beside grace (ROE-13, ROE-27); ``extensions`` counts
    those granted; ``capped`` legs end with the one above (ROE-10). A ``frozen`` leg is ended by its hard stop alone (ROE-22); one that
    was lets go what was due meanwhile from ``thawed_at`` on, not earlier.
    """

    hold_to: datetime | None = None
    price_hold_to: datetime | None = None
    extensions: int = 0
    asked: AskedExtension | None = None
    capped: bool = False
    frozen: bool = False
    thawed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClaimTime:
    """The clocks of one claim.

    ``counts``: progress is asked for (ROE-14). Of its three instants those are gone that have come; while ``stood_at`` is set they stand since then. ``review_left`` is
    the business time in seconds that a standing review clock has left (ROE-15). ``stale_since``: its CRM record is not known (ROE-22).
    """

    counts: bool = False
    remind_at: datetime | None = None
    suspend_at: datetime | None = None
    release_at: datetime | None = None
    progress_at: datetime | None = None
    stood_at: datetime | None = None
    review_clause: str | None = None
    review_left: int | None = None
    review_overdue: bool = False
    silence_approves: bool = False
    stale_since: datetime | None = None
    stale_limit_at: datetime | None = None
