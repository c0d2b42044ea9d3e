"""ROE-32: a dealer may hide a registration from the distributor it names and from those above; all checks run.

No parameter. Source: rules.md ROE-32; domain.md C16.
"""

from dealreg.engagement.clauses.shape import Clause


class Hiding(Clause):
    """The parameters of ROE-32."""
