"""ROE-19: the manufacturer's own opportunity meets a claim: a conflict that somebody outside the sales team rules.

``look_back_days``: days within which the direct team must have been active. Source: rules.md ROE-19; domain.md C34 (six months at
NeuVector).
"""

from dealreg.engagement.clauses.shape import Clause, Length


class Direct(Clause):
    """The parameters of ROE-19."""

    look_back_days: Length = 180
