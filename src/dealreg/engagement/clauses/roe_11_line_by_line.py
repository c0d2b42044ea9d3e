"""ROE-11: a partial overlap splits the registration: free lines go on, contested ones wait; a later line takes its own time.

No parameter. Source: rules.md ROE-11; domain.md C8 to C10.
"""

from dealreg.engagement.clauses.shape import Clause


class LineByLine(Clause):
    """The parameters of ROE-11."""
