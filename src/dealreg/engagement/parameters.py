"""The parameters of each clause of the rules of engagement; defaults are those of the reference program (rules.md section 2).

``in_force: false`` switches a clause off. Only the clauses that are built stand here: a rulebook that names another is refused,
which is safer than silently ignoring it.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from dealreg.vocabulary.values import Amount, Key, Model

Days = Annotated[int, Field(ge=0, le=3660)]
Length = Annotated[int, Field(gt=0, le=3660)]


class Clause(Model):
    """What every clause has: whether it is in force in this version."""

    in_force: bool = True


class Requirement(StrEnum):
    """What ROE-2 can ask for."""

    CUSTOMER = "customer"
    CONTACT = "contact"
    VALUE = "value"
    CLOSE_DATE = "close_date"
    DISTRIBUTOR = "distributor"


class Doctrine(StrEnum):
    """Who comes first (ROE-4)."""

    FIRST_COMPLETE = "first_complete"
    FIRST_SUBMITTED = "first_submitted"
    FIRST_APPROVED = "first_approved"
    MERIT = "merit"
    GRADED = "graded"


class Pending(StrEnum):
    """What a complete pending claim does to later ones (ROE-5)."""

    WAIT = "wait"
    SIDE_BY_SIDE = "side_by_side"
    REFUSES = "refuses"


class Anchor(StrEnum):
    """From which instant a window's length is counted (rules.md section 1, Window)."""

    SUBMISSION = "submission"
    COMPLETENESS = "completeness"
    APPROVAL = "approval"
    ACTIVATION = "activation"


class StoppedClock(StrEnum):
    """What a suspension under ROE-21 does to a running window."""

    STOPS = "stops"
    RUNS = "runs"


class Eligibility(Clause):
    """ROE-1: active, authorised for line, territory and track, with the specialisation, on the day of completeness."""


class Completeness(Clause):
    """ROE-2: what must be there; ``evidence`` names kinds; return in business days, incomplete for too long in days."""

    required: tuple[Requirement, ...] = tuple(Requirement)
    evidence: tuple[Key, ...] = ()
    return_business_days: Days = 5
    incomplete_days: Length = 30


class Minimum(Clause):
    """ROE-3: the least value, all lines together, in program currency; the look-back in days."""

    amount: Amount = Decimal(10_000)
    look_back_days: Days = 30


class Priority(Clause):
    """ROE-4: the doctrine."""

    doctrine: Doctrine = Doctrine.FIRST_COMPLETE


class PendingClaims(Clause):
    """ROE-5."""

    while_pending: Pending = Pending.WAIT


class SameInstant(Clause):
    """ROE-6: instants count in whole seconds."""


class WindowLengths(Model):
    """Days of protection by the partner's tier in the program."""

    authorized: Length
    premier: Length
    elite: Length
    master: Length


class DistributorExclusivity(Clause):
    """ROE-7."""

    window_days: WindowLengths = WindowLengths(authorized=90, premier=120, elite=180, master=180)


class DealerExclusivity(Clause):
    """ROE-8."""

    window_days: WindowLengths = WindowLengths(authorized=60, premier=75, elite=75, master=75)


class CrossTier(Clause):
    """ROE-9; ``evidence_look_back_days`` is section 1a (iii)'s look-back before the challenger's own submission."""

    evidence_look_back_days: Days = 180


class Joining(Clause):
    """ROE-10: whether the joiner's window is capped by the distributor leg; business days for each answer."""

    capped: bool = True
    answer_business_days: Length = 5


class LineByLine(Clause):
    """ROE-11."""


class Lapse(Clause):
    """ROE-12: grace and hard stop in days; ``late_stage`` ``None`` means no grace; ``again_after_days`` for the same partner."""

    late_stage: Key | None = "negotiation"
    grace_days: Days = 14
    hard_stop_days: Length = 270
    again_after_days: Days = 30


class OverrideRules(Clause):
    """ROE-21: the clock of a suspended leg, and the longest period in days."""

    clock: StoppedClock = StoppedClock.STOPS
    longest_days: Length = 180


class Repetition(Clause):
    """ROE-28."""


class Approval(Clause):
    """ROE-30: the anchor, the activation delay in days, and up to which value (program currency) the rulebook approves."""

    anchor: Anchor = Anchor.APPROVAL
    activation_days: Days = 0
    by_rulebook_up_to: Amount | None = Decimal(100_000)


class Outcome(Clause):
    """ROE-31: days in which a loss may be reopened; hours before the win below which a registration goes to the desk."""

    reopened_days: Days = 30
    before_win_hours: Days = 72


class Queueing(Model):
    """The queue of a line (rules.md section 1): off means that a refused line is declined at once."""

    in_use: bool = True
    offer_business_days: Length = 5
    entry_days: Length = 365


class Conflicts(Model):
    """The clock of a conflict in business days (rules.md section 3)."""

    evidence_business_days: Length = 3
    ruling_business_days: Length = 5
    rulebook_upholds: bool = True


class Clauses(Model):
    """The clauses of one version, each under its number."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    eligibility: Eligibility = Field(default=Eligibility(), alias="ROE-1")
    completeness: Completeness = Field(default=Completeness(), alias="ROE-2")
    minimum: Minimum = Field(default=Minimum(), alias="ROE-3")
    priority: Priority = Field(default=Priority(), alias="ROE-4")
    pending: PendingClaims = Field(default=PendingClaims(), alias="ROE-5")
    same_instant: SameInstant = Field(default=SameInstant(), alias="ROE-6")
    distributor_exclusivity: DistributorExclusivity = Field(default=DistributorExclusivity(), alias="ROE-7")
    dealer_exclusivity: DealerExclusivity = Field(default=DealerExclusivity(), alias="ROE-8")
    cross_tier: CrossTier = Field(default=CrossTier(), alias="ROE-9")
    joining: Joining = Field(default=Joining(), alias="ROE-10")
    line_by_line: LineByLine = Field(default=LineByLine(), alias="ROE-11")
    lapse: Lapse = Field(default=Lapse(), alias="ROE-12")
    override: OverrideRules = Field(default=OverrideRules(), alias="ROE-21")
    repetition: Repetition = Field(default=Repetition(), alias="ROE-28")
    approval: Approval = Field(default=Approval(), alias="ROE-30")
    outcome: Outcome = Field(default=Outcome(), alias="ROE-31")
    queue: Queueing = Queueing()
    conflicts: Conflicts = Conflicts()
