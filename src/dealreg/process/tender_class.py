"""ROE-23: from a tender's publication claims form a class without exclusivity; what was complete before stands."""

from dealreg.engagement.parameters import AfterPublication
from dealreg.engagement.territory import scopes_overlap
from dealreg.file.account import Tender
from dealreg.file.account_events import TenderClassTaken
from dealreg.file.state import Claim
from dealreg.process.approve_line import approve_or_hold, decline
from dealreg.process.case import Case

GROUND = "a tender for this line was published before the claim was complete"


def tender_of(case: Case, claim: Claim) -> Tender | None:
    """The tender that was published, and not closed, when the claim was completed; the earliest of several."""
    found = (
        tender
        for tender in case.file.account.tenders
        if tender.line == claim.line
        and tender.running(claim.completed_at)
        and scopes_overlap(case.rules, tender.scope, claim.scope)
    )
    return min(found, default=None, key=lambda tender: tender.published_at)


def stands_before(case: Case, claim: Claim, tender: Tender) -> bool:
    """Whether a claim complete before the publication day is there: then this one meets it as any overlap."""
    return any(
        there.registration != claim.registration
        and not there.tender
        and there.completed_at < tender.published_at
        and scopes_overlap(case.rules, there.scope, claim.scope)
        for there in case.file.living(claim.line)
    )


def joins_the_class(case: Case, claim: Claim) -> bool:
    """ROE-23 on a claim that waits for its decision: in the class, or refused. True when that settles it."""
    tender = tender_of(case, claim)
    if tender is None or stands_before(case, claim, tender):
        return False
    if case.rules.clauses.tender.after_publication is AfterPublication.REFUSES:
        decline(case, claim, "ROE-23", GROUND)
        return True
    if not claim.tender:
        take_class(case, claim, tender)
    approve_or_hold(case, case.again(claim))
    return True


def take_class(case: Case, claim: Claim, tender: Tender) -> None:
    """The claim is one of the tender's from here on."""
    case.record(
        TenderClassTaken(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tender=tender.tender,
            clause="ROE-23",
            reason=GROUND,
            taken_at=case.now,
        )
    )
