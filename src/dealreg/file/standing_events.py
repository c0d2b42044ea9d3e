"""What a partner's standing, and a dealer's change of distributor, do to the legs of a customer file (ROE-16, ROE-17)."""

from typing import ClassVar
from uuid import UUID

from dealreg.file.claim_events import FileEvent
from dealreg.file.leg_events import LegEvent
from dealreg.file.words import LegWindow
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Standing, Text


class StandingNoted(LegEvent):
    """The standing of a leg's partner is another from here on; what follows for the leg, if anything, is said after it (ROE-16)."""

    NAME: ClassVar[str] = "standing_noted.v1"
    standing: Standing
    noted_at: Instant
    clause: Key = "ROE-16"


class DistributorNamed(FileEvent):
    """The line goes through another distributor from here on: the dealer's leg stays as it is (ROE-17, under ROE-16 it does not count).

    ``window`` is missing where the line still waits. ``distributors`` are the readers that come with the new one.
    """

    NAME: ClassVar[str] = "distributor_named.v1"
    partner: PartnerId
    window: LegWindow | None
    clause: Key
    reason: Text
    named_at: Instant
    distributors: tuple[UUID, ...]


EVENTS: tuple[type[Event], ...] = (StandingNoted, DistributorNamed)
