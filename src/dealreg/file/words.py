"""The words that facts of a customer file use: grounds, verbs, legs with their windows."""

from enum import StrEnum

from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Model, Tier


class LapseGround(StrEnum):
    """Which end came (ROE-12)."""

    WINDOW = "window"
    GRACE = "grace"
    HOLD = "hold"
    SPECIAL_PRICE = "special_price"
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


class Against(StrEnum):
    """Which decision outside of a conflict a partner appeals against (ROE-29)."""

    DECLINE = "decline"
    RELEASE = "release"
    EXTENSION = "extension"


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


class LegEnd(Model):
    """When a leg ends as things stand, and its hold of an undecided extension, where there is one (ROE-22)."""

    tier: Tier
    partner: PartnerId
    ends_at: Instant
    hold_to: Instant | None = None


class ProgressLimits(Model):
    """When a claim without progress is reminded of, suspended and released (ROE-14); what has come already is missing."""

    remind_at: Instant | None
    suspend_at: Instant | None
    release_at: Instant
