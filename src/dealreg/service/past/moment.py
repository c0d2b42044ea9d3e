"""Which past is meant: what had been recorded, by an instant or by a size of the log, and of that what counted by a business instant."""

from dataclasses import dataclass, field
from datetime import datetime

from dealreg.file.leg_events import LegFulfilled
from dealreg.service.ledger.recorded import Recorded
from dealreg.vocabulary.refused import Refused


@dataclass(frozen=True, slots=True)
class When:
    """What is asked for: recorded by ``at`` or by a ``size`` of the log (neither: now), counting by ``effective`` (none: all of it)."""

    at: datetime | None = None
    effective: datetime | None = None
    size: int | None = None

    def __post_init__(self) -> None:
        """Raise ``Refused`` where two answers would fit."""
        if self.at is not None and self.size is not None:
            raise Refused("an instant of recording and a size of the log say the same thing twice; give one of them")
        if self.size is not None and self.size < 0:
            raise Refused("a size of the log is a number of facts: 0 or more")


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in the log. ``final``: nothing that is recorded later can change what was true there.

    ``effective``: of what stands before that place only what counts by then. ``left_out`` are ids of facts that count by then but rest on
    facts that do not, so that they change nothing. ``partial``: on the way from one past to another such facts may stand too.
    """

    position: int
    asked: datetime | None
    final: bool
    effective: datetime | None = None
    size: int | None = None
    partial: bool = False
    left_out: list[str] = field(default_factory=list, compare=False)

    def takes(self, recorded: Recorded) -> bool:
        """Whether a fact that stands before this place counts."""
        return self.effective is None or counts_from(recorded) <= self.effective


def counts_from(recorded: Recorded) -> datetime:
    """The business instant from which a fact counts: a win from its close date known (ROE-31), else when it took effect."""
    event = recorded.event
    return event.fulfilled_at if isinstance(event, LegFulfilled) else recorded.meta.effective_at


def meaning(moment: Moment) -> str:
    """Which of the two times of the past is meant (architecture D5): when it was recorded, and when it took effect."""
    if moment.size is not None:
        recorded = f"what the first {moment.size} facts of the log say"
    elif moment.asked is not None:
        recorded = f"what was recorded by {moment.asked.isoformat()}"
    else:
        recorded = "what is recorded by now"
    if moment.effective is None:
        return recorded
    return f"{recorded}, as far as it had taken effect by {moment.effective.isoformat()}"
