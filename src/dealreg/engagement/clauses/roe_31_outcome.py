"""ROE-31: what a win, a loss, a reopening and a withdrawal do to the legs.

``reopened_days``: days in which a loss may be taken back; ``before_win_hours``: hours before the win below which a registration goes
to the desk; ``related_days``: days after a win in which the winner's related deals in that account are protected on the won line
without meeting others' claims, 0 for none; ``credit_share``: the part of the benefit that a registrant gets whose brand won through
another, 0 for none: who filed and lost no longer ago than ``reopened_days``, or is in a tender's class. Source: rules.md
ROE-31; domain.md C28, C41, C49.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from dealreg.engagement.clauses.shape import Clause, Days, Hours

Credit = Annotated[Decimal, Field(ge=0, le=1, max_digits=5, decimal_places=4)]
"""A part of one, or nothing."""


class Outcome(Clause):
    """The parameters of ROE-31."""

    reopened_days: Days = 30
    before_win_hours: Hours = 72
    related_days: Days = 0
    credit_share: Credit = Decimal(0)
