"""An opportunity that the CRM says is the manufacturer's own stands in its customer's file (ROE-19)."""

from uuid import UUID

from dealreg.opportunity.events import Outcome, Owner
from dealreg.opportunity.state import Opportunity
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, rules_at
from dealreg.process.file_registration import given
from dealreg.process.read_opportunity import end_customer, filing_party
from dealreg.process.record_direct import direct_was_active, end_direct, enter_direct
from dealreg.process.resolve_customer import resolve_customer
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Scope


def fold_direct(situation: Situation, stream: UUID, before: Opportunity, state: Opportunity) -> None:
    """Enter it, keep it active, or end it, line by line; nothing where neither was nor is the direct team's."""
    if not _is_direct(before) and not _is_direct(state):
        return
    if not rules_at(situation, situation.at).clauses.direct.in_force:
        return
    earlier, later = _file(situation, stream, before), _file(situation, stream, state)
    if earlier is not None and (later is None or later.customer != earlier.customer):
        end_direct(earlier, stream, "it is the direct team's no more")
    if later is not None:
        _bring_up_to_date(later, stream, state)


def _is_direct(state: Opportunity) -> bool:
    """Owned by the direct team, open, and no partner's."""
    open_ = (state.values.outcome or Outcome.OPEN) is Outcome.OPEN
    return state.exists and open_ and state.values.owner is Owner.DIRECT and filing_party(state) is None


def _file(situation: Situation, stream: UUID, state: Opportunity) -> Case | None:
    """The file of the customer that it names, brought to the instant; ``None`` where it is not direct or names none."""
    if not _is_direct(state):
        return None
    customer = resolve_customer(situation, situation.program, f"direct:{stream}", given(end_customer(situation, state)))
    if customer is None:
        return None
    case = Case.at(situation, customer)
    bring_to_due(case)
    return case


def _bring_up_to_date(case: Case, stream: UUID, state: Opportunity) -> None:
    """Lines that it no longer names end, new ones begin, and any message is an activity of its own."""
    values = state.values
    known_place = values.territory in {node.territory for node in case.rules.territories}
    named = [line for line in dict.fromkeys(values.lines or ()) if case.rules.product_line(line) is not None]
    lines = named if known_place else []
    active_at = min(state.changed_at or case.now, case.now)
    standing = {known.line: known for known in case.file.account.direct if known.opportunity == stream and known.open}
    for line, known in standing.items():
        if line not in lines or known.scope.territory != values.territory:
            end_direct(case, stream, "it names the line there no more", line=line)
    direct_was_active(case, stream, active_at)
    for line in lines:
        if line not in standing or standing[line].scope.territory != values.territory:
            scope = Scope(territory=str(values.territory))
            enter_direct(case, stream, line, scope, active_at=active_at, said_by=state.source)
