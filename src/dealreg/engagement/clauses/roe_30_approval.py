"""ROE-30: a complete claim that no clause refuses and that meets no other is approved.

``anchor``: from where the window counts; ``activation_days``: days until protection begins; ``by_rulebook_up_to``: in program
currency, above it the region's channel manager decides. Source: rules.md ROE-30; domain.md C24, C25.
"""

from decimal import Decimal
from enum import StrEnum

from dealreg.engagement.clauses.shape import Clause, Days
from dealreg.vocabulary.values import Amount


class Anchor(StrEnum):
    """From which instant a window's length is counted (rules.md section 1, Window)."""

    SUBMISSION = "submission"
    COMPLETENESS = "completeness"
    APPROVAL = "approval"
    ACTIVATION = "activation"


class Approval(Clause):
    """The parameters of ROE-30."""

    anchor: Anchor = Anchor.APPROVAL
    activation_days: Days = 0
    by_rulebook_up_to: Amount | None = Decimal(100_000)
