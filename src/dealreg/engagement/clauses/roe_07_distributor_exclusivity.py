"""ROE-7: while a distributor or master leg is protected no partner outside its network is, on that line and overlapping scope.

``window_days``: days of protection by the partner's tier in the program. Source: rules.md ROE-7; domain.md C13.
"""

from dealreg.engagement.clauses.shape import Clause
from dealreg.engagement.clauses.window_lengths import WindowLengths


class DistributorExclusivity(Clause):
    """The parameters of ROE-7."""

    window_days: WindowLengths = WindowLengths(authorized=90, premier=120, elite=180, master=180)
