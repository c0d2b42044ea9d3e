"""One request for a caller that waits: its answer, or what stands in the way as an exception."""

from dealreg.service.ledger.errors import Late
from dealreg.service.ledger.outcomes import Broken, Decided, LateOutcome, Outcome, RefusedOutcome


def answered(outcome: Outcome) -> Decided:
    """What was decided. Raises ``Refused``, ``Late``, and for what broke the exception that broke it."""
    match outcome:
        case Decided():
            return outcome
        case RefusedOutcome(refused=refused):
            raise refused
        case Broken(exception=exception):
            raise exception
        case LateOutcome(tries=tries):
            raise Late(f"others changed it {tries} times while it was decided; ask again with the same request id")
