"""What is asked and decided of a registration's time: extensions, and facts that were stale (ROE-13, ROE-22)."""

from typing import ClassVar

from dealreg.registration.words import RegistrationEvent, StaleDecision
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Text, Tier


class ExtensionRequested(RegistrationEvent):
    """A partner asked for more time on these lines; what follows for each leg stands in the customer file (ROE-13)."""

    NAME: ClassVar[str] = "extension_requested.v1"
    partner: PartnerId
    lines: tuple[Key, ...]
    requested_by: Key
    requested_at: Instant


class ExtensionDecided(RegistrationEvent):
    """A person granted or refused what a partner had asked for on these lines (ROE-13)."""

    NAME: ClassVar[str] = "extension_decided.v1"
    partner: PartnerId
    lines: tuple[Key, ...]
    granted: bool
    reason: Text
    decided_by: Key
    decided_at: Instant


class FactsConfirmed(RegistrationEvent):
    """The desk's word that the facts of the registration are known again (ROE-22)."""

    NAME: ClassVar[str] = "facts_confirmed.v1"
    reason: Text
    confirmed_by: Key
    confirmed_at: Instant


class StaleLegDecided(RegistrationEvent):
    """The desk decided on a leg whose facts were not reconciled in time (ROE-22)."""

    NAME: ClassVar[str] = "stale_leg_decided.v1"
    line: Key
    tier: Tier
    decision: StaleDecision
    reason: Text
    decided_by: Key
    decided_at: Instant
