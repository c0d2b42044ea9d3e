"""The rows of the read models as they are answered: each field is a column of ``projections/`` (its README says what it means)."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from dealreg.vocabulary.values import Day, Instant

WORDS = (
    "`incomplete`, `pending` (a person decides), `waiting`, `offered` (yours to accept up to `offer_to`), `approved`, `protected`, "
    "`suspended`; and the ends `declined`, `withdrawn`, `lapsed`, `released`, `fulfilled`"
)


class Row(BaseModel):
    """A row; what the reader may not see is not in it."""

    model_config = ConfigDict(frozen=True)


class Deal(Row):
    """One leg of one line of a registration."""

    registration: UUID
    line: str
    tier: str
    partner: str
    program: str
    filed_by: str
    registration_class: str
    customer_name: str | None
    territory: str
    sites: list[str]
    value_amount: Decimal | None
    value_currency: str | None
    close_on: Day | None
    stage: str | None
    opportunity: UUID | None = Field(description="The CRM's record that it rides on.")
    fields: dict[str, Any] | None = Field(description="The CRM's own fields; a sealed one is null.")
    state: str = Field(description=WORDS)
    since: Instant = Field(description="From which business instant the state counts.")
    benefit: Decimal | None = Field(
        description="The part of the benefit that goes with it, where not the whole (ROE-4)."
    )
    credit: Decimal | None = Field(
        description="The part of the benefit that goes to who registered where the brand won through another (ROE-31)."
    )
    clause: str | None = Field(description="The clause that ended, suspended or holds it.", examples=["ROE-7"])
    shown: str | None = Field(description="Kind and date of the manufacturer's own opportunity that it met (ROE-19).")
    missing: list[str] | None
    asked: str | None = Field(description="What a person asked for.")
    answer_by: Instant | None
    window_from: Instant | None = Field(description="The first protected instant.")
    window_to: Instant | None = Field(description="The first instant that is free again.")
    grace_to: Instant | None
    offer_to: Instant | None
    extension: str | None = Field(description="More time was `asked` for, `granted` or `refused` (ROE-13).")
    held_to: Instant | None = Field(
        description="Protected so long past its window, by an undecided extension or a special price."
    )
    progress_by: Instant | None = Field(
        description="You are reminded: without progress by then it is suspended (ROE-14)."
    )
    stale_since: Instant | None = Field(
        description="The CRM's record is not known since then; only the hard stop ends the leg (ROE-22)."
    )
    submitted_at: Instant
    completed_at: Instant | None


class ManagedDeal(Deal):
    """One leg, as the manufacturer's people read it."""

    customer: UUID | None
    reason: str | None
    conflict: UUID | None
    priority_at: Instant | None
    review_to: Instant | None = Field(description="When a person's decision is due.")
    leaves_at: Instant | None = Field(description="When it leaves the queue.")
    approved_by: str | None
    hard_stop_at: Instant | None
    tender: bool
    overdue_since: Instant | None = Field(description="A person should have decided by then (ROE-15).")


class Change(Row):
    """How a leg came to a state; ``n`` counts the changes of this leg."""

    registration: UUID
    line: str
    tier: str
    partner: str
    n: int
    state: str
    clause: str | None
    at: Instant


class ManagedChange(Change):
    """The same, with by whom and why."""

    reason: str | None
    actor_role: str
    actor: str


class Fact(Row):
    """A fact of a registration, of its lines in the customer's file, or of its conflicts, as it was recorded."""

    registration: UUID
    position: int
    stream: UUID
    version: int
    event: str
    line: str | None
    recorded_at: Instant
    effective_at: Instant
    actor_role: str
    actor_subject: str
    actor_partner: str | None
    on_behalf_of: str | None
    request: str | None
    clause: str | None
    reason: str | None
    source: dict[str, Any] | None = Field(
        description="The message that brought it: stream and number in the broker, SHA-256 of its bytes."
    )
    cause: str | None = Field(description="The fact that a policy answered to with it.")
    data: dict[str, Any]


class Interval(Row):
    """A piece of a leg's protection in two times: so from `valid_from` up to `valid_to`, known from `known_from` up to `known_to`."""

    registration: UUID
    line: str
    tier: str
    partner: str
    program: str
    customer: UUID
    customer_name: str | None
    filed_by: str
    territory: str
    sites: list[str]
    state: str = Field(description="`approved` (its window has not begun), `protected` or `suspended`.")
    window_from: Instant | None
    window_to: Instant | None
    valid_from: Instant
    valid_to: Instant | None = Field(
        description="The first instant at which it is so no more; none while a clock stands."
    )
    known_from: Instant
    known_to: Instant | None = Field(
        description="When something else became known of that time; none: it is known so now."
    )
    fact: str = Field(description="The fact that made it so: stream and version.")
    event: str
    clause: str | None


class ConflictRow(Row):
    """One contested line: who met whom, what the rulebook proposes, when a ruling is due."""

    conflict: UUID
    program: str
    customer: UUID
    customer_name: str | None
    line: str
    territory: str
    sites: list[str]
    kind: str = Field(examples=["horizontal_dealer"])
    clause: str
    state: str = Field(description="`detected`, `proposed`, `ruled`, `appealed`, `closed`.")
    incumbent: dict[str, Any]
    challengers: list[dict[str, Any]]
    left_parties: list[Any]
    ground: str
    proposal: dict[str, Any] | None
    ruling: dict[str, Any] | None
    evidence: list[dict[str, Any]] = Field(description="What parties showed in time; `counts`: it is a ground.")
    suggestions: list[dict[str, Any]] = Field(description="What managers of the region would rule.")
    appeals: list[dict[str, Any]] = Field(description="Who asks for another judgement, and why (ROE-29).")
    referred_to: str | None = Field(description="The person who rules, where it was referred.")
    escalated_to: str | None = Field(description="The role that was told that no ruling came in time.")
    times_overdue: int
    detected_at: Instant
    evidence_to: Instant | None = Field(description="Up to when parties may show evidence.")
    ruling_to: Instant = Field(description="When a ruling is due, or its delay told again.")
    appeal_to: Instant | None = Field(description="Up to when the ruling may be appealed; closed then.")
    stay_to: Instant | None = Field(description="Up to when the ruling rests at most.")
    closed_at: Instant | None
    closed_reason: str | None


class AppealRow(Row):
    """A decline, a release or a refused extension that another person is to judge again (ROE-29)."""

    registration: UUID
    line: str
    program: str
    customer: UUID
    against: str = Field(examples=["decline"])
    state: str = Field(description="`waits`, `upheld`, `reversed`.")
    appealed_by: str
    decided_by: str = Field(description="Who took the decision: not who judges it.")
    reason: str
    appealed_at: Instant
    ruling_to: Instant = Field(description="When the judgement is due, or its delay told again.")
    escalated_to: str | None
    times_overdue: int
    ruled_by: str | None
    ruled_because: str | None
    ruled_at: Instant | None


class Ending(Row):
    """A protection that ends by time; ``ends_at`` is when, grace, holds and the hard stop considered."""

    registration: UUID
    line: str
    tier: str
    partner: str
    program: str
    customer: UUID
    customer_name: str | None
    territory: str
    value_amount: Decimal | None
    value_currency: str | None
    stage: str | None
    window_from: Instant | None
    window_to: Instant
    grace_to: Instant | None
    held_to: Instant | None
    stale_since: Instant | None
    hard_stop_at: Instant
    ends_at: Instant


class JoiningAsked(Row):
    """What you are asked: to take a partner in (`holder`), or to join (`joiner`); who the other is, is told when both said yes."""

    joining: UUID
    program: str
    asks: str
    registration: UUID
    line: str
    tier: str
    asked_at: Instant
    answer_by: Instant


class DeadLetter(Row):
    """A message that could not be decided, and why; without its bytes, which may be personal. ``redacted_at``: they were erased."""

    id: int
    stream: str
    sequence: int
    subject: str
    source: str | None
    reason: str
    detail: dict[str, Any]
    headers: dict[str, Any]
    size: int
    received_at: Instant
    recorded_at: Instant
    attempts: int
    replayed_at: Instant | None
    resolved_at: Instant | None
    resolution: str | None
    redacted_at: Instant | None
