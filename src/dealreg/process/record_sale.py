"""A sale is told by point-of-sale or close data: a win, a record of who sold last, or a sale elsewhere (ROE-18, ROE-25, ROE-31)."""

from datetime import date
from typing import Any
from uuid import UUID

from dealreg.customer.account_commands import RecordSale
from dealreg.customer.report_events import ReportKind
from dealreg.engagement.territory import scopes_overlap
from dealreg.engagement.windows import first_instant, local_day
from dealreg.file.account_events import SaleRecorded
from dealreg.file.state import Claim, LegState
from dealreg.process import account_report
from dealreg.process.applies import applies
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, registration_of, rules_at
from dealreg.process.credit import credit_losers
from dealreg.process.record_outcome import outcome
from dealreg.process.sale_elsewhere import forbidden_by, of_one_group, seller_went_past, sold_under
from dealreg.process.settle_claim import settle
from dealreg.registration.events import OutcomeKind
from dealreg.vocabulary.fact import Request, Role
from dealreg.vocabulary.refused import NotAllowed, Refused
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Tier

TELLERS = frozenset({Role.CRM, Role.DEAL_DESK})


def record_sale(situation: Situation, request: Request, command: RecordSale) -> dict[str, Any]:
    """Record the sale and what follows from it. Raises ``NotAllowed``, ``Refused``, ``Unknown``."""
    if request.actor.role not in TELLERS:
        raise NotAllowed("only the deal desk or the feed of point-of-sale data records a sale")
    rules = rules_at(situation, situation.at)
    account_report.known(rules, [command.line], command.scope)
    if command.sold_on > local_day(situation.at, rules.zone):
        raise Refused("the sale lies in the future; give the day on which it was made")
    case, sale = account_report.given(situation, request, command, ReportKind.SALE, (command.line,))
    past = forbidden_by(case, command)
    case.record(_recorded(situation, request, case, command, sale, past))
    elsewhere = _under_a_registration(situation, case, command, sale)
    won = _wins(case, command)
    for registration in past:
        seller_went_past(case, case.claim(registration, command.line), command, sale)
    for registration in won:
        _won(situation, case, registration, command)
    if not won:
        credit_losers(case, command.line, command.scope)
    _judge_again(case, command)
    return {
        "account_report": str(sale),
        "customer": str(case.customer),
        "won": [str(one) for one in won],
        "elsewhere": elsewhere,
    }


def _recorded(
    situation: Situation, request: Request, case: Case, command: RecordSale, sale: UUID, past: tuple[UUID, ...]
) -> SaleRecorded:
    purchaser, design = command.purchaser, command.design_customer
    meant = account_report.customer_meant
    return SaleRecorded(
        customer=case.customer,
        line=command.line,
        sale=sale,
        scope=command.scope,
        dealer=command.dealer,
        distributor=command.distributor,
        sold_on=command.sold_on,
        registration=command.registration,
        purchaser=meant(situation, request, purchaser, "purchaser") if purchaser else None,
        design_customer=meant(situation, request, design, "design_customer") if design else None,
        reference=command.reference,
        past=past,
        recorded_at=situation.at,
        managers=account_report.readers_of(case, command.scope),
    )


def _under_a_registration(situation: Situation, case: Case, command: RecordSale, sale: UUID) -> bool:
    """Sold under a registration of another customer: that is a case in the other customer's file. True when it is one."""
    if command.registration is None:
        return False
    state = registration_of(situation, command.registration)
    if state.customer is None:
        return False
    other = Case.at(situation, state.customer)
    if other.customer == case.customer or of_one_group(situation, other.customer, case.customer):
        return False
    bring_to_due(other)
    return sold_under(other, command.registration, command, sale)


def _wins(case: Case, command: RecordSale) -> list[UUID]:
    """The registrations whose holder sold its own line here: that is a win by point of sale (ROE-31).

    A sale of an earlier day is of an earlier deal, unless the data name the registration.
    """
    return [
        claim.registration
        for claim in case.file.living(command.line)
        if claim.holds
        and _is_holder(claim, command)
        and scopes_overlap(case.rules, claim.scope, command.scope)
        and (claim.registration == command.registration or _completed_on(case, claim) <= command.sold_on)
    ]


def _completed_on(case: Case, claim: Claim) -> date:
    return local_day(claim.completed_at, case.rules.zone)


def _is_holder(claim: Claim, command: RecordSale) -> bool:
    dealer = claim.party(Tier.DEALER)
    if dealer is not None:
        return command.dealer == dealer
    upper = claim.party(Tier.DISTRIBUTOR) or claim.party(Tier.MASTER)
    return upper is not None and upper == command.distributor


def _won(situation: Situation, case: Case, registration: UUID, command: RecordSale) -> None:
    """Won in the first instant of the day of the sale, or at completeness where that was later on the same day."""
    claim, closed_at = case.claim(registration, command.line), first_instant(command.sold_on, case.rules.zone)
    if _completed_on(case, claim) == command.sold_on:
        closed_at = claim.completed_at
    outcome(situation, registration, OutcomeKind.WON, (command.line,), closed_at=closed_at, partner=None)


def _judge_again(case: Case, command: RecordSale) -> None:
    """A claim that waits for a person meets the seller of record that became known (ROE-18)."""
    for claim in case.file.living(command.line):
        if not claim.state_is(LegState.PENDING) or claim.tender or not applies(case, claim, "ROE-18"):
            continue
        if scopes_overlap(case.rules, claim.scope, command.scope):
            settle(case, claim)
