"""The source's order of the changes of one record, as text that compares as text.

Milliseconds of the source's commit time come first, then what the source itself breaks ties with: so a record that was read again, and
knows only when it was last changed, has its place among the events.
"""

from datetime import UTC, datetime, timedelta

AFTER_ALL = "~"
"""Sorts after every digit and letter: a record that was read at an instant knows all that was committed by then."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST = -62_135_596_800_000
"""Milliseconds of the first instant of the calendar: taken off, so that instants before 1970 compare too."""


def order(at: datetime, *ties: str) -> str:
    """The place of a change that was committed at an instant; ``ties`` decide among those of one millisecond."""
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1) - _LEAST
    return ".".join((f"t{milliseconds:015d}", *ties))


def order_of_read(at: datetime, covers: str | None = None) -> str:
    """The place of a record that was read again and was last changed at an instant; after the gap that the reading was to close."""
    own = order(at, AFTER_ALL)
    return max(own, covers + AFTER_ALL) if covers is not None else own
