"""ROE-27: an approved special price keeps the claim protected to its own end.

``longest_days``: at most so many days past the window's end. Source: rules.md ROE-27; domain.md C52 (a 60-day delivery tail at HPE).
"""

from dealreg.engagement.clauses.shape import Clause, Days


class SpecialPriceHold(Clause):
    """The parameters of ROE-27."""

    longest_days: Days = 30
