"""ROE-6: equal priority times, in whole seconds, are a tie: shown, and ruled by the desk.

No parameter. Source: rules.md ROE-6; domain.md C1.
"""

from dealreg.engagement.clauses.shape import Clause


class SameInstant(Clause):
    """The parameters of ROE-6."""
