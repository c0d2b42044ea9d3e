"""What is noted in a customer file for the channel manager; no clause decides by it (ROE-3)."""

from typing import ClassVar
from uuid import UUID

from dealreg.file.line_events import LineEvent
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Money


class MinimumReachedTogether(LineEvent):
    """Claims of one partner that ROE-3 declined reach the minimum only together: was one deal split, or are they several?"""

    NAME: ClassVar[str] = "minimum_reached_together.v1"
    partner: PartnerId
    registrations: tuple[UUID, ...]
    value: Money
    managers: tuple[UUID, ...]
    noted_at: Instant


EVENTS: tuple[type[Event], ...] = (MinimumReachedTogether,)
