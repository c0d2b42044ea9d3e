"""ROE-10: a partner joins a registration whose leg at its tier is empty; only when both have said yes does either learn the other.

``capped``: the window ends no later than the distributor leg; ``answer_business_days``: business days for each answer. Source:
rules.md ROE-10; domain.md C14.
"""

from dealreg.engagement.clauses.shape import Clause, Length


class Joining(Clause):
    """The parameters of ROE-10."""

    capped: bool = True
    answer_business_days: Length = 5
