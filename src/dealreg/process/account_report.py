"""Somebody tells of a customer's account: the customer is found, the report recorded, the file brought to the instant."""

from collections.abc import Iterable
from uuid import UUID

from dealreg.customer.account_commands import TellOfAccount
from dealreg.customer.commands import CustomerGiven
from dealreg.customer.report_events import AccountReported, AccountReportEnded, ReportKind
from dealreg.customer.reports import REPORT
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, manager_readers, rules_at
from dealreg.process.resolve_customer import resolve_customer
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import ReportId, report_id
from dealreg.vocabulary.refused import Closed, Refused, Unknown
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Scope


def given(
    situation: Situation, request: Request, command: TellOfAccount, kind: ReportKind, lines: tuple[str, ...]
) -> tuple[Case, ReportId]:
    """The file of the customer that is meant, and the report's id. Raises ``Refused`` where the customer cannot be told."""
    report = report_id(situation.program, request.actor.caller, request.id)
    customer = customer_meant(situation, request, command.customer, "customer")
    situation.record(
        REPORT,
        report,
        AccountReported(
            report=report,
            kind=kind,
            customer=customer,
            lines=lines,
            said_by=request.actor.subject,
            given_at=situation.at,
        ),
    )
    case = Case.at(situation, customer)
    bring_to_due(case)
    return case, report


def customer_meant(situation: Situation, request: Request, named: CustomerGiven, field: str) -> UUID:
    """The customer, opened where nobody knew it. Raises ``Refused`` where it cannot be told."""
    key = f"{request.actor.caller}:{request.id}:{field}"
    customer = resolve_customer(situation, situation.program, key, named)
    if customer is None:
        raise Refused(f"{field}: name the company by an identifier, or by name and place", clause="ROE-24")
    return customer


def known(rules: RulebookDocument, lines: Iterable[str], scope: Scope | None) -> None:
    """Refuse a line or territory that the program does not have."""
    for line in lines:
        if rules.product_line(line) is None:
            raise Refused(f"the program has no product line {line!r}; see its rulebook")
    if scope is not None and scope.territory not in {node.territory for node in rules.territories}:
        raise Refused(f"the program has no territory {scope.territory!r}; see its rulebook")


def in_force(situation: Situation, number: str) -> RulebookDocument:
    """The rules of the instant, in which the clause is in force. Raises ``Refused`` where it is not."""
    rules = rules_at(situation, situation.at)
    if not rules.clauses.of(number).in_force:
        raise Refused(f"{number} is not in force in this rulebook", clause=number)
    return rules


def readers_of(case: Case, scope: Scope | None) -> tuple[UUID, ...]:
    """Who of the manufacturer's people reads it: the regions of the scope, or all of them, and the desk."""
    territories = [scope.territory] if scope is not None else [node.territory for node in case.rules.territories]
    return manager_readers(case.situation.program, case.rules, territories)


def reported(situation: Situation, report: UUID, kind: ReportKind | None = None) -> AccountReported:
    """What was told under this id, of this kind if one is named, if it is not over. Raises ``Unknown``, ``Closed``."""
    state = situation.of(REPORT, report)
    if state.given is None or kind not in {None, state.given.kind}:
        raise Unknown("there is no such report; check its id")
    if state.ended:
        raise Closed("what this report told of is over already")
    return state.given


def ended(situation: Situation, request: Request, report: UUID) -> None:
    """Record that it is over."""
    fact = AccountReportEnded(report=report, said_by=request.actor.subject, ended_at=situation.at)
    situation.record(REPORT, report, fact)
