"""A partner is seller of record no more: given up in writing, the customer writes otherwise, or ROE-16 (ROE-18)."""

from typing import Any

from dealreg.customer.account_commands import EndSellerOfRecord
from dealreg.customer.report_events import ReportKind
from dealreg.engagement.territory import scopes_overlap
from dealreg.file.account_events import RecordGround
from dealreg.process import account_report, permit
from dealreg.process.end_record import end_record
from dealreg.process.seller_of_record import sales_of
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Closed
from dealreg.vocabulary.situation import Situation


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
