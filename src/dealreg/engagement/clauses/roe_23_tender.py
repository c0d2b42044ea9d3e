"""ROE-23: from a tender's publication registrations form a class without exclusivity; what was complete before stands.

``after_publication``: the class ``tender``, or ``refuses``. Source: rules.md ROE-23; domain.md C26 to C28.
"""

from enum import StrEnum

from dealreg.engagement.clauses.shape import Clause


class AfterPublication(StrEnum):
    """What a registration completed from the publication day on becomes (ROE-23)."""

    TENDER = "tender"
    REFUSES = "refuses"


class Tender(Clause):
    """The parameters of ROE-23."""

    after_publication: AfterPublication = AfterPublication.TENDER
