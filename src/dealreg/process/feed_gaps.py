"""A source tells that it did not tell everything, and later everything is known: nothing that it feeds falls due between (ROE-22)."""

from pydantic import JsonValue

from dealreg.feed.commands import ReconcileFeed, ReportFeedGap
from dealreg.feed.events import FeedGapReported, FeedReconciled
from dealreg.feed.state import FEED
from dealreg.process.permit import DESK, FEEDS
from dealreg.vocabulary.fact import Actor, Request
from dealreg.vocabulary.ids import derived, feed_stream
from dealreg.vocabulary.refused import Closed, NotAllowed, Unknown
from dealreg.vocabulary.situation import Situation


def report_gap(situation: Situation, request: Request, command: ReportFeedGap) -> dict[str, JsonValue]:
    """Hold what the source feeds from ``since`` on; a source whose clock is ahead holds from now on. Raises ``NotAllowed``."""
    _may(request.actor, "say that a feed has a gap")
    gap = derived("feed_gap", situation.program, command.source, request.actor.caller, request.id)
    reported = FeedGapReported(
        source=command.source,
        gap=gap,
        entity=command.entity,
        since=min(command.since, situation.at),
        why=command.why,
        reported_by=request.actor.subject,
        reported_at=situation.at,
    )
    situation.record(FEED, feed_stream(situation.program, command.source), reported)
    return {"source": command.source, "gap": str(gap), "did": "gap"}


def reconcile_feed(situation: Situation, request: Request, command: ReconcileFeed) -> dict[str, JsonValue]:
    """Close a gap: what it held back takes effect now. Raises ``NotAllowed``, ``Unknown``, ``Closed``."""
    _may(request.actor, "say that a feed is whole again")
    stream = feed_stream(situation.program, command.source)
    state = situation.of(FEED, stream)
    if command.gap in state.closed:
        raise Closed("that gap is closed already; nothing is held back by it", clause="ROE-22")
    gap = state.gaps.get(command.gap)
    if gap is None:
        raise Unknown("the feed of that source has no such gap; look at what is stale")
    closed = FeedReconciled(
        source=command.source,
        gap=gap.gap,
        entity=gap.entity,
        since=gap.since,
        records=command.records,
        reason=command.reason,
        reconciled_by=request.actor.subject,
        reconciled_at=situation.at,
    )
    after = situation.record(FEED, stream, closed)
    held_from = after.held_from.isoformat() if after.held_from is not None else None
    return {"source": command.source, "gap": str(gap.gap), "did": "reconciled", "held_from": held_from}


def _may(actor: Actor, what: str) -> None:
    if actor.role not in FEEDS | DESK:
        raise NotAllowed(f"only a feed and the deal desk may {what}")
