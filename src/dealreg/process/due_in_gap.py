"""What a gap in a source's feed does to what falls due: it waits, and the hard stop does not (ROE-22)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from dealreg.feed.state import FEED, Feed
from dealreg.file.ends import runs
from dealreg.process.case import Case
from dealreg.process.due import Due, Rank
from dealreg.process.due_legs import dealer_first, end_leg
from dealreg.vocabulary.ids import feed_stream


def with_gaps_in_mind(case: Case, dues: Iterable[Due]) -> Iterator[Due]:
    """Of what is due, what no open gap holds, each at the instant at which it takes effect; and the hard stops of what is held.

    The feeds are looked at only where something that they feed is due by now: nearly never.
    """
    feeds: dict[str, Feed] = {}
    for due in dues:
        if due.source is None or due.at > case.now or not case.rules.clauses.stale_facts.in_force:
            yield due
            continue
        feed = case.situation.of(FEED, feed_stream(case.situation.program, due.source))
        at = feed.falls(due.at)
        if at != due.at:
            feeds[due.source] = feed
        if at is not None:
            yield replace(due, at=at)
    if feeds:
        yield from _hard_stops(case, feeds)


def _hard_stops(case: Case, feeds: dict[str, Feed]) -> Iterator[Due]:
    """When legs end whatever is known of them; at the latest where the messages that did come are decided (architecture D17)."""
    for claim in case.file.living():
        if claim.source not in feeds:
            continue
        bound = case.situation.watermarks.get(claim.source)
        for leg in dealer_first(claim):
            stop = leg.hard_stop_at
            if stop is not None and runs(leg) and (bound is None or stop <= bound):
                yield Due(stop, Rank.END, claim.entry, partial(end_leg, claim=claim, leg=leg), claim.source)
