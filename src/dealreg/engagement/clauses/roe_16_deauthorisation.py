"""ROE-16: a partner suspended or terminated: its legs are suspended at once, the other tier's legs run on and block.

``limit_days``: days in which its dealer names another distributor, or the partner is reinstated. Source: rules.md ROE-16; domain.md
C17, C18.
"""

from dealreg.engagement.clauses.shape import Clause, Length


class Deauthorisation(Clause):
    """The parameters of ROE-16."""

    limit_days: Length = 30
