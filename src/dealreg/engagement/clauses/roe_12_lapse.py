"""ROE-12: a leg lapses, once, at the latest of window, hold, special price and grace, and never after the hard stop.

``late_stage``: the stage from which grace is given, ``None`` for no grace; ``grace_days`` and ``hard_stop_days`` in days;
``again_after_days``: days before the same partner is protected on that line again. Source: rules.md ROE-12; domain.md C19, C21.
"""

from dealreg.engagement.clauses.shape import Clause, Days, Length
from dealreg.vocabulary.values import Key


class Lapse(Clause):
    """The parameters of ROE-12."""

    late_stage: Key | None = "negotiation"
    grace_days: Days = 14
    hard_stop_days: Length = 270
    again_after_days: Days = 30
