"""The life of a conflict (rules.md section 3)."""

from dealreg.engagement.clauses.shape import Length, Times
from dealreg.vocabulary.values import Key, Model


class Conflicts(Model):
    """The clocks of a conflict in business days, and what the rulebook rules by itself.

    ``rulebook_upholds``: section 1a (ii) is ruled at once; ``end_date_shown``: an answer tells when the other's protection ends;
    ``without_evidence_a_month``: claims of one partner without evidence that meet protected lines, above which its channel manager is
    shown them.
    """

    evidence_business_days: Length = 3
    ruling_business_days: Length = 5
    appeal_business_days: Length = 5
    escalate_every_business_days: Length = 5
    escalate_to: Key = "regional_director"
    rulebook_upholds: bool = True
    end_date_shown: bool = False
    without_evidence_a_month: Times = 10
