"""The manufacturer departs from the rules for a named scope and period (ROE-21)."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Scope, Text


class Ground(StrEnum):
    """Why the manufacturer may depart from the rules."""

    STRATEGIC_ACCOUNT = "strategic_account"
    SUPPLY_CONSTRAINT = "supply_constraint"
    CUSTOMER_REQUEST = "customer_request"
    COMPLIANCE = "compliance"


class OverrideVerb(StrEnum):
    """What it does: close a line, let a partner in, hand the line to another, or bar partners."""

    SUSPEND = "suspend"
    ADMIT = "admit"
    REASSIGN = "reassign"
    BAR = "bar"


class OverrideEvent(Event):
    """A fact of one override."""

    AGGREGATE: ClassVar[str] = "override"
    override: UUID


class OverrideProposed(OverrideEvent):
    """Asked for, not yet in force. ``customer`` and ``line`` name what it acts on; a bar names partners instead."""

    NAME: ClassVar[str] = "override_proposed.v1"
    verb: OverrideVerb
    ground: Ground
    reason: Text
    customer: UUID | None
    line: Key | None
    scope: Scope | None
    partners: tuple[PartnerId, ...]
    override_from: Instant
    override_to: Instant
    replaces: UUID | None
    proposed_by: Key
    proposed_at: Instant


class OverrideApproved(OverrideEvent):
    """One of two approvals, each by another person than the proposer."""

    NAME: ClassVar[str] = "override_approved.v1"
    approved_by: Key
    approved_at: Instant


class OverrideTookForce(OverrideEvent):
    """The second approval is there and the first day has come: what it does stands in the files and with the partners."""

    NAME: ClassVar[str] = "override_took_force.v1"
    in_force_from: Instant


class OverrideRevoked(OverrideEvent):
    """Taken back before its date."""

    NAME: ClassVar[str] = "override_revoked.v1"
    revoked_by: Key
    reason: Text
    revoked_at: Instant


class OverrideEnded(OverrideEvent):
    """Its date came, it was revoked, or a later override replaced it."""

    NAME: ClassVar[str] = "override_ended.v1"
    reason: Text
    ended_at: Instant


EVENTS: tuple[type[Event], ...] = (
    OverrideProposed,
    OverrideApproved,
    OverrideTookForce,
    OverrideRevoked,
    OverrideEnded,
)
