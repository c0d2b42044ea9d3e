"""Due counts as happened: all that has fallen due in a file takes place first, in due order (rules.md section 1, Due; D17)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from dealreg.process.apply_standing import due_releases, due_standings
from dealreg.process.await_identity import due_identity
from dealreg.process.case import Case
from dealreg.process.due import Due, Rank
from dealreg.process.due_conflicts import due_conflicts
from dealreg.process.due_in_gap import with_gaps_in_mind
from dealreg.process.due_legs import due_legs
from dealreg.process.due_progress import due_progress
from dealreg.process.due_queue import due_entries, due_joinings
from dealreg.process.due_review import due_reviews
from dealreg.process.due_sellers import due_sellers
from dealreg.process.due_stale import due_stale
from dealreg.process.end_override import end_in_file
from dealreg.process.end_price import due_prices
from dealreg.process.merge_files import follow_merges

MOST_DUE = 10_000
"""More than this falls due at once only by a fault; the bound keeps a decision from running for ever."""


def _due_overrides(case: Case) -> Iterator[Due]:
    """An override ends on its date (ROE-21)."""
    for override in case.file.overrides:
        act = partial(end_in_file, override=override.override, reason="its date came")
        yield Due(override.override_to, Rank.OVERRIDE, 0, act)


FALLING_DUE: tuple[Callable[[Case], Iterator[Due]], ...] = (
    _due_overrides,
    due_legs,
    due_progress,
    due_reviews,
    due_stale,
    due_entries,
    due_joinings,
    due_releases,
    due_prices,
    due_identity,
    due_conflicts,
)
"""Everything that says what falls due in a file; a clause with a clock adds its own here."""


def bring_to_due(case: Case) -> int:
    """Let all that is due by the decision's instant take place, each effective at its due instant. Returns how many.

    Then the file follows merges of its customer, as of the decision's instant.
    """
    done = _bring(case)
    if follow_merges(case, _bring):
        done += 1 + _bring(case)
    return done


def _bring(case: Case) -> int:
    done = 0
    limit = case.now
    while done < MOST_DUE:
        dues = with_gaps_in_mind(case, (*all_due(case), *due_standings(case), *due_sellers(case)))
        nearest = min(dues, default=None, key=lambda due: due.order)
        if nearest is None or nearest.at > limit:
            return done
        with effective(case, nearest.at):
            nearest.act(case)
        done += 1
    raise RuntimeError(f"more than {MOST_DUE} things fell due in one file")


@contextmanager
def effective(case: Case, at: datetime) -> Iterator[None]:
    """Decide as of the due instant: facts made inside take effect then."""
    before, case.situation.at = case.situation.at, at
    try:
        yield
    finally:
        case.situation.at = before


def all_due(case: Case) -> Iterator[Due]:
    """Everything with a due instant in this file, due or not; what is not bounded away by a watermark (architecture D17)."""
    if case.file.closed_into is not None:
        return
    watermarks = case.situation.watermarks
    for provider in FALLING_DUE:
        for due in provider(case):
            bound = watermarks.get(due.source) if due.source is not None else None
            if bound is None or due.at <= bound:
                yield due
