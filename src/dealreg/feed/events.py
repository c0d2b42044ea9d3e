"""What became of the gaps in a source's feed."""

from typing import ClassVar
from uuid import UUID

from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Count, Instant, Key, Text


class FeedGapReported(Event):
    """A source says that records changed from ``since`` on, and not which: until they are read, nothing fed by it falls due (ROE-22).

    ``entity`` is the kind of record, missing where it may be any. ``reported_by`` is the source itself, or whoever of the desk knows.
    """

    NAME: ClassVar[str] = "feed_gap_reported.v1"
    AGGREGATE: ClassVar[str] = "feed"

    source: Key
    gap: UUID
    entity: Key | None = None
    since: Instant
    why: Text
    reported_by: Key
    reported_at: Instant


class FeedReconciled(Event):
    """Everything that may have changed in the gap is known: what was held back by it takes effect now, not earlier (ROE-22).

    ``records`` is how many were read for it, where a machine did.
    """

    NAME: ClassVar[str] = "feed_reconciled.v1"
    AGGREGATE: ClassVar[str] = "feed"

    source: Key
    gap: UUID
    entity: Key | None = None
    since: Instant
    records: Count | None = None
    reason: Text
    reconciled_by: Key
    reconciled_at: Instant


EVENTS: tuple[type[Event], ...] = (FeedGapReported, FeedReconciled)
