"""What a question of identity, a merge and its undoing do to customer files (ROE-24, architecture D13)."""

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from dealreg.file.by_value import model_of
from dealreg.file.claim_events import FileEvent
from dealreg.file.state import CustomerFile
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Count, Instant, Key

if TYPE_CHECKING:
    FileByValue = Any  # made from the state, field by field: the checker cannot know them
else:
    FileByValue = model_of(CustomerFile)


class IdentityReviewAsked(FileEvent):
    """It may be the customer of another file in which an earlier claim stands: it waits, a person tells by ``decide_to`` (ROE-24).

    ``alike`` is how many customers go by the name where that is so common that it says nothing. ``readers`` may read the question.
    """

    NAME: ClassVar[str] = "identity_review_asked.v1"
    possible: tuple[UUID, ...]
    alike: Count
    clause: Key
    decide_to: Instant
    readers: tuple[UUID, ...]


class IdentityReviewBreached(FileEvent):
    """Nobody told in time: the breach is ours, the claim waits on, ``escalate_to`` is told."""

    NAME: ClassVar[str] = "identity_review_breached.v1"
    clause: Key
    escalate_to: Key
    breached_at: Instant


class IdentityEvent(Event):
    """A fact of one customer file as a whole."""

    AGGREGATE: ClassVar[str] = "file"
    customer: UUID


class ClaimsTakenOver(IdentityEvent):
    """A part of the file of a customer that is this one stands in this file now, by value; its entries come after those that were here."""

    NAME: ClassVar[str] = "claims_taken_over.v1"
    absorbed: UUID
    holdings: FileByValue
    taken_over_at: Instant


class FileClosed(IdentityEvent):
    """What the file held stands in that of ``into`` now."""

    NAME: ClassVar[str] = "file_closed.v1"
    into: UUID
    closed_at: Instant


class ClaimsGivenBack(IdentityEvent):
    """The merge was undone, or the customer split: this, which came from ``absorbed`` or is its, leaves this file; as it stood on leaving."""

    NAME: ClassVar[str] = "claims_given_back.v1"
    absorbed: UUID
    holdings: FileByValue
    given_back_at: Instant


class FileReopened(IdentityEvent):
    """The merge was undone, or the customer ``into`` split: what is of this one stands in its file from here on, as it stood in the other."""

    NAME: ClassVar[str] = "file_reopened.v1"
    into: UUID
    holdings: FileByValue
    reopened_at: Instant


EVENTS: tuple[type[Event], ...] = (
    IdentityReviewAsked,
    IdentityReviewBreached,
    ClaimsTakenOver,
    FileClosed,
    ClaimsGivenBack,
    FileReopened,
)
