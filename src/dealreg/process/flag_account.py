"""The desk flags a strategic account, in time, and lifts the flag (ROE-20)."""

from typing import Any

from dealreg.customer.account_commands import FlagAccount
from dealreg.customer.report_events import ReportKind
from dealreg.engagement.windows import ONE_DAY, first_instant, local_day
from dealreg.file.account_events import AccountFlagged, AccountFlagLifted
from dealreg.process import account_report, permit
from dealreg.process.case import Case
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Refused
from dealreg.vocabulary.situation import Situation


def flag(situation: Situation, request: Request, command: FlagAccount) -> dict[str, Any]:
    """Publish the flag. Raises ``NotAllowed``, and ``Refused`` where its day lies nearer than the notice."""
    permit.of_desk(request.actor, "flag a strategic account")
    rules = account_report.in_force(situation, "ROE-20")
    account_report.known(rules, command.lines, None)
    days = rules.clauses.strategic_accounts.notice_days
    earliest = local_day(situation.at, rules.zone) + days * ONE_DAY
    if command.effective_on < earliest:
        raise Refused(
            f"a flag takes effect at least {days} days after its publication; the first possible day is {earliest}",
            clause="ROE-20",
        )
    case, report = account_report.given(situation, request, command, ReportKind.STRATEGIC_FLAG, command.lines)
    case.record(
        AccountFlagged(
            customer=case.customer,
            flag=report,
            lines=command.lines,
            clause="ROE-20",
            reason=command.reason,
            published_at=situation.at,
            effective_at=first_instant(command.effective_on, rules.zone),
            managers=account_report.readers_of(case, None),
        )
    )
    return {"report": str(report), "customer": str(case.customer)}


def lift(case: Case, report: Any, reason: str) -> None:
    """From here on claims are taken again; what was declined under it stays so."""
    case.record(AccountFlagLifted(customer=case.customer, flag=report, reason=reason, lifted_at=case.now))
