"""ROE-4: who comes first.

``doctrine``; ``graded_share``: the part of the benefit that the second partner gets under ``graded``. Source: rules.md ROE-4;
domain.md section 1.2 (five doctrines), C1 to C4.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from dealreg.engagement.clauses.shape import Clause

Share = Annotated[Decimal, Field(gt=0, le=1, max_digits=5, decimal_places=4)]
"""A part of one."""


class Doctrine(StrEnum):
    """Who comes first (ROE-4)."""

    FIRST_COMPLETE = "first_complete"
    FIRST_SUBMITTED = "first_submitted"
    FIRST_APPROVED = "first_approved"
    MERIT = "merit"
    GRADED = "graded"


class Priority(Clause):
    """The parameters of ROE-4."""

    doctrine: Doctrine = Doctrine.FIRST_COMPLETE
    graded_share: Share = Decimal("0.5")
