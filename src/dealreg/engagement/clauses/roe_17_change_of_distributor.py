"""ROE-17: the dealer may change the distributor of a registration that it filed; its own dates and protection stay.

``times``: how often for one registration. Source: rules.md ROE-17; domain.md C11, C12.
"""

from dealreg.engagement.clauses.shape import Clause, Times


class ChangeOfDistributor(Clause):
    """The parameters of ROE-17."""

    times: Times = 1
