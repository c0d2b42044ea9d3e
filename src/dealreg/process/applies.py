"""Whether a clause is tried at all: it is in force in this version, and what it is guarded by holds (architecture D6)."""

from dealreg.file.state import Claim
from dealreg.process.case import Case


def applies(case: Case, claim: Claim, number: str) -> bool:
    """Whether the clause of that number, such as ``ROE-7``, applies to the claim under the rules of the case."""
    return case.rules.clauses.of(number).in_force and claim is not None
