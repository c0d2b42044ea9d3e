"""ROE-8: while a dealer leg is protected no other dealer of that network is.

``window_days``: days of protection by the partner's tier in the program. Source: rules.md ROE-8; domain.md C15.
"""

from dealreg.engagement.clauses.shape import Clause
from dealreg.engagement.clauses.window_lengths import WindowLengths


class DealerExclusivity(Clause):
    """The parameters of ROE-8."""

    window_days: WindowLengths = WindowLengths(authorized=60, premier=75, elite=75, master=75)
