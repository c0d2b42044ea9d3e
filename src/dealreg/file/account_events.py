"""What is known of an account beside the claims: sales, direct opportunities, flags, tenders (ROE-18 to ROE-20, ROE-23, ROE-31)."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from dealreg.file.claim_events import FileEvent
from dealreg.file.leg_events import LegEvent
from dealreg.file.line_events import LineEvent
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Amount, Day, Instant, Key, Scope, Text, Tier


class RecordGround(StrEnum):
    """Why a partner is seller of record no more (ROE-18)."""

    GIVEN_UP = "given_up"
    CUSTOMER_WROTE = "customer_wrote"
    DEAUTHORISED = "deauthorised"
    RULED = "ruled"


class SaleRecorded(LineEvent):
    """Point-of-sale or close data told of a sale of the line to this end customer.

    ``dealer`` sold and ``distributor`` supplied, or sold by itself. ``purchaser`` and ``design_customer`` are other companies that the
    data name: shown, and no ground by themselves (C40). ``registration`` is the one under which it was sold; ``past`` are those that
    protected the line from the seller (ROE-25). ``managers`` read it.
    """

    NAME: ClassVar[str] = "sale_recorded.v1"
    sale: UUID
    scope: Scope
    dealer: PartnerId | None
    distributor: PartnerId | None
    sold_on: Day
    registration: UUID | None
    purchaser: UUID | None
    design_customer: UUID | None
    reference: Key | None
    past: tuple[UUID, ...]
    recorded_at: Instant
    managers: tuple[UUID, ...]


class SellerOfRecordEnded(LineEvent):
    """For what it sold before, the partner is seller of record at its tier no more (ROE-18)."""

    NAME: ClassVar[str] = "seller_of_record_ended.v1"
    scope: Scope
    partner: PartnerId
    tier: Tier
    ground: RecordGround
    clause: Key
    reason: Text
    ended_at: Instant
    managers: tuple[UUID, ...]


class SellerOfRecordReturned(LineEvent):
    """A ruling against it was reversed: the partner is seller of record again by what it sold before (ROE-18, ROE-29)."""

    NAME: ClassVar[str] = "seller_of_record_returned.v1"
    scope: Scope
    partner: PartnerId
    tier: Tier
    clause: Key
    reason: Text
    returned_at: Instant
    managers: tuple[UUID, ...]


class DirectOpportunityRecorded(LineEvent):
    """The manufacturer's own opportunity on the line is known from here on; ``active_at`` is its latest activity (ROE-19)."""

    NAME: ClassVar[str] = "direct_opportunity_recorded.v1"
    opportunity: UUID
    scope: Scope
    active_at: Instant
    recorded_at: Instant
    said_by: Key
    managers: tuple[UUID, ...]


class DirectActivityRecorded(LineEvent):
    """The direct team was active on its opportunity."""

    NAME: ClassVar[str] = "direct_activity_recorded.v1"
    opportunity: UUID
    active_at: Instant
    recorded_at: Instant


class DirectOpportunityEnded(LineEvent):
    """It speaks against no claim any more: won, lost, given to a partner, or ruled against."""

    NAME: ClassVar[str] = "direct_opportunity_ended.v1"
    opportunity: UUID
    reason: Text
    ended_at: Instant


class DirectOpportunityReturned(LineEvent):
    """A ruling against it was reversed: it stands before later claims again (ROE-19, ROE-29)."""

    NAME: ClassVar[str] = "direct_opportunity_returned.v1"
    opportunity: UUID
    clause: Key
    reason: Text
    returned_at: Instant


class AccountFlagged(Event):
    """The account is strategic for the named lines, or for all, from ``effective_at`` on (ROE-20)."""

    NAME: ClassVar[str] = "account_flagged.v1"
    AGGREGATE: ClassVar[str] = "file"
    customer: UUID
    flag: UUID
    lines: tuple[Key, ...]
    clause: Key
    reason: Text
    published_at: Instant
    effective_at: Instant
    managers: tuple[UUID, ...]


class AccountFlagLifted(Event):
    """The flag is taken back; what was decided under it stands."""

    NAME: ClassVar[str] = "account_flag_lifted.v1"
    AGGREGATE: ClassVar[str] = "file"
    customer: UUID
    flag: UUID
    reason: Text
    lifted_at: Instant


class TenderEntered(LineEvent):
    """A tender for the line: its reference, scope, publication day and the source of what we know (ROE-23)."""

    NAME: ClassVar[str] = "tender_entered.v1"
    tender: UUID
    reference: Key
    scope: Scope
    published_on: Day
    published_at: Instant
    source: Text
    entered_at: Instant
    managers: tuple[UUID, ...]


class TenderClosed(LineEvent):
    """The tender is decided or was called off: claims completed from here on are exclusive again (ROE-23)."""

    NAME: ClassVar[str] = "tender_closed.v1"
    tender: UUID
    reason: Text
    closed_at: Instant


class TenderClassTaken(FileEvent):
    """The claim is in the class of a tender: no exclusivity, window or queue, and no view of the others (ROE-23)."""

    NAME: ClassVar[str] = "tender_class_taken.v1"
    tender: UUID
    clause: Key
    reason: Text
    taken_at: Instant


class CreditGranted(LegEvent):
    """The brand won through another: who registered gets a part of the benefit (ROE-31, ``credit_share``)."""

    NAME: ClassVar[str] = "credit_granted.v1"
    share: Amount
    clause: Key
    reason: Text
    granted_at: Instant


ACCOUNT_EVENTS: tuple[type[Event], ...] = (
    SaleRecorded,
    SellerOfRecordEnded,
    SellerOfRecordReturned,
    DirectOpportunityRecorded,
    DirectActivityRecorded,
    DirectOpportunityEnded,
    DirectOpportunityReturned,
    AccountFlagged,
    AccountFlagLifted,
    TenderEntered,
    TenderClosed,
    TenderClassTaken,
    CreditGranted,
)
