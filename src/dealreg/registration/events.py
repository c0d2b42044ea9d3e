"""What was said in a registration: parties, lines, evidence, progress, withdrawal. What is protected stands in the customer file."""

from typing import ClassVar
from uuid import UUID

from dealreg.registration.appeal_events import AppealAsked, AppealJudged
from dealreg.registration.identity_events import RegistrationRekeyed
from dealreg.registration.import_events import RegistrationImported
from dealreg.registration.party_events import (
    DistributorChanged,
    RegistrationHidden,
    RegistrationReleased,
    RegistrationShown,
)
from dealreg.registration.time_events import ExtensionDecided, ExtensionRequested, FactsConfirmed, StaleLegDecided
from dealreg.registration.words import (
    CheckedLeg,
    OutcomeKind,
    Readers,
    RegistrationClass,
    RegistrationEvent,
    RequestedLeg,
    RequestedLine,
    StaleDecision,
)
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Day, Digest, Instant, Key, Money, Scope, Sealed, Text, Tier

__all__ = [
    "EVENTS",
    "AppealAsked",
    "AppealJudged",
    "CheckedLeg",
    "DistributorChanged",
    "EvidenceAdded",
    "ExtensionDecided",
    "ExtensionRequested",
    "FactsConfirmed",
    "JoiningAnswered",
    "OfferAnswered",
    "OutcomeKind",
    "OutcomeReported",
    "PartnerInvited",
    "ProgressRecorded",
    "Readers",
    "RegistrationApproved",
    "RegistrationClass",
    "RegistrationClosed",
    "RegistrationCompleted",
    "RegistrationDeclined",
    "RegistrationEvent",
    "RegistrationFoundIncomplete",
    "RegistrationHidden",
    "RegistrationImported",
    "RegistrationReleased",
    "RegistrationReturned",
    "RegistrationShown",
    "RegistrationSubmitted",
    "RegistrationSupplemented",
    "RegistrationWithdrawn",
    "RequestedLeg",
    "RequestedLine",
    "StaleDecision",
    "StaleLegDecided",
]


class RegistrationSubmitted(RegistrationEvent):
    """A partner asked for protection; ``customer`` is missing where it could not be told who is meant (ROE-2).

    ``said_by`` is who sent it in: nobody decides on what he filed himself (rules.md section 4). ``hidden``: from the distributors that it
    names (ROE-32). ``specifier`` wrote the job's specification (C42). ``rival_brand`` is one for which the filer holds the same deal (ROE-1).
    """

    NAME: ClassVar[str] = "registration_submitted.v1"
    filed_by: PartnerId
    customer: UUID | None
    customer_name: Text | None
    registration_class: RegistrationClass
    lines: tuple[RequestedLine, ...]
    value: Money | None
    close_on: Day | None
    contact: Sealed | None
    opportunity: UUID | None
    source: Key | None
    submitted_at: Instant
    readers: Readers
    said_by: Key | None = None
    hidden: bool = False
    specifier: PartnerId | None = None
    rival_brand: Key | None = None


class RegistrationFoundIncomplete(RegistrationEvent):
    """ROE-2: what is missing; at ``closes_at`` it is closed as withdrawn unless it is supplied."""

    NAME: ClassVar[str] = "registration_found_incomplete.v1"
    missing: tuple[Key, ...]
    closes_at: Instant


class RegistrationSupplemented(RegistrationEvent):
    """The filing party supplied what was missing; only what is given here changes."""

    NAME: ClassVar[str] = "registration_supplemented.v1"
    customer: UUID | None = None
    customer_name: Text | None = None
    lines: tuple[RequestedLine, ...] | None = None
    value: Money | None = None
    close_on: Day | None = None
    contact: Sealed | None = None
    supplemented_at: Instant
    readers: Readers | None = None


class RegistrationCompleted(RegistrationEvent):
    """Everything required is there: from here on it counts. ``value`` is in program currency at the recorded rate (ROE-3)."""

    NAME: ClassVar[str] = "registration_completed.v1"
    completed_at: Instant
    priority_at: Instant
    rulebook_version: Key
    value: Money | None
    checked: tuple[CheckedLeg, ...]


class RegistrationReturned(RegistrationEvent):
    """A person asked for more; answered by ``answer_by`` the time of completeness is kept (ROE-2)."""

    NAME: ClassVar[str] = "registration_returned.v1"
    returned_by: Key
    reason: Text
    answer_by: Instant


class ScopeAmended(RegistrationEvent):
    """The partner narrowed the scope of a line, whose time stays (rules.md section 1, Scope)."""

    NAME: ClassVar[str] = "scope_amended.v1"
    line: Key
    scope: Scope
    amended_by: PartnerId
    amended_at: Instant


class EvidenceAdded(RegistrationEvent):
    """A dated proof: its kind, date, digest and submitter; the document itself lives elsewhere (D15)."""

    NAME: ClassVar[str] = "evidence_added.v1"
    kind: Key
    dated_on: Day
    digest: Digest
    added_by: PartnerId
    added_at: Instant


class ProgressRecorded(RegistrationEvent):
    """The opportunity moved: a stage of the rulebook, or a note."""

    NAME: ClassVar[str] = "progress_recorded.v1"
    stage: Key | None
    note: Sealed | None
    recorded_by: PartnerId | None
    recorded_at: Instant


class RegistrationApproved(RegistrationEvent):
    """The channel manager approved it; what follows for each line stands in the customer file (ROE-30)."""

    NAME: ClassVar[str] = "registration_approved.v1"
    approved_by: Key
    approved_at: Instant


class RegistrationDeclined(RegistrationEvent):
    """The channel manager declined it, naming a clause (ROE-30)."""

    NAME: ClassVar[str] = "registration_declined.v1"
    declined_by: Key
    clause: Key
    reason: Text
    declined_at: Instant


class RegistrationWithdrawn(RegistrationEvent):
    """A partner gave up its own leg (ROE-31)."""

    NAME: ClassVar[str] = "registration_withdrawn.v1"
    partner: PartnerId
    withdrawn_at: Instant


class RegistrationClosed(RegistrationEvent):
    """Incomplete for too long, or not resubmitted: closed as withdrawn (ROE-2)."""

    NAME: ClassVar[str] = "registration_closed.v1"
    reason: Text
    closed_at: Instant


class OutcomeReported(RegistrationEvent):
    """Won, lost or reopened, by the CRM record it rides on or by a partner's word (ROE-31)."""

    NAME: ClassVar[str] = "outcome_reported.v1"
    outcome: OutcomeKind
    lines: tuple[Key, ...]
    reported_by: PartnerId | None
    closed_at: Instant


class PartnerInvited(RegistrationEvent):
    """The holder invited a partner to the empty leg of a line (ROE-10)."""

    NAME: ClassVar[str] = "partner_invited.v1"
    line: Key
    tier: Tier
    partner: PartnerId
    invited_by: PartnerId
    invited_at: Instant


class JoiningAnswered(RegistrationEvent):
    """The holder, or the partner asked, said yes or no (ROE-10)."""

    NAME: ClassVar[str] = "joining_answered.v1"
    joining: UUID
    partner: PartnerId
    agreed: bool
    answered_at: Instant


class OfferAnswered(RegistrationEvent):
    """The partner at the head of the queue accepted or refused the line."""

    NAME: ClassVar[str] = "offer_answered.v1"
    line: Key
    partner: PartnerId
    accepted: bool
    answered_at: Instant


EVENTS: tuple[type[Event], ...] = (
    RegistrationSubmitted,
    RegistrationFoundIncomplete,
    RegistrationSupplemented,
    RegistrationCompleted,
    RegistrationReturned,
    ScopeAmended,
    EvidenceAdded,
    ProgressRecorded,
    RegistrationApproved,
    RegistrationDeclined,
    RegistrationWithdrawn,
    RegistrationClosed,
    OutcomeReported,
    PartnerInvited,
    JoiningAnswered,
    OfferAnswered,
    ExtensionRequested,
    ExtensionDecided,
    FactsConfirmed,
    StaleLegDecided,
    DistributorChanged,
    RegistrationHidden,
    RegistrationShown,
    RegistrationReleased,
    AppealAsked,
    AppealJudged,
    RegistrationImported,
    RegistrationRekeyed,
)
