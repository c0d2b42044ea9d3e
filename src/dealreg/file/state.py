"""The customer file: what is true of every live claim on one end customer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from dealreg.file.account import Account
from dealreg.file.clocks import Appeal, ConflictClock, Disputable
from dealreg.file.prices import HeldPrice
from dealreg.file.time_state import ClaimTime, LegTime
from dealreg.file.words import Asks, Verb
from dealreg.vocabulary.values import Money, Reach, Scope, Standing, Tier


class LegState(StrEnum):
    """Where a leg stands (rules.md section 1, Leg); grace and hold count as protected."""

    PENDING = "pending"
    QUEUED = "queued"
    CONTESTED = "contested"
    APPROVED = "approved"
    PROTECTED = "protected"
    SUSPENDED = "suspended"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    RELEASED = "released"
    FULFILLED = "fulfilled"


HOLDING: Final = frozenset({LegState.APPROVED, LegState.PROTECTED, LegState.SUSPENDED})
WAITING: Final = frozenset({LegState.PENDING, LegState.QUEUED, LegState.CONTESTED})
LIVE: Final = HOLDING | WAITING

ClaimKey = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Leg:
    """One tier's claim on a line: its partner, its state and its window, half-open.

    ``suspended_by`` is an override (ROE-21), whose clock may stand; ``paused`` are the clauses that suspend it beside, under which its
    window runs on (ROE-14, ROE-16, ROE-25). It is ``suspended`` while there is either. ``release_at`` ends the leg that ROE-16 suspends.
    ``standing`` is what the file knows of its partner, from ``standing_since`` on; ``None`` there: it does not hold yet.
    """

    tier: Tier
    partner: str
    state: LegState
    window_from: datetime | None = None
    window_to: datetime | None = None
    hard_stop_at: datetime | None = None
    grace_to: datetime | None = None
    suspended_by: UUID | None = None
    left_seconds: int | None = None
    suspended_at: datetime | None = None
    ended_at: datetime | None = None
    paused: tuple[str, ...] = ()
    release_at: datetime | None = None
    standing: Standing = Standing.GOOD
    standing_since: datetime | None = None
    released_under: str | None = None
    time: LegTime = field(default_factory=LegTime)


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of one registration with all its legs; ``entry`` is the order of acceptance in this file.

    ``beside`` are registrations that it neither blocks nor meets: those of a ruling ``share``, and those that a merge brought together.
    ``disputable`` is the last decision against it that may be appealed, once (ROE-29).
    ``credited`` are partners that got a credit (ROE-31). ``identity_to`` is when a person is due to tell whose claim it is (ROE-24);
    ``came_from`` is the customer under which it stood before a merge.
    """

    registration: UUID
    line: str
    scope: Scope
    tender: bool
    legs: tuple[Leg, ...]
    filed_by: str
    by_dealer: bool
    entry: int
    priority_at: datetime
    submitted_at: datetime
    completed_at: datetime
    value: Money | None
    opportunity: UUID | None
    source: str | None
    managers: tuple[UUID, ...]
    review_to: datetime | None = None
    conflict: UUID | None = None
    queue_clause: str | None = None
    not_before: datetime | None = None
    leaves_at: datetime | None = None
    offer_to: datetime | None = None
    first_protected_at: datetime | None = None
    declined_clause: str | None = None
    win_at: datetime | None = None
    approved_clause: str | None = None
    rulebook_version: str | None = None
    in_review: bool = False
    beside: frozenset[UUID] = frozenset()
    identity_to: datetime | None = None
    came_from: UUID | None = None
    reach: Reach = Reach.ENTITY
    time: ClaimTime = field(default_factory=ClaimTime)
    disputable: Disputable | None = None
    appealed: bool = False
    credited: frozenset[str] = frozenset()

    @property
    def key(self) -> ClaimKey:
        """What names the claim inside its file."""
        return (self.registration, self.line)

    @property
    def live(self) -> bool:
        """Whether any leg has not ended."""
        return any(leg.state in LIVE for leg in self.legs)

    @property
    def holds(self) -> bool:
        """Whether a leg of it is approved, protected or suspended."""
        return any(leg.state in HOLDING for leg in self.legs)

    @property
    def exclusive(self) -> bool:
        """Whether a leg holds with a window: tenders and the second under ``graded`` have none and block nobody."""
        return any(leg.state in HOLDING and leg.window_to is not None for leg in self.legs)

    @property
    def blocks(self) -> bool:
        """Whether newcomers meet it: a leg holds, or an offer of the line is open (rules.md section 1, Blocks)."""
        return not self.tender and (self.exclusive or self.offer_to is not None)

    def state_is(self, state: LegState) -> bool:
        """Whether the claim as a whole waits in this state: all its legs wait together."""
        return any(leg.state is state for leg in self.legs)

    def leg(self, tier: Tier) -> Leg | None:
        """The live leg at a tier, else ``None``: a leg that ended leaves its place empty."""
        return next((leg for leg in self.legs if leg.tier is tier and leg.state in LIVE), None)

    def party(self, tier: Tier) -> str | None:
        """The partner of the live leg at a tier."""
        leg = self.leg(tier)
        return leg.partner if leg is not None else None


@dataclass(frozen=True, slots=True)
class ActiveOverride:
    """An override that acts on a line of this file now.

    A merge does not widen it (ROE-21): one that came with a merge acts on what came from the same customer, one that was here ``spares``
    what came later. One that begins after a merge acts on all.
    """

    override: UUID
    verb: Verb
    line: str
    scope: Scope
    partner: str | None
    ground: str
    stops_clock: bool
    override_to: datetime
    came_from: UUID | None = None
    spares: frozenset[UUID] = frozenset()

    def acts_on(self, claim: Claim) -> bool:
        """Whether the claim is of the customer that the override named, as customers stood when it began."""
        return claim.came_from not in self.spares and self.came_from in {None, claim.came_from}


@dataclass(frozen=True, slots=True)
class Joining:
    """A partner that may join an empty leg, and whose answer is awaited."""

    joining: UUID
    host: ClaimKey
    tier: Tier
    partner: str
    holder: str
    asks: Asks
    answer_to: datetime
    challenger: UUID | None
    invited: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """A leg that ended by time, remembered for ROE-12's days before the same partner is protected again."""

    partner: str
    tier: Tier
    line: str
    scope: Scope
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """Every claim on one end customer by registration and line; those that ended stay readable, ``live`` lists the others.

    ``closed_into``: the customer is another one (ROE-24); what stood here at that time stays readable, and lives on in that file.
    """

    customer: UUID | None = None
    closed_into: UUID | None = None
    entries: int = 0
    claims: Mapping[ClaimKey, Claim] = field(default_factory=dict)
    overrides: tuple[ActiveOverride, ...] = ()
    joinings: tuple[Joining, ...] = ()
    conflicts: Mapping[UUID, tuple[str, tuple[UUID, ...]]] = field(default_factory=dict)
    ended: tuple[Ended, ...] = ()
    live: tuple[ClaimKey, ...] = ()
    account: Account = field(default_factory=Account)
    prices: Mapping[UUID, HeldPrice] = field(default_factory=dict)
    noted: frozenset[UUID] = frozenset()
    clocks: Mapping[UUID, ConflictClock] = field(default_factory=dict)
    appeals: Mapping[ClaimKey, Appeal] = field(default_factory=dict)

    def living(self, line: str | None = None) -> list[Claim]:
        """The live claims, of one product line if named, in order of acceptance."""
        return [self.claims[key] for key in self.live if line is None or key[1] == line]

    def of_registration(self, registration: UUID) -> list[Claim]:
        """Every claim of a registration, ended ones included."""
        return [claim for (owner, _), claim in self.claims.items() if owner == registration]
