"""What the manufacturer's people or its data told of a customer's account: one report a request, named by it."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Instant, Key


class ReportKind(StrEnum):
    """Of what a report tells."""

    SALE = "sale"
    RECORD_END = "record_end"
    DIRECT_OPPORTUNITY = "direct_opportunity"
    STRATEGIC_FLAG = "strategic_flag"
    TENDER = "tender"


class AccountReported(Event):
    """Somebody told something of this customer's account; what it does stands in the customer file, under the report's id."""

    NAME: ClassVar[str] = "account_reported.v1"
    AGGREGATE: ClassVar[str] = "account_report"
    report: UUID
    kind: ReportKind
    customer: UUID
    lines: tuple[Key, ...]
    said_by: Key
    given_at: Instant


class AccountReportEnded(Event):
    """What the report told of is over: a flag lifted, a tender closed, a direct opportunity ended."""

    NAME: ClassVar[str] = "account_report_ended.v1"
    AGGREGATE: ClassVar[str] = "account_report"
    report: UUID
    said_by: Key
    ended_at: Instant


EVENTS: tuple[type[Event], ...] = (AccountReported, AccountReportEnded)
