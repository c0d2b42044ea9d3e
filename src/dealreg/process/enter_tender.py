"""The desk enters a tender, in time or late, and closes it (ROE-23)."""

from typing import Any
from uuid import UUID

from dealreg.conflict.events import Kind, Party, PartyStanding, Ruling
from dealreg.customer.account_commands import EnterTender
from dealreg.customer.report_events import ReportKind
from dealreg.engagement.parameters import AfterPublication
from dealreg.engagement.windows import first_instant
from dealreg.file.account import Tender
from dealreg.file.account_events import TenderClosed, TenderEntered
from dealreg.file.state import Claim, LegState
from dealreg.process import account_report, permit
from dealreg.process.applies import applies
from dealreg.process.case import Case
from dealreg.process.open_conflict import opened_against
from dealreg.process.propose_ruling import propose
from dealreg.process.tender_class import GROUND, joins_the_class, stands_before, tender_of
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.situation import Situation


def enter_tender(situation: Situation, request: Request, command: EnterTender) -> dict[str, Any]:
    """Record the tender; claims completed since its publication are judged by it. Raises ``NotAllowed``, ``Refused``."""
    permit.of_desk(request.actor, "enter a tender")
    rules = account_report.in_force(situation, "ROE-23")
    account_report.known(rules, command.lines, command.scope)
    case, report = account_report.given(situation, request, command, ReportKind.TENDER, command.lines)
    for line in dict.fromkeys(command.lines):
        case.record(
            TenderEntered(
                customer=case.customer,
                line=line,
                tender=report,
                reference=command.reference,
                scope=command.scope,
                published_on=command.published_on,
                published_at=first_instant(command.published_on, rules.zone),
                source=command.source,
                entered_at=situation.at,
                managers=account_report.readers_of(case, command.scope),
            )
        )
        _learned_late(case, line)
    return {"report": str(report), "customer": str(case.customer)}


def _learned_late(case: Case, line: str) -> None:
    """Claims completed since: exclusive ones become compliance conflicts, those that wait are of the class."""
    for known in case.file.living(line):
        claim = case.again(known)
        tender = tender_of(case, claim) if applies(case, claim, "ROE-23") and claim.live else None
        if tender is None or claim.tender or stands_before(case, claim, tender):
            continue
        if claim.holds:
            if claim.exclusive:
                _in_breach(case, claim, tender)
        elif not claim.state_is(LegState.CONTESTED):
            joins_the_class(case, claim)


def _in_breach(case: Case, claim: Claim, tender: Tender) -> None:
    """Approved as exclusive though the tender was published: a conflict whose proposal is the tender's class."""
    party = Party(
        registration=tender.tender,
        filed_by=None,
        distributor=None,
        dealer=None,
        priority_at=tender.published_at,
        standing=PartyStanding.TENDER,
    )
    conflict = opened_against(case, claim, party, Kind.COMPLIANCE, GROUND, clause="ROE-23", party_challenges=True)
    refuses = case.rules.clauses.tender.after_publication is AfterPublication.REFUSES
    ruling, word = (
        (Ruling.AWARD_CHALLENGER, "it would have been refused (ROE-23)")
        if refuses
        else (Ruling.SHARE, "it belongs to the tender's class, which excludes nobody (ROE-23)")
    )
    awarded = tender.tender if refuses else claim.registration
    propose(case, conflict, ruling, awarded, "ROE-23", (GROUND, word))


def close_tender(case: Case, report: UUID, reason: str) -> None:
    """Claims completed from here on are exclusive again."""
    for tender in case.file.account.tenders:
        if tender.tender == report and tender.closed_at is None:
            case.record(
                TenderClosed(
                    customer=case.customer,
                    line=tender.line,
                    tender=report,
                    reason=reason,
                    closed_at=case.now,
                )
            )
