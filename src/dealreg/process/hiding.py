"""A registration that its dealer hides from its own distributors: what follows when one of them claims the line, and when it is shown (ROE-32).

All checks run and its legs stand and block; only what the distributors read is what a stranger reads. So a claim of that distributor is
not linked to the hidden one, which would tell of it: the desk rules, and the dealer is asked to show itself.
"""

from uuid import UUID

from dealreg.conflict.events import Kind, Ruling
from dealreg.file.events import ClaimPromoted
from dealreg.file.hiding_events import ShowingAsked
from dealreg.file.overlap import Relation
from dealreg.file.state import Claim, LegState
from dealreg.process.case import Case, registration_of
from dealreg.process.close_conflict import close, leave_conflict
from dealreg.process.meetings import Meeting
from dealreg.process.open_conflict import contest, opened
from dealreg.process.propose_ruling import propose
from dealreg.vocabulary.values import Tier

CLAUSE = "ROE-32"
GROUND = "a registration that its dealer hides from this distributor meets a claim of the distributor itself"
REASONS = (
    GROUND,
    "the dealer is asked to show itself; if it does not, the distributor's claim is answered like any other on a protected line",
)


def met_hidden(case: Case, claim: Claim, meetings: list[Meeting], how: Relation) -> bool:
    """To the desk, where the two may not learn of each other by the answer. True when that settles the claim for now.

    ``how`` is ``SAME`` where the distributor's claim comes second (else it would be linked), ``JOINS`` where the hidden one does.
    """
    meeting = next((m for m in meetings if m.how is how and _between_the_two(case, claim, m)), None)
    if meeting is None:
        return False
    there = meeting.there
    conflict = opened(case, claim, there, Kind.HORIZONTAL_DEALER, GROUND)
    contest(case, case.again(claim), conflict, CLAUSE, GROUND)
    propose(case, conflict, Ruling.UPHOLD_INCUMBENT, there.registration, CLAUSE, REASONS)
    hidden = claim if meeting.how is Relation.JOINS else there
    case.record(
        ShowingAsked(
            customer=case.customer,
            registration=hidden.registration,
            line=hidden.line,
            clause=CLAUSE,
            reason="another claim meets this registration, which you hide from your distributor; show it, and the two are brought together",
            asked_at=case.now,
        )
    )
    return True


def _between_the_two(case: Case, claim: Claim, meeting: Meeting) -> bool:
    """Whether one is the dealer's hidden registration and the other its own distributor's claim, without a dealer."""
    if meeting.how is Relation.SAME:
        return claim.party(Tier.DEALER) is None and _hidden(case, meeting.there)
    return claim.party(Tier.DEALER) is not None and _hidden(case, claim)


def _hidden(case: Case, claim: Claim) -> bool:
    return registration_of(case.situation, claim.registration).hidden


def meet_again(case: Case, registration: UUID) -> list[Claim]:
    """It is shown: who waits for the desk only because it was hidden leaves that conflict. Returns the claims to be judged anew."""
    left = []
    for conflict, (line, parties) in list(case.file.conflicts.items()):
        if registration not in parties:
            continue
        for claim in [one for one in case.file.living(line) if one.conflict == conflict and _waits(one, registration)]:
            state = leave_conflict(case, conflict, claim.registration, "the registration that it met was shown")
            case.record(ClaimPromoted(customer=case.customer, registration=claim.registration, line=claim.line))
            left.append(case.again(claim))
            if len(state.parties) == 1:
                close(case, conflict, "moot: the hidden registration was shown, and one party is left")
    return left


def _waits(claim: Claim, shown: UUID) -> bool:
    """The shown claim itself, or its distributor's: neither was compared with the other on its merits."""
    upper_alone = claim.party(Tier.DEALER) is None
    return claim.state_is(LegState.CONTESTED) and (claim.registration == shown or upper_alone)
