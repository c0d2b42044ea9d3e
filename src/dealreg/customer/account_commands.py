"""What the desk and the manufacturer's data tell of a customer's account (ROE-18 to ROE-20, ROE-23, ROE-25)."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from dealreg.customer.commands import CustomerGiven
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Day, Digest, Instant, Key, Scope, Text, Tier

Reason = Annotated[Text, Field(min_length=1)]
Lines = Annotated[tuple[Key, ...], Field(min_length=1, max_length=200)]


class TellOfAccount(Command):
    """A command on the account of an end customer, named by its id, by identifiers, or by name and place."""

    customer: CustomerGiven


class RecordSale(TellOfAccount):
    """Tell of a sale of a line to the end customer, from point-of-sale or close data (ROE-18, ROE-25).

    ``dealer`` sold, ``distributor`` supplied or sold by itself. ``registration`` is the one under which it was sold. ``purchaser`` and
    ``design_customer`` are other companies that the data name; they are shown and are no ground (C40).
    """

    line: Key
    scope: Scope
    dealer: PartnerId | None = None
    distributor: PartnerId | None = None
    sold_on: Day
    registration: UUID | None = None
    purchaser: CustomerGiven | None = None
    design_customer: CustomerGiven | None = None
    reference: Key | None = None

    @model_validator(mode="after")
    def _somebody_sold(self) -> Self:
        if self.dealer is None and self.distributor is None:
            raise ValueError("names nobody who sold; give the dealer, the distributor, or both")
        return self


class EndSellerOfRecord(TellOfAccount):
    """End a partner's standing as seller of record: it gives it up in writing, or the customer writes otherwise (ROE-18).

    The partner gives up for itself; what the customer wrote is entered by the desk. ``digest`` is that of the writing.
    """

    partner: PartnerId
    tier: Tier
    line: Key
    scope: Scope
    customer_wrote: bool = False
    dated_on: Day
    digest: Digest
    reason: Reason


class RecordDirectOpportunity(TellOfAccount):
    """Enter an opportunity of the manufacturer's own direct team (ROE-19); ``active_on`` is its latest activity, today if left out."""

    lines: Lines
    scope: Scope
    active_on: Day | None = None


class FlagAccount(TellOfAccount):
    """Flag a strategic account for named lines, or for all, from a day that lies at least the notice ahead (ROE-20)."""

    lines: Annotated[tuple[Key, ...], Field(max_length=200)] = ()
    effective_on: Day
    reason: Reason


class EnterTender(TellOfAccount):
    """Enter a tender with its reference, lines, scope, publication day, and the source of what is known (ROE-23)."""

    reference: Key
    lines: Lines
    scope: Scope
    published_on: Day
    source: Reason


class RecordDirectActivity(Command):
    """Tell that the direct team was active on its opportunity at ``active_at`` (ROE-19)."""

    report: UUID
    active_at: Instant


class EndAccountReport(Command):
    """End what was told of an account: a flag is lifted, a tender closed, a direct opportunity over."""

    report: UUID
    reason: Reason
