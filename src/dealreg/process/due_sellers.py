"""A seller of record that is suspended or terminated comes first no more: those that wait for it are judged (ROE-18, ROE-16)."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from dealreg.engagement.windows import first_instant
from dealreg.file.account_events import RecordGround
from dealreg.file.state import Claim, LegState
from dealreg.process.case import Case, partner_of
from dealreg.process.due import Due, Rank
from dealreg.process.end_record import end_record
from dealreg.process.seller_of_record import DEAUTHORISED, SellerFirst, seller_kept


def due_sellers(case: Case) -> Iterator[Due]:
    """When the partner for which an entry waits is out; not in ``falling_due``: partners say it.

    The clock asks such a file when the entry's own day comes, at the latest; whoever looks before finds it done at its instant.
    """
    if not case.rules.clauses.deauthorisation.in_force:
        return
    for entry in case.file.living():
        if entry.state_is(LegState.QUEUED) and entry.queue_clause == "ROE-18" and entry.not_before is not None:
            for first in seller_kept(case, entry):
                out_at = _out_at(case, first)
                if out_at is not None:
                    yield Due(out_at, Rank.SUSPENSION, entry.entry, partial(_ends, entry=entry, first=first))


def _out_at(case: Case, first: SellerFirst) -> datetime | None:
    """The first instant since the sale at which its partner was out, known by now."""
    sold_from = first_instant(first.sold.sold_on, case.rules.zone)
    standings = partner_of(case.situation, first.partner).standings
    if standings.at(sold_from) in DEAUTHORISED:
        return sold_from
    return next((at for at, standing in standings.steps if sold_from < at and standing in DEAUTHORISED), None)


def _ends(case: Case, *, entry: Claim, first: SellerFirst) -> None:
    reason = "it is suspended or has left the program (ROE-16)"
    end_record(case, first.partner, first.tier, entry.line, first.sold.scope, RecordGround.DEAUTHORISED, reason)
