"""ROE-1: the partner is active and authorised for line, territory and track, with the specialisation, on the day of completeness.

``rival_brand``: a claim is also declined, or released with a reason by the desk, when the partner holds the same deal for a rival
brand. Source: rules.md ROE-1; domain.md C18, C36.
"""

from dealreg.engagement.clauses.shape import Clause


class Eligibility(Clause):
    """The parameters of ROE-1."""

    rival_brand: bool = True
