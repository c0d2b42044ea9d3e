"""ROE-9: a dealer that buys from one distributor meets a claim protected through another; it learns that, never by whom.

``evidence_look_back_days``: days before the challenger's own submission within which dated evidence sends an overlap to the desk
(section 1a iii). Source: rules.md ROE-9; domain.md C11, C13, C14.
"""

from dealreg.engagement.clauses.shape import Clause, Days


class CrossTier(Clause):
    """The parameters of ROE-9."""

    evidence_look_back_days: Days = 180
