"""A partner is seller of record no more: given up in writing, the customer writes otherwise, or ROE-16 (ROE-18)."""

from typing import Any

from dealreg.customer.account_commands import EndSellerOfRecord
from dealreg.customer.report_events import ReportKind
from dealreg.engagement.territory import scopes_overlap
from dealreg.file.account_events import RecordGround, SellerOfRecordEnded
from dealreg.process import account_report, permit
from dealreg.process.account_freed import party_is_gone, those_behind_wait_no_longer
from dealreg.process.case import Case
from dealreg.process.seller_of_record import sales_of
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.refused import Closed
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Scope, Tier


def end_by_writing(situation: Situation, request: Request, command: EndSellerOfRecord) -> dict[str, Any]:
    """The partner gives up for itself; what the customer wrote is entered by the desk. Raises ``NotAllowed``, ``Closed``."""
    if command.customer_wrote:
        permit.of_desk(request.actor, "enter what the customer wrote")
    else:
        permit.for_partner(situation, request.actor, command.partner)
    rules = account_report.in_force(situation, "ROE-18")
    account_report.known(rules, [command.line], command.scope)
    case, report = account_report.given(situation, request, command, ReportKind.RECORD_END, (command.line,))
    sold = [
        sale
        for sale in sales_of(case, command.line)
        if sale.seller(command.tier) == command.partner and scopes_overlap(case.rules, sale.scope, command.scope)
    ]
    if not sold:
        raise Closed("no sale of this line to this customer by the partner is recorded in that scope", clause="ROE-18")
    ground = RecordGround.CUSTOMER_WROTE if command.customer_wrote else RecordGround.GIVEN_UP
    end_record(case, command.partner, command.tier, command.line, command.scope, ground, command.reason)
    return {"report": str(report), "ended": True}


def end_record(
    case: Case, partner: str, tier: Tier, line: str, scope: Scope, ground: RecordGround, reason: str
) -> None:
    """End the record, and judge those that waited behind it."""
    case.record(
        SellerOfRecordEnded(
            customer=case.customer,
            line=line,
            scope=scope,
            partner=PartnerId(partner),
            tier=tier,
            ground=ground,
            clause="ROE-18",
            reason=reason,
            ended_at=case.now,
            managers=account_report.readers_of(case, scope),
        )
    )
    for sale in list(sales_of(case, line)):
        if sale.seller(tier) == partner and scopes_overlap(case.rules, sale.scope, scope):
            party_is_gone(case, sale.sale, line, "it is seller of record no more")
    those_behind_wait_no_longer(case, line, scope, "ROE-18")
