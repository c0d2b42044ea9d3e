"""ROE-3: declined when the registration's value, all lines together at expected net price, is below the minimum at completeness.

``amount`` in program currency; ``look_back_days``: claims of one partner on one customer within so many days that reach the minimum
only together are shown to the channel manager. Source: rules.md ROE-3; domain.md C51.
"""

from decimal import Decimal

from dealreg.engagement.clauses.shape import Clause, Days
from dealreg.vocabulary.values import Amount


class Minimum(Clause):
    """The parameters of ROE-3."""

    amount: Amount = Decimal(10_000)
    look_back_days: Days = 30
