"""What hiding does in a customer file: the dealer is asked to show itself (ROE-32)."""

from typing import ClassVar

from dealreg.file.claim_events import FileEvent
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Instant, Key, Text


class ShowingAsked(FileEvent):
    """A claim of its own distributor meets the hidden one: the dealer may show itself; until then it is the desk's (ROE-32)."""

    NAME: ClassVar[str] = "showing_asked.v1"
    clause: Key
    reason: Text
    asked_at: Instant


EVENTS: tuple[type[Event], ...] = (ShowingAsked,)
