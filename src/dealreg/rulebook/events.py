"""The versions of a program's rules of engagement, as they were published."""

from typing import ClassVar

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Instant, Key


class RulebookPublished(Event):
    """A version with all it says by value; it takes force at ``force_from``, which is never before its publication."""

    AGGREGATE: ClassVar[str] = "rulebook"
    NAME: ClassVar[str] = "rulebook_published.v1"
    version: Key
    force_from: Instant
    document: RulebookDocument


EVENTS: tuple[type[Event], ...] = (RulebookPublished,)
