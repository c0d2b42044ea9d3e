"""What was told of an account is over: a flag is lifted, a tender closed, a direct opportunity ended."""

from typing import Any

from dealreg.customer.account_commands import EndAccountReport
from dealreg.customer.report_events import ReportKind
from dealreg.process import account_report, permit
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case
from dealreg.process.enter_tender import close_tender
from dealreg.process.flag_account import lift
from dealreg.process.record_direct import end_direct
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Closed
from dealreg.vocabulary.situation import Situation


def end_report(situation: Situation, request: Request, command: EndAccountReport) -> dict[str, Any]:
    """The desk ends it. Raises ``NotAllowed``, ``Unknown``, and ``Closed`` for what has no end of this kind."""
    permit.of_desk(request.actor, "end what was told of an account")
    told = account_report.reported(situation, command.report)
    case = Case.at(situation, told.customer)
    bring_to_due(case)
    match told.kind:
        case ReportKind.STRATEGIC_FLAG:
            lift(case, command.report, command.reason)
        case ReportKind.TENDER:
            close_tender(case, command.report, command.reason)
        case ReportKind.DIRECT_OPPORTUNITY:
            end_direct(case, command.report, command.reason)
        case _:
            raise Closed("a sale, or a record that was given up, stands as it was told")
    account_report.ended(situation, request, command.report)
    return {"report": str(command.report), "ended": True}
