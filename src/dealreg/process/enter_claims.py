"""A complete registration enters the customer file line by line; the rest goes on where one line is refused (ROE-11)."""

from uuid import UUID

from dealreg.file.events import ClaimedLeg, ClaimEntered
from dealreg.file.state import Claim
from dealreg.process.approve_line import decline
from dealreg.process.case import Case, manager_readers, registration_of
from dealreg.process.check_claim import refusal_on
from dealreg.process.notices import note_pooled
from dealreg.process.reach import reaches_too_far
from dealreg.process.settle_claim import settle
from dealreg.registration.events import RegistrationClass, RequestedLine
from dealreg.registration.state import Registration
from dealreg.vocabulary.values import Tier


def enter_all(case: Case, registration: UUID, *, anew: bool = False) -> None:
    """Every line of the registration that is not in the file takes its place there, in the order in which it was named."""
    state = registration_of(case.situation, registration)
    entered = []
    for line in state.lines:
        if (registration, line.line) not in case.file.claims:
            enter(case, registration, state, line, anew=anew)
            entered.append(line.line)
    for name in entered:
        judge_claim(case, case.claim(registration, name))


def judge_claim(case: Case, claim: Claim) -> None:
    """Who is not eligible learns nothing of others: ROE-1, 3 and the bar are tried before any overlap (section 1a)."""
    refusal = refusal_on(case, claim, claim.completed_at)
    if refusal is not None:
        decline(case, claim, refusal.clause, refusal.reason)
        if refusal.clause == "ROE-3":
            note_pooled(case, case.again(claim))
    elif not reaches_too_far(case, claim):
        settle(case, claim)


def enter(case: Case, registration: UUID, state: Registration, line: RequestedLine, *, anew: bool = False) -> None:
    """Take the next place in the order of acceptance; ``anew`` gives a later line or a reopened one its own time."""
    submitted = state.submitted
    if submitted is None or state.completed_at is None or state.priority_at is None:
        raise TypeError("only a complete registration enters a file")
    case.record(
        ClaimEntered(
            customer=case.customer,
            registration=registration,
            line=line.line,
            scope=line.scope,
            tender=submitted.registration_class is RegistrationClass.TENDER,
            legs=tuple(ClaimedLeg(tier=leg.tier, partner=leg.partner) for leg in line.legs),
            filed_by=submitted.filed_by,
            by_dealer=any(leg.tier is Tier.DEALER and leg.partner == submitted.filed_by for leg in line.legs),
            entry=case.file.entries + 1,
            priority_at=case.now if anew else state.priority_at,
            submitted_at=case.now if anew else submitted.submitted_at,
            completed_at=case.now if anew else state.completed_at,
            value=state.counted_value,
            opportunity=submitted.opportunity,
            source=submitted.source,
            managers=manager_readers(case.situation.program, case.rules, [line.scope.territory]),
            reach=line.reach,
        )
    )
