"""ROE-25: the holder sold to another customer, or another partner sold the protected line to the protected customer.

No parameter. Source: rules.md ROE-25; domain.md C35, C40.
"""

from dealreg.engagement.clauses.shape import Clause


class SaleElsewhere(Clause):
    """The parameters of ROE-25."""
