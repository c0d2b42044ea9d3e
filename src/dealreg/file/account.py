"""What is known of the account beside the claims: sales, the manufacturer's own opportunities, strategic flags, tenders.

Each stands in the customer file, so that a claim and what speaks against it are decided on one version (architecture D4).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from dealreg.vocabulary.values import Scope, Tier


@dataclass(frozen=True, slots=True)
class Sale:
    """A recorded sale of a line (ROE-18, ROE-25): who sold, who supplied, on which day.

    ``past`` are the registrations that protected the line from the seller when it sold: such a sale makes nobody seller of record.
    """

    sale: UUID
    line: str
    scope: Scope
    dealer: str | None
    distributor: str | None
    sold_on: date
    recorded_at: datetime
    past: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordEnded:
    """A partner is seller of record no more for what it sold before (ROE-18); a later sale begins a new record.

    ``ground`` is why; what a ruling ended returns when the ruling is reversed.
    """

    partner: str
    tier: Tier
    line: str
    scope: Scope
    ended_at: datetime
    ground: str


@dataclass(frozen=True, slots=True)
class DirectOpportunity:
    """The manufacturer's own opportunity on a line (ROE-19): when we first had it, and its latest activity."""

    opportunity: UUID
    line: str
    scope: Scope
    recorded_at: datetime
    active_at: datetime
    said_by: str
    open: bool = True


@dataclass(frozen=True, slots=True)
class Flag:
    """A strategic account's flag (ROE-20); without lines it is for all of them."""

    flag: UUID
    lines: tuple[str, ...]
    published_at: datetime
    effective_at: datetime
    lifted_at: datetime | None = None

    def covers(self, line: str, at: datetime) -> bool:
        """Whether the line is flagged at the instant: from the effective day's first instant on, up to the lifting."""
        if self.lines and line not in self.lines:
            return False
        return self.effective_at <= at and (self.lifted_at is None or at < self.lifted_at)


@dataclass(frozen=True, slots=True)
class Tender:
    """A tender on a line (ROE-23), from the first instant of its publication day until it is closed."""

    tender: UUID
    reference: str
    line: str
    scope: Scope
    published_at: datetime
    closed_at: datetime | None = None

    def running(self, at: datetime) -> bool:
        """Whether it was published and not closed at the instant."""
        return self.published_at <= at and (self.closed_at is None or at < self.closed_at)


@dataclass(frozen=True, slots=True)
class Account:
    """All of it, each kind in the order recorded."""

    sales: tuple[Sale, ...] = ()
    records_ended: tuple[RecordEnded, ...] = ()
    direct: tuple[DirectOpportunity, ...] = ()
    flags: tuple[Flag, ...] = ()
    tenders: tuple[Tender, ...] = ()

    def flagged(self, line: str, at: datetime) -> Flag | None:
        """The flag under which the line stands at the instant (ROE-20), or ``None``."""
        return next((flag for flag in self.flags if flag.covers(line, at)), None)

    def with_direct(self, known: DirectOpportunity) -> "Account":
        """With this opportunity on its line in place of its former self."""
        others = tuple(one for one in self.direct if (one.opportunity, one.line) != (known.opportunity, known.line))
        return replace(self, direct=(*others, known))
