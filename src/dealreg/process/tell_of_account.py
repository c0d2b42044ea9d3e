"""The commands on a customer's account, where each is decided, and which stream remembers its answer."""

from collections.abc import Callable
from typing import Any

from dealreg.customer import account_commands as asked
from dealreg.process.end_account_report import end_report
from dealreg.process.end_seller_of_record import end_by_writing
from dealreg.process.enter_tender import enter_tender
from dealreg.process.flag_account import flag
from dealreg.process.record_direct import record_activity, record_direct
from dealreg.process.record_sale import record_sale
from dealreg.vocabulary.fact import Command, Request
from dealreg.vocabulary.ids import StreamId, report_id
from dealreg.vocabulary.situation import Situation

TOLD: dict[type[Command], Callable[[Situation, Request, Any], dict[str, Any]]] = {
    asked.RecordSale: record_sale,
    asked.EndSellerOfRecord: end_by_writing,
    asked.RecordDirectOpportunity: record_direct,
    asked.RecordDirectActivity: record_activity,
    asked.FlagAccount: flag,
    asked.EnterTender: enter_tender,
    asked.EndAccountReport: end_report,
}


def home_of_report(request: Request) -> StreamId:
    """The report that the command makes, or names."""
    command = request.command
    if isinstance(command, asked.TellOfAccount):
        return StreamId(report_id(request.program, request.actor.caller, request.id))
    return StreamId(command.report)
