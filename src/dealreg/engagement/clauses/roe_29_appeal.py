"""ROE-29: a party that got less than it claimed may appeal once, to a person who took no part.

``limit_days``: days from the notice. Source: rules.md ROE-29.
"""

from dealreg.engagement.clauses.shape import Clause, Length


class Appeal(Clause):
    """The parameters of ROE-29."""

    limit_days: Length = 10
