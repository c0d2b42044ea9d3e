"""ROE-20: a flagged account takes no new exclusive claim from the flag's effective day.

``notice_days``: days between the flag's publication and its effective day, at least. Source: rules.md ROE-20; domain.md C31 (30 days'
written notice).
"""

from dealreg.engagement.clauses.shape import Clause, Days


class StrategicAccounts(Clause):
    """The parameters of ROE-20."""

    notice_days: Days = 30
