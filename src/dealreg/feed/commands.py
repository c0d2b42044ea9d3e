"""What is asked of a source's feed."""

from uuid import UUID

from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.values import Count, Instant, Key, Text


class OfFeed(Command):
    """Something that is asked of the feed of one source."""

    source: Key


class ReportFeedGap(OfFeed):
    """Records of the source changed from ``since`` on, and it is not known which."""

    since: Instant
    why: Text
    entity: Key | None = None


class ReconcileFeed(OfFeed):
    """What may have changed in a gap is known again; ``records`` were read for it."""

    gap: UUID
    reason: Text
    records: Count | None = None
