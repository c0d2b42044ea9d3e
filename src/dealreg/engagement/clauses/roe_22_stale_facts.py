"""ROE-22: a gap or an unread CRM record freezes lapse, grace and progress of the legs that ride on it, never the hard stop.

``limit_business_days``: business days after which the desk decides leg by leg. Source: rules.md ROE-22; domain.md C43 to C46.
"""

from dealreg.engagement.clauses.shape import Clause, Length


class StaleFacts(Clause):
    """The parameters of ROE-22."""

    limit_business_days: Length = 10
