"""ROE-15: a person's decision is due within so many business hours of completeness; a breach is an event with escalation.

``business_hours`` by the program's calendar and time zone; ``escalate_to``: the role that is told; ``silence_approves``: only where
the rulebook says so in so many words. Source: rules.md ROE-15; domain.md C23 (24 to 48 h or 2 to 3 days in published programs).
"""

from dealreg.engagement.clauses.shape import Clause, Hours
from dealreg.vocabulary.values import Key


class ReviewClock(Clause):
    """The parameters of ROE-15."""

    business_hours: Hours = 16
    escalate_to: Key = "regional_director"
    silence_approves: bool = False
