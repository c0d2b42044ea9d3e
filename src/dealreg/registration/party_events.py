"""Who goes with a registration, and who may know of it: another distributor, hidden, shown, released by the desk (ROE-1, 16, 17, 32)."""

from typing import ClassVar

from dealreg.registration.words import Readers, RegistrationEvent, RequestedLine
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Text


class DistributorChanged(RegistrationEvent):
    """The dealer goes through another distributor; ``lines`` are all lines as they stand now, ``left`` who is out.

    ``counts``: it is one of those that ROE-17 allows; under ROE-16 it is not.
    """

    NAME: ClassVar[str] = "distributor_changed.v1"
    partner: PartnerId
    distributor: PartnerId
    left: tuple[PartnerId, ...]
    lines: tuple[RequestedLine, ...]
    counts: bool
    clause: Key
    readers: Readers
    changed_at: Instant


class RegistrationHidden(RegistrationEvent):
    """The dealer hides it from the distributors that it names and from those above (ROE-32)."""

    NAME: ClassVar[str] = "registration_hidden.v1"
    partner: PartnerId
    readers: Readers
    hidden_at: Instant


class RegistrationShown(RegistrationEvent):
    """It is hidden no longer: the dealer showed it, or it came to an order or a special price (ROE-32)."""

    NAME: ClassVar[str] = "registration_shown.v1"
    partner: PartnerId
    reason: Text
    readers: Readers
    shown_at: Instant


class RegistrationReleased(RegistrationEvent):
    """The desk ends the registration, or one partner's legs, naming a clause and a reason (ROE-1); the file says what follows."""

    NAME: ClassVar[str] = "registration_released.v1"
    partner: PartnerId | None
    clause: Key
    reason: Text
    released_by: Key
    released_at: Instant
