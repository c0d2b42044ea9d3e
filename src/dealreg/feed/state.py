"""Since when a source's feed is not whole, and what that does to what falls due."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from dealreg.feed.events import FeedGapReported, FeedReconciled
from dealreg.vocabulary.fact import Aggregate, Event

MOST_HOLDS = 200
"""How many closed gaps are remembered. The clock asks every file at least once a minute, so nothing due in an older one is left."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The feed of one source: its open ``gaps``, and the spans ``(since, until)`` of those that were closed, oldest first."""

    gaps: Mapping[UUID, FeedGapReported] = field(default_factory=lambda: MappingProxyType({}))
    closed: frozenset[UUID] = frozenset()
    holds: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def held_from(self) -> datetime | None:
        """After this instant nothing that the source feeds falls due; ``None`` where no gap is open."""
        return min((gap.since for gap in self.gaps.values()), default=None)

    def falls(self, at: datetime) -> datetime | None:
        """When a thing due at ``at`` takes effect: then, or at the end of the gap that held it; ``None`` while one holds it (ROE-22)."""
        if self.held_from is not None and self.held_from < at:
            return None
        return max((until for since, until in self.holds if since < at <= until), default=at)


def evolve(state: Feed, event: Event) -> Feed:
    """The feed after a fact."""
    if isinstance(event, FeedGapReported):
        return replace(state, gaps=MappingProxyType({**state.gaps, event.gap: event}))
    if not isinstance(event, FeedReconciled):
        return state
    left = {gap: reported for gap, reported in state.gaps.items() if gap != event.gap}
    return Feed(
        gaps=MappingProxyType(left),
        closed=state.closed | {event.gap},
        holds=(*state.holds, (event.since, event.reconciled_at))[-MOST_HOLDS:],
    )


FEED = Aggregate("feed", Feed(), evolve)
