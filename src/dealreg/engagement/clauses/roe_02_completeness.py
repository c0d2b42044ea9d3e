"""ROE-2: every required field and evidence kind is there, judged by the service and not by a person; both times are kept.

``required``: fields; ``evidence``: kinds that must be there; ``return_business_days``: business days in which a person's return for
more is answered without losing the time; ``incomplete_days``: days after which it is closed as withdrawn. Source: rules.md ROE-2, C2.
"""

from enum import StrEnum

from dealreg.engagement.clauses.shape import Clause, Days, Length
from dealreg.vocabulary.values import Key


class Requirement(StrEnum):
    """What ROE-2 can ask for."""

    CUSTOMER = "customer"
    CONTACT = "contact"
    VALUE = "value"
    CLOSE_DATE = "close_date"
    DISTRIBUTOR = "distributor"


class Completeness(Clause):
    """The parameters of ROE-2."""

    required: tuple[Requirement, ...] = tuple(Requirement)
    evidence: tuple[Key, ...] = ()
    return_business_days: Days = 5
    incomplete_days: Length = 30
