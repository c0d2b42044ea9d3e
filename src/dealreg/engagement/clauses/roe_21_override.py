"""ROE-21: the manufacturer may depart from the rules for a named scope and period, with ground and reason, by three people.

``clock``: what a suspension does to a running window; ``longest_days``: days of the longest period. Source: rules.md ROE-21;
domain.md C32, C33.
"""

from enum import StrEnum

from dealreg.engagement.clauses.shape import Clause, Length


class StoppedClock(StrEnum):
    """What a suspension under ROE-21 does to a running window."""

    STOPS = "stops"
    RUNS = "runs"


class OverrideRules(Clause):
    """The parameters of ROE-21."""

    clock: StoppedClock = StoppedClock.STOPS
    longest_days: Length = 180
