"""Everything that is wrong with a rulebook beyond what its form says."""

from dealreg.engagement.checks import clauses, guards, names
from dealreg.engagement.checks.fault import Fault
from dealreg.engagement.rulebook import RulebookDocument


def faults(document: RulebookDocument) -> list[Fault]:
    """Every fault; empty where the rulebook hangs together."""
    return [*names.faults(document), *clauses.faults(document), *guards.faults(document)]
