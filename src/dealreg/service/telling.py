"""What was true, as faces tell it: JSON for the desk and managers of their region; a partner reads the words of its own answers."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from dealreg.conflict.events import (
    AppealOutcome,
    ConflictAppealed,
    EvidenceShown,
    Input,
    Kind,
    Part,
    Party,
    Ruling,
    RulingSuggested,
)
from dealreg.conflict.state import Conflict
from dealreg.file.ends import protected_to
from dealreg.file.state import Claim, CustomerFile, Leg, LegState
from dealreg.override.events import Ground, OverrideVerb
from dealreg.override.state import Override
from dealreg.process.view import state_of
from dealreg.registration.events import RegistrationClass, RequestedLine
from dealreg.service.past.moment import Moment, meaning
from dealreg.service.replay import RegistrationThen
from dealreg.vocabulary.refused import Unknown
from dealreg.vocabulary.values import Day, Instant, Key, Model, Money, Scope, Tier, Whole


class AsOf(Model):
    """Of which past an answer is: as recorded by an instant or a size of the log, and of that what counted by a business instant."""

    means: str = Field(
        description="In words: by when it was recorded, and whether only what took effect by then is meant."
    )
    asked: Instant | None = Field(description="The instant that was asked for; none means now.")
    final: bool = Field(description="Nothing that is recorded later changes this answer.")
    effective_at: Instant | None = Field(
        default=None, description="Only what counts by this business instant; none means all that was recorded."
    )
    at_size: Whole | None = Field(default=None, description="The size of the log that was asked for.")
    left_out: tuple[str, ...] = Field(
        default=(), description="Facts that count by then but rest on some that do not; they change nothing here."
    )


class LegTold(Model):
    """One tier's claim and its window, half-open; ``protected_until`` is the last protected day in the program's zone."""

    tier: Tier
    partner: Key
    state: LegState
    window_from: Instant | None
    window_to: Instant | None
    grace_to: Instant | None
    hard_stop_at: Instant | None
    protected_until: Day | None
    ended_at: Instant | None


class ClaimTold(Model):
    """One line of one registration; ``entry`` is the order of acceptance in the customer's file (ROE-6)."""

    registration: UUID
    line: Key
    scope: Scope
    state: Key
    tender: bool
    filed_by: Key
    entry: int
    priority_at: Instant
    completed_at: Instant
    legs: tuple[LegTold, ...]
    conflict: UUID | None
    review_to: Instant | None
    offer_to: Instant | None


class RegistrationTold(Model):
    """A registration with everything that was said and where its claims stood."""

    as_of: AsOf
    registration: UUID
    state: Key
    filed_by: Key
    customer: UUID | None
    customer_name: str | None
    registration_class: RegistrationClass
    requested: tuple[RequestedLine, ...]
    claims: tuple[ClaimTold, ...]
    value: Money | None
    close_on: Day | None
    stage: str | None
    missing: tuple[str, ...]
    submitted_at: Instant
    completed_at: Instant | None
    priority_at: Instant | None
    rulebook_version: str | None


class ConflictTold(Model):
    """A conflict: its parties, incumbent first, what the rulebook proposes and why, and the ruling."""

    as_of: AsOf
    conflict: UUID
    state: Key
    kind: Kind
    customer: UUID
    line: Key
    scope: Scope
    clause: Key
    ground: str
    parties: tuple[Party, ...]
    detected_at: Instant
    ruling_to: Instant
    proposed: Ruling | None
    awarded: UUID | None
    rulebook_version: str | None
    reasons: tuple[str, ...]
    inputs: tuple[Input, ...]
    evidence: tuple[EvidenceShown, ...]
    suggestions: tuple[RulingSuggested, ...]
    referred_to: str | None
    appeals: tuple[ConflictAppealed, ...]
    evidence_to: Instant | None
    appeal_to: Instant | None
    stay_to: Instant | None
    on_appeal: AppealOutcome | None
    parts: tuple[Part, ...]
    ruling: Ruling | None
    ruled_for: UUID | None
    ruled_by: str | None
    ruled_because: str | None
    ruled_at: Instant | None


class FileTold(Model):
    """Every claim on a customer that the reader may see, in order of acceptance."""

    as_of: AsOf
    customer: UUID
    claims: tuple[ClaimTold, ...]


class OverrideTold(Model):
    """A departure from the rules: what was proposed, who approved, how far it is (ROE-21)."""

    as_of: AsOf
    override: UUID
    state: Key
    verb: OverrideVerb
    ground: Ground
    reason: str
    customer: UUID | None
    line: str | None
    scope: Scope | None
    partners: tuple[str, ...]
    override_from: Instant
    override_to: Instant
    replaces: UUID | None
    proposed_by: str
    approved_by: tuple[str, ...]


def as_of(moment: Moment) -> AsOf:
    """Of which instant an answer at this moment is."""
    return AsOf(
        means=meaning(moment),
        asked=moment.asked,
        final=moment.final,
        effective_at=moment.effective,
        at_size=moment.size,
        left_out=tuple(moment.left_out),
    )


def last_day(end: datetime | None, zone: ZoneInfo) -> date | None:
    """The last day, in the program's zone, of a window that is over at ``end``."""
    return (end - timedelta(microseconds=1)).astimezone(zone).date() if end is not None else None


def registration(then: RegistrationThen, moment: Moment, zone: ZoneInfo) -> RegistrationTold:
    """A registration as the desk reads it. Raises ``Unknown`` when it was not submitted yet."""
    submitted = then.said.submitted
    if submitted is None:
        raise Unknown("there is no such registration; check its id")
    states = {str(leg.state) for one in then.claims for leg in one.legs}
    return RegistrationTold(
        as_of=as_of(moment),
        registration=then.registration,
        state=state_of(states) if states else "withdrawn" if then.said.closed else "incomplete",
        filed_by=submitted.filed_by,
        customer=then.said.customer,
        customer_name=then.said.customer_name,
        registration_class=submitted.registration_class,
        requested=then.said.lines,
        claims=claims(then.claims, zone),
        value=then.said.value,
        close_on=then.said.close_on,
        stage=then.said.stage,
        missing=then.said.missing,
        submitted_at=submitted.submitted_at,
        completed_at=then.said.completed_at,
        priority_at=then.said.priority_at,
        rulebook_version=then.said.rulebook_version,
    )


def conflict(found: Conflict, moment: Moment) -> ConflictTold:
    """A conflict as the desk reads it. Raises ``Unknown`` when it was not detected yet."""
    opened, proposal, ruled = found.detected, found.proposal, found.ruled
    if opened is None:
        raise Unknown("there is no such conflict; check its id and the instant")
    return ConflictTold(
        as_of=as_of(moment),
        conflict=opened.conflict,
        state=found.life,
        kind=opened.kind,
        customer=opened.customer,
        line=opened.line,
        scope=opened.scope,
        clause=opened.clause,
        ground=opened.ground,
        parties=found.parties,
        detected_at=opened.detected_at,
        ruling_to=found.ruling_to or opened.ruling_to,
        proposed=proposal.ruling if proposal else None,
        awarded=proposal.awarded if proposal else None,
        rulebook_version=proposal.rulebook_version if proposal else None,
        reasons=proposal.reasons if proposal else (),
        inputs=proposal.inputs if proposal else (),
        evidence=found.evidence,
        suggestions=found.suggestions,
        referred_to=found.referred.referred_to if found.referred else None,
        appeals=found.appeals,
        evidence_to=found.evidence_to,
        appeal_to=ruled.appeal_to if ruled else None,
        stay_to=found.stay_to,
        on_appeal=ruled.on_appeal if ruled else None,
        parts=ruled.parts if ruled else (),
        ruling=ruled.ruling if ruled else None,
        ruled_for=ruled.awarded if ruled else None,
        ruled_by=ruled.ruled_by if ruled else None,
        ruled_because=ruled.reason if ruled else None,
        ruled_at=ruled.ruled_at if ruled else None,
    )


def file(customer: UUID, found: CustomerFile, moment: Moment, zone: ZoneInfo, reader: UUID) -> FileTold:
    """The claims that lie in the reader's region, of all those on a customer."""
    visible = [one for one in found.claims.values() if reader in one.managers]
    return FileTold(as_of=as_of(moment), customer=customer, claims=claims(visible, zone))


def override(identity: UUID, found: Override, moment: Moment) -> OverrideTold:
    """An override as the desk reads it. Raises ``Unknown`` when it was not proposed yet."""
    asked = found.proposed
    if asked is None:
        raise Unknown("there is no such override; check its id")
    return OverrideTold(
        as_of=as_of(moment),
        override=identity,
        state=found.life,
        **{
            name: getattr(asked, name)
            for name in OverrideTold.model_fields
            if name in type(asked).model_fields and name != "override"
        },
        approved_by=found.approved_by,
    )


def claims(found: Iterable[Claim], zone: ZoneInfo) -> tuple[ClaimTold, ...]:
    """Claims in order of acceptance."""
    return tuple(_claim(one, zone) for one in sorted(found, key=lambda one: one.entry))


def _claim(one: Claim, zone: ZoneInfo) -> ClaimTold:
    same: dict[str, Any] = {
        name: getattr(one, name) for name in ClaimTold.model_fields if name not in {"state", "legs"}
    }
    state = "offered" if one.offer_to is not None else state_of({str(leg.state) for leg in one.legs})
    return ClaimTold(**same, state=state, legs=tuple(_leg(leg, zone) for leg in one.legs))


def _leg(leg: Leg, zone: ZoneInfo) -> LegTold:
    same: dict[str, Any] = {name: getattr(leg, name) for name in LegTold.model_fields if name != "protected_until"}
    holds = leg.state in {LegState.APPROVED, LegState.PROTECTED}
    return LegTold(**same, protected_until=last_day(protected_to(leg), zone) if holds else None)
