"""ROE-14: no progress for so long: reminder, then suspended, then released; progress before the release lifts the suspension.

``reminder_days``, ``suspended_days``, ``released_days``: days since the last progress, growing. Source: rules.md ROE-14 (no published
program names an inactivity limit: domain.md section 1.2; the numbers are this program's).
"""

from typing import Self

from pydantic import model_validator

from dealreg.engagement.clauses.shape import Clause, Length


class Progress(Clause):
    """The parameters of ROE-14."""

    reminder_days: Length = 30
    suspended_days: Length = 40
    released_days: Length = 50

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if not self.reminder_days < self.suspended_days < self.released_days:
            raise ValueError("reminder_days, suspended_days and released_days must grow; put them in that order")
        return self
