"""What the facts of a registration are made of: classes, outcomes, lines and legs as requested, who reads them, what was checked."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Key, Model, PartnerTier, Reach, Scope, Tier, Track


class RegistrationClass(StrEnum):
    """``exclusive`` claims block one another; ``tender`` blocks nobody (rules.md section 1)."""

    EXCLUSIVE = "exclusive"
    TENDER = "tender"


class OutcomeKind(StrEnum):
    """How an opportunity ended, or that it did not (ROE-31)."""

    WON = "won"
    LOST = "lost"
    REOPENED = "reopened"


class StaleDecision(StrEnum):
    """What the desk decides on a leg whose facts stayed stale (ROE-22)."""

    RUN = "run"
    RELEASE = "release"


class RequestedLeg(Model):
    """The claim of one tier on a line, and the partner that makes it."""

    tier: Tier
    partner: PartnerId


class RequestedLine(Model):
    """A product line in a scope, with up to three legs; ``reach`` says whether the companies below the customer are meant too."""

    line: Key
    scope: Scope
    legs: tuple[RequestedLeg, ...]
    reach: Reach = Reach.ENTITY


class Readers(Model):
    """Who may read the rows of this registration, as the hierarchy stood when it was said (architecture D9)."""

    dealers: tuple[UUID, ...] = ()
    distributors: tuple[UUID, ...] = ()
    managers: tuple[UUID, ...] = ()


class CheckedLeg(Model):
    """What ROE-1 looked at for a leg, on the day of completeness."""

    partner: PartnerId
    tier: Tier
    track: Track
    program_tier: PartnerTier
    standing: Key


class RegistrationEvent(Event):
    """A fact of one registration."""

    AGGREGATE: ClassVar[str] = "registration"
    registration: UUID
