"""Paging through a list that is ordered by the last change and moves while one reads it.

A record that changes goes to the end, and all behind it move up by one: the next page, counted from the beginning, leaves one out. So
each page is asked for anew from the last instant seen, and the source's own page token is used only inside one instant.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple


class Listed(NamedTuple):
    """A record in a list."""

    record: str
    changed_at: datetime


Ask = Callable[[datetime, str | None], tuple[Sequence[Listed], str | None]]
"""A page of what changed at an instant or later, and the token of the next, given the token of this one."""


def listed(since: datetime, ask: Ask, overlap: timedelta = timedelta(0)) -> Iterator[list[Listed]]:
    """Pages, each record once for each of its changes that was seen; ``overlap`` for a source that leaves out the instant itself."""
    asked, token = since, None
    known: set[Listed] = set()
    while True:
        rows, following = ask(asked, token)
        fresh = [row for row in rows if row not in known]
        if fresh:
            yield fresh
        if following is None or not rows:
            return
        reached = rows[-1].changed_at - overlap
        if reached > asked:
            known = {row for row in (*known, *rows) if row.changed_at >= reached}
            asked, token = reached, None
        else:
            known.update(rows)
            token = following
