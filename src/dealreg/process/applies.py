"""Whether a clause is tried at all: it is in force in this version, and what it is guarded by holds (architecture D6)."""

from datetime import datetime

from dealreg.file.state import Claim
from dealreg.process.case import Case
from dealreg.process.guarding import guard_holds
from dealreg.vocabulary.situation import OFF, TRIED

GUARD = "its guard"
"""Begins what is noted of a clause that was set aside by its guard."""


def applies(case: Case, claim: Claim, number: str, day: datetime | None = None) -> bool:
    """Whether the clause of that number, such as ``ROE-7``, applies to the claim under the rules of the case.

    ``day``: on which a claim is checked again; left out, that of its completeness or of the decision, as the clause asks.
    """
    clause, situation = case.rules.clauses.of(number), case.situation
    if situation.tracing:
        outcome = TRIED if clause.in_force else OFF
        situation.tries(number, outcome, registration=claim.registration, line=claim.line)
    if not clause.in_force:
        return False
    if clause.when is None:
        return True
    answer = guard_holds(case, claim, number, clause.when, day)
    if not answer.holds:
        reason = f"{GUARD} cannot be told: {answer.why}" if answer.why is not None else f"{GUARD} does not hold"
        reason += f" ({answer.odd})" if answer.odd is not None else ""
        situation.tries(number, None, reason, registration=claim.registration, line=claim.line)
    return answer.holds


def set_aside(case: Case, claim: Claim) -> str:
    """What a reason adds for the clauses that this decision did not try on the claim because of their guards, by value (D5)."""
    noted = {
        tried.clause: tried.reason
        for tried in case.situation.tried
        if (tried.registration, tried.line) == claim.key and (tried.reason or "").startswith(GUARD)
    }
    return "".join(f"; {clause} set aside: {reason}" for clause, reason in noted.items())
