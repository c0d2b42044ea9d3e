"""Guards and order: every expression is read, every name known, every clause tried where a rulebook may put it."""

from collections.abc import Iterator

from dealreg.engagement.checks.fault import Fault
from dealreg.engagement.guards.checking import mistakes
from dealreg.engagement.order import UNGUARDED, misordered
from dealreg.engagement.parameters import fields_by_number
from dealreg.engagement.rulebook import RulebookDocument


def faults(document: RulebookDocument) -> Iterator[Fault]:
    """What is wrong with ``order`` and with every ``when``."""
    for entry, said in misordered(document.clauses.order):
        yield Fault(("clauses", "order", entry), said)
    custom = tuple(field.declared for field in document.custom_fields)
    for number in fields_by_number():
        clause = document.clauses.of(number)
        if clause.when is None:
            continue
        place = ("clauses", number, "when")
        if number in UNGUARDED:
            yield Fault(place, f"{number} takes no guard: {UNGUARDED[number]}; leave it out, or set in_force: false")
        elif not clause.in_force:
            yield Fault(place, f"{number} is not in force, so its guard is never asked; leave one of the two out")
        else:
            for mistake in mistakes(clause.when, custom):
                yield Fault(place, mistake.said, (mistake.line, mistake.column))
