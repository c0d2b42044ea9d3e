"""A registration of another system's history, told to us as it was decided there."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from dealreg.registration.commands import EndCustomer
from dealreg.registration.events import RegistrationClass, RequestedLeg
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Day, Instant, Key, Model, Money, Scope, Sealed, Text


class Past(StrEnum):
    """What became of a line in the other system."""

    PENDING = "pending"
    """Nothing yet: it is decided here, by the rules in force now, with the time it has there."""
    DECLINED = "declined"
    APPROVED = "approved"
    """Protected, and nothing has ended it but time."""
    WON = "won"
    LOST = "lost"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


UNTIL_ENDED = frozenset({Past.WON, Past.LOST, Past.LAPSED, Past.WITHDRAWN})


class PastLine(Model):
    """One line as it was decided there.

    A window is half-open: the first protected instant and the first free one. ``ended_at`` is when a won, lost, lapsed or withdrawn line
    ended; missing, a lapsed one ended with its window. ``decided_by`` and ``reason`` are that system's words.
    """

    line: Key
    scope: Scope
    legs: Annotated[tuple[RequestedLeg, ...], Field(min_length=1, max_length=10)]
    past: Past
    decided_at: Instant | None = None
    decided_by: Key | None = None
    reason: Text | None = None
    window_from: Instant | None = None
    window_to: Instant | None = None
    ended_at: Instant | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if self.past is Past.PENDING:
            return self
        if self.decided_at is None:
            raise ValueError("was decided, and does not say when; give decided_at")
        if self.past is Past.DECLINED:
            return self
        if self.window_from is None or self.window_to is None:
            raise ValueError("was protected, and does not say when; give window_from and window_to")
        if self.window_to <= self.window_from:
            raise ValueError("has a window that ends before it begins; look at window_from and window_to")
        if self.past in UNTIL_ENDED - {Past.LAPSED} and self.ended_at is None:
            raise ValueError(f"was {self.past}, and does not say when; give ended_at")
        return self


class ImportRegistration(Command):
    """Take over what another system decided. Its instants are what it says, ours is when it was recorded (architecture D5)."""

    system: Key
    record: Key
    opportunity: Key | None = None
    """The CRM's id of the opportunity on which it rides, in the same system."""
    follows: bool = True
    """Whether what the CRM says of that opportunity from now on acts on this registration: on one of each filing partner."""
    filed_by: PartnerId
    filed_at: Instant
    customer: EndCustomer
    registration_class: RegistrationClass = RegistrationClass.EXCLUSIVE
    lines: Annotated[tuple[PastLine, ...], Field(min_length=1, max_length=200)]
    value: Money | None = None
    close_on: Day | None = None
    contact: Sealed | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for line in self.lines:
            instants = [self.filed_at, *(at for at in (line.decided_at, line.ended_at) if at is not None)]
            if instants != sorted(instants):
                raise ValueError(f"line {line.line!r} was decided before it was filed, or ended before it was decided")
            if line.ended_at is not None and line.window_from is not None and line.ended_at < line.window_from:
                raise ValueError(f"line {line.line!r} ended before its window began")
        return self
