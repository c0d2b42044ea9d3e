"""ROE-18: the partner with the latest recorded sale of that line to that customer in that scope comes before later claims.

``look_back_days``: days since that sale. Source: rules.md ROE-18; domain.md C29 (six months at HPE), C30.
"""

from dealreg.engagement.clauses.shape import Clause, Length


class SellerOfRecord(Clause):
    """The parameters of ROE-18."""

    look_back_days: Length = 180
