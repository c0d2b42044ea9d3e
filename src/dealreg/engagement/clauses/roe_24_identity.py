"""ROE-24: same customer by identifier: one file; possible: a person decides; never *same* on a name alone.

``decision_business_hours``: business hours for that decision; ``reach``: whether a claim may reach the companies below the one it
names. Source: rules.md ROE-24; domain.md C5 to C7, C44, C45.
"""

from dealreg.engagement.clauses.shape import Clause, Hours
from dealreg.vocabulary.values import Reach


class Identity(Clause):
    """The parameters of ROE-24."""

    decision_business_hours: Hours = 8
    reach: Reach = Reach.ENTITY
