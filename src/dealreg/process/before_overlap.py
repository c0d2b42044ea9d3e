"""The clauses that speak of the account before any other claim is looked at (rules.md section 1a, group ``20, 23, 18, 19``)."""

from collections.abc import Callable
from datetime import datetime

from dealreg.engagement.clause import Refusal
from dealreg.engagement.order import OF_THE_ACCOUNT, in_order
from dealreg.file.state import Claim
from dealreg.process.applies import applies
from dealreg.process.case import Case

Step = Callable[[Case, Claim], bool]
"""Tries a clause on a claim that waits for its decision; true when that settles the claim."""

Today = Callable[[Case, Claim, datetime], Refusal | None]
"""The same clause asked again on the day on which a freed line is offered or taken, or a later request is made."""

GROUP = OF_THE_ACCOUNT

STEPS: dict[str, Step] = {}
"""What each clause of the group does to a claim."""

REFUSED_TODAY: dict[str, Today] = {}
"""What each clause of the group refuses on a later day."""


def settled_before_overlap(case: Case, claim: Claim) -> bool:
    """Try the group in the rulebook's order; true when a clause settled the claim."""
    return any(
        number in STEPS and applies(case, claim, number) and STEPS[number](case, claim)
        for number in in_order(case.rules, GROUP)
    )


def refused_today(case: Case, claim: Claim, day: datetime) -> Refusal | None:
    """The first refusal of the group on a day, or ``None``."""
    found = (
        REFUSED_TODAY[number](case, claim, day)
        for number in in_order(case.rules, GROUP)
        if number in REFUSED_TODAY and applies(case, claim, number)
    )
    return next((refusal for refusal in found if refusal is not None), None)
