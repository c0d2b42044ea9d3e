"""What a client of a source's own interface can do, whatever the source.

Errors are one tree, so that a caller says what it does about each::

    SourceError
    ├── SourceAway        not now: no answer, 429, 5xx, an answer cut short; after the retries. Ask again later.
    ├── SourceShut        401 or 403: nothing will work until a person has looked at the credentials. Stop.
    ├── SourceRefused     it will not, and asking again changes nothing: 400, 404 of a write, 422. ``status`` says which.
    └── PageGone          the source does not know the page any more: begin again where the last whole page ended.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from dealreg.service.intake.heard import Entity


class SourceError(Exception):
    """The source did not do what it was asked; the message says why, in words that a person can act on."""


class SourceAway(SourceError):
    """Not now. ``retry_after`` is the pause in seconds that the source asked for, if it did."""

    def __init__(self, words: str, retry_after: float | None = None) -> None:
        """Say why."""
        super().__init__(words)
        self.retry_after = retry_after


class SourceShut(SourceError):
    """The credentials are not taken, or do not suffice."""


class SourceRefused(SourceError):
    """Never, asked like this."""

    def __init__(self, words: str, status: int) -> None:
        """Say why; ``status`` is that of HTTP."""
        super().__init__(words)
        self.status = status


class PageGone(SourceError):
    """A page's token has expired."""


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record as the source's interface gives it, whole.

    ``value`` is its JSON, numbers beyond 2**53 intact; ``None`` where the record was deleted or merged into another. ``changed_at`` is
    the source's own instant of the last change, where it says one.
    """

    record: str
    value: Mapping[str, Any] | None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some records that changed, oldest change first.

    ``reached`` is the instant up to which, after this page, every change is known: whoever begins again begins there.
    """

    records: tuple[ReadRecord, ...] = field(default=())
    reached: datetime | None = None


class Source(Protocol):
    """A client of one organisation's interface. Threads may share it: its quota is one.

    Every method raises ``SourceError``; transient faults were tried again before it does.
    """

    def read(self, entity: Entity, record: str) -> ReadRecord | None:
        """A record now; ``None`` where the source has none of that id any more (deleted, merged into another)."""

    def changed(self, entity: Entity, since: datetime) -> Iterator[Page]:
        """Everything whose last change is at ``since`` or later, page by page and oldest first; the iterator holds one page.

        A record that changes meanwhile may come twice. Raises ``PageGone`` too.
        """

    def write(self, entity: Entity, record: str, values: Mapping[str, Any]) -> None:
        """Set fields of a record, by the source's own names, and leave its others alone."""

    def close(self) -> None:
        """Give the connections back."""
