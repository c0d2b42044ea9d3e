"""What an answer says of a decision against a claim: its appeal, and when the line is free where the program shows that (section 3)."""

from uuid import UUID

from pydantic import JsonValue

from dealreg.engagement.territory import scopes_overlap
from dealreg.engagement.windows import last_day
from dealreg.file.clocks import ConflictClock
from dealreg.file.ends import protected_to
from dealreg.file.state import HOLDING, Claim
from dealreg.process.case import Case, registration_of
from dealreg.vocabulary.situation import Situation


def against(situation: Situation, claim: Claim, word: str) -> dict[str, JsonValue]:
    """Of what was decided against it: up to when it may be appealed and, where the rulebook shows it, when the line is free.

    Both depend on the decision alone: claims in the same state read the same, whosever they are.
    """
    told: dict[str, JsonValue] = {}
    case = Case.at(situation, _customer(situation, claim))
    if word in {"declined", "released"}:
        limits = [clock.appeal_to for clock in case.file.clocks.values() if _decided(clock, claim)]
        limits += [claim.disputable.appeal_to] if claim.disputable is not None and not claim.appealed else []
        open_to = [limit for limit in limits if limit is not None and limit > situation.at]
        told |= {"appeal_by": max(open_to).isoformat()} if open_to else {}
    if word in {"queued", "declined"} and case.rules.clauses.conflicts.end_date_shown:
        ends = [protected_to(leg) for there in _blocking(case, claim) for leg in there.legs if leg.state in HOLDING]
        known = [end for end in ends if end is not None]
        told |= {"line_protected_until": last_day(max(known), case.rules.zone).isoformat()} if known else {}
    return told


def _customer(situation: Situation, claim: Claim) -> UUID:
    customer = registration_of(situation, claim.registration).customer
    if customer is None:
        raise TypeError("a claim stands in the file of its customer")
    return customer


def _decided(clock: ConflictClock, claim: Claim) -> bool:
    return clock.line == claim.line and claim.registration in clock.parties


def _blocking(case: Case, claim: Claim) -> list[Claim]:
    """The claims that hold the line against it."""
    return [
        there
        for there in case.file.living(claim.line)
        if there.registration != claim.registration
        and there.blocks
        and scopes_overlap(case.rules, there.scope, claim.scope)
    ]
