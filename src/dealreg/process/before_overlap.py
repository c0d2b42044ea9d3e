"""The clauses that speak of the account before any other claim is looked at (rules.md section 1a, group ``20, 23, 18, 19``)."""

from collections.abc import Callable
from datetime import datetime

from dealreg.engagement.clause import Refusal
from dealreg.engagement.order import OF_THE_ACCOUNT, in_order
from dealreg.file.state import Claim
from dealreg.process.applies import applies
from dealreg.process.case import Case
from dealreg.process.direct_opportunity import direct_comes_first, direct_refuses_today
from dealreg.process.seller_of_record import seller_comes_first, seller_refuses_today
from dealreg.process.strategic_account import flag_declines, flag_refuses_today
from dealreg.process.tender_class import joins_the_class

Step = Callable[[Case, Claim], bool]
"""Tries a clause on a claim that waits for its decision; true when that settles the claim."""

Today = Callable[[Case, Claim, datetime], Refusal | None]
"""The same clause asked again on the day on which a freed line is offered or taken, or a later request is made."""

GROUP = OF_THE_ACCOUNT

STEPS: dict[str, Step] = {
    "ROE-20": flag_declines,
    "ROE-23": joins_the_class,
    "ROE-18": seller_comes_first,
    "ROE-19": direct_comes_first,
}
"""What each clause of the group does to a claim."""

REFUSED_TODAY: dict[str, Today] = {
    "ROE-20": flag_refuses_today,
    "ROE-18": seller_refuses_today,
    "ROE-19": direct_refuses_today,
}
"""What each clause of the group refuses on a later day; ROE-23 takes an entry into the tender's class instead (``taken_today``)."""


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
        if number in REFUSED_TODAY and applies(case, claim, number, day)
    )
    return next((refusal for refusal in found if refusal is not None), None)


def taken_today(case: Case, claim: Claim) -> bool:
    """ROE-23 on an entry whose line is free: from a tender's publication there is no queue. True when that settles it."""
    return applies(case, claim, "ROE-23") and joins_the_class(case, claim)
