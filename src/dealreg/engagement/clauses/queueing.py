"""The queue of a line (rules.md section 1, Queue)."""

from dealreg.engagement.clauses.shape import Length
from dealreg.vocabulary.values import Model


class Queueing(Model):
    """Off means that a refused line is declined at once; an offer stands business days, an entry days after its completeness."""

    in_use: bool = True
    offer_business_days: Length = 5
    entry_days: Length = 365
