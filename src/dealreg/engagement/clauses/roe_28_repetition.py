"""ROE-28: the same request again answers the same; the same partner in the same leg on the same line is linked, and gains nothing.

No parameter. Source: rules.md ROE-28; domain.md C47, C48, C50.
"""

from dealreg.engagement.clauses.shape import Clause


class Repetition(Clause):
    """The parameters of ROE-28."""
