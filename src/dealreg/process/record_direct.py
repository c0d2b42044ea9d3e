"""The manufacturer's own opportunities: entered by the desk or read from the CRM, kept active, ended (ROE-19)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from dealreg.customer.account_commands import RecordDirectActivity, RecordDirectOpportunity
from dealreg.customer.report_events import ReportKind
from dealreg.engagement.windows import first_instant, local_day
from dealreg.file.account_events import DirectActivityRecorded, DirectOpportunityEnded, DirectOpportunityRecorded
from dealreg.process import account_report, permit
from dealreg.process.account_freed import party_is_gone
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case
from dealreg.process.direct_opportunity import uphold_partners
from dealreg.process.free_line import free_line
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Refused
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Scope


def record_direct(situation: Situation, request: Request, command: RecordDirectOpportunity) -> dict[str, Any]:
    """The desk enters one. Whatever day it bears, it counts from now on. Raises ``NotAllowed``, ``Refused``."""
    permit.of_desk(request.actor, "enter an opportunity of the direct team")
    rules = account_report.in_force(situation, "ROE-19")
    account_report.known(rules, command.lines, command.scope)
    if command.active_on is not None and command.active_on > local_day(situation.at, rules.zone):
        raise Refused("the activity lies in the future; give the day on which it was", clause="ROE-19")
    case, report = account_report.given(situation, request, command, ReportKind.DIRECT_OPPORTUNITY, command.lines)
    active_at = first_instant(command.active_on, rules.zone) if command.active_on is not None else situation.at
    for line in dict.fromkeys(command.lines):
        enter_direct(case, report, line, command.scope, active_at=active_at, said_by=request.actor.subject)
    return {"report": str(report), "customer": str(case.customer)}


def enter_direct(case: Case, opportunity: UUID, line: str, scope: Scope, *, active_at: datetime, said_by: str) -> None:
    """It stands in the file from now on; every claim that is there is upheld against it."""
    case.record(
        DirectOpportunityRecorded(
            customer=case.customer,
            line=line,
            opportunity=opportunity,
            scope=scope,
            active_at=min(active_at, case.now),
            recorded_at=case.now,
            said_by=said_by,
            managers=account_report.readers_of(case, scope),
        )
    )
    known = next(one for one in case.file.account.direct if (one.opportunity, one.line) == (opportunity, line))
    uphold_partners(case, known)


def record_activity(situation: Situation, request: Request, command: RecordDirectActivity) -> dict[str, Any]:
    """The direct team was active: the look-back counts from there. Raises ``NotAllowed``, ``Unknown``, ``Closed``."""
    permit.of_desk(request.actor, "tell of the direct team's activity")
    told = account_report.reported(situation, command.report, ReportKind.DIRECT_OPPORTUNITY)
    case = Case.at(situation, told.customer)
    bring_to_due(case)
    if command.active_at > situation.at:
        raise Refused("the activity lies in the future; tell of it when it was", clause="ROE-19")
    direct_was_active(case, command.report, command.active_at)
    return {"report": str(command.report), "active_at": command.active_at.isoformat()}


def direct_was_active(case: Case, opportunity: UUID, active_at: datetime) -> None:
    """Record an activity that is newer than what is known."""
    for known in case.file.account.direct:
        if known.opportunity == opportunity and known.open and active_at > known.active_at:
            case.record(
                DirectActivityRecorded(
                    customer=case.customer,
                    line=known.line,
                    opportunity=opportunity,
                    active_at=active_at,
                    recorded_at=case.now,
                )
            )


def end_direct(case: Case, opportunity: UUID, reason: str, *, line: str | None = None, frees: bool = True) -> None:
    """It speaks against no claim any more, on one line or on all of its lines; ``frees``: who waits may be offered the line."""
    for known in case.file.account.direct:
        if known.opportunity != opportunity or not known.open or line not in {None, known.line}:
            continue
        case.record(
            DirectOpportunityEnded(
                customer=case.customer,
                line=known.line,
                opportunity=opportunity,
                reason=reason,
                ended_at=case.now,
            )
        )
        party_is_gone(case, opportunity, known.line, reason)
        if frees:
            free_line(case, known.line, known.scope)
