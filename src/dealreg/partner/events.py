"""What is true of a partner and from when: its tier, its parents, what it may sell, its standing, the bars on it.

Every fact names the instant from which it holds, because a claim is judged by the day of its completeness (rules.md section 1a).
"""

from typing import ClassVar
from uuid import UUID

from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Count, Instant, Key, PartnerTier, Sealed, Standing, Track


class PartnerEvent(Event):
    """A fact of one partner."""

    AGGREGATE: ClassVar[str] = "partner"
    partner: PartnerId


class PartnerEnrolled(PartnerEvent):
    """The partner is in the program, in good standing; territories are nodes of the program's tree, each with all below it."""

    NAME: ClassVar[str] = "partner_enrolled.v1"
    track: Track
    tier: PartnerTier
    lines: tuple[Key, ...]
    territories: tuple[Key, ...]
    specialisations: tuple[Key, ...]
    display_name: Sealed | None
    enrolled_from: Instant


class PartnerParentsNamed(PartnerEvent):
    """Through whom the partner buys; the list replaces the one before it and may be empty."""

    NAME: ClassVar[str] = "partner_parents_named.v1"
    parents: tuple[PartnerId, ...]
    parents_from: Instant


class PartnerTierChanged(PartnerEvent):
    """The partner's tier in the program, which sets the length of its windows (ROE-7, ROE-8)."""

    NAME: ClassVar[str] = "partner_tier_changed.v1"
    tier: PartnerTier
    tier_from: Instant


class PartnerAuthorised(PartnerEvent):
    """What the partner may claim; the three lists replace those before them (ROE-1)."""

    NAME: ClassVar[str] = "partner_authorised.v1"
    lines: tuple[Key, ...]
    territories: tuple[Key, ...]
    specialisations: tuple[Key, ...]
    authorised_from: Instant


class PartnerStandingChanged(PartnerEvent):
    """Whether the partner may claim (ROE-1, ROE-16)."""

    NAME: ClassVar[str] = "partner_standing_changed.v1"
    standing: Standing
    standing_from: Instant


class PartnerBarred(PartnerEvent):
    """An override bars new claims, extensions and offers (ROE-21); no lines or territories means all of them."""

    NAME: ClassVar[str] = "partner_barred.v1"
    override: UUID
    lines: tuple[Key, ...]
    territories: tuple[Key, ...]
    barred_from: Instant
    barred_to: Instant


class PartnerBarLifted(PartnerEvent):
    """The override that barred the partner was revoked or replaced before its date; free again from ``lifted_from``."""

    NAME: ClassVar[str] = "partner_bar_lifted.v1"
    override: UUID
    lifted_from: Instant


class UnsupportedClaimNoted(PartnerEvent):
    """A claim without evidence met a protected line (rules.md section 3, What an answer reveals).

    ``count`` are those of the ``month`` of the program's calendar, such as 2026-03; ``shown`` says that they are too many, ``managers``
    to whom. No clause decides by it.
    """

    NAME: ClassVar[str] = "unsupported_claim_noted.v1"
    registration: UUID
    month: Key
    count: Count
    shown: bool
    managers: tuple[UUID, ...]
    noted_at: Instant


EVENTS: tuple[type[Event], ...] = (
    PartnerEnrolled,
    PartnerParentsNamed,
    PartnerTierChanged,
    PartnerAuthorised,
    PartnerStandingChanged,
    PartnerBarred,
    PartnerBarLifted,
    UnsupportedClaimNoted,
)
