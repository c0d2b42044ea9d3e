"""Another person judges a decline, a release or a refused extension again: it stands, or it is reversed (ROE-29)."""

from collections.abc import Callable
from uuid import UUID

from dealreg.file.clocks import Disputable
from dealreg.file.conflict_events import AppealRuled
from dealreg.file.state import Claim
from dealreg.file.words import Against
from dealreg.process import permit
from dealreg.process.approve_line import approve
from dealreg.process.case import Case, registration_of
from dealreg.process.extend_leg import grant_on_appeal
from dealreg.process.give_back import give_back, restore
from dealreg.process.hold_claim import closed_by_override
from dealreg.process.meetings import meetings_of
from dealreg.process.record_outcome import opened
from dealreg.process.settle_claim import bar_others, settle_overlap
from dealreg.registration.appeal_commands import RuleOnAppeal
from dealreg.registration.events import AppealJudged
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Closed, NotAllowed
from dealreg.vocabulary.situation import Situation

CLAUSE = "ROE-29"

Reversal = Callable[[Case, Claim, Disputable, str], None]


def rule_on_appeal(situation: Situation, request: Request, command: RuleOnAppeal) -> UUID:
    """Uphold or reverse, by a person who took no part. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    permit.of_desk(request.actor, "judge an appeal")
    case = opened(situation, command.registration)
    key = (command.registration, command.line)
    found = case.file.appeals.get(key) if case is not None else None
    if case is None or found is None:
        raise Closed(
            "no appeal on this line waits for a judge; one against a ruling is judged by ruling on its conflict"
        )
    permit.not_own(request.actor, [registration_of(situation, command.registration)])
    if request.actor.subject == found.decision.decided_by:
        raise NotAllowed("you took this decision; another person judges the appeal", clause=CLAUSE)
    ruled = AppealRuled(
        customer=case.customer,
        registration=command.registration,
        line=command.line,
        against=found.decision.against,
        reversed=command.reverse,
        ruled_by=request.actor.subject,
        reason=command.reason,
        ruled_at=case.now,
    )
    case.record(ruled)
    judged = AppealJudged(
        registration=command.registration,
        line=command.line,
        reversed=command.reverse,
        judged_by=request.actor.subject,
        judged_at=case.now,
    )
    situation.record(REGISTRATION, command.registration, judged)
    if command.reverse:
        REVERSED[found.decision.against](case, case.claim(*key), found.decision, request.actor.subject)
    return command.registration


def _decline_reversed(case: Case, claim: Claim, _: Disputable, by: str) -> None:
    """The clause refuses it no more: approved at its old time, or it meets what holds the line by now."""
    reason = "the decline was reversed on appeal"
    restore(case, claim, CLAUSE, reason)
    back = case.again(claim)
    if closed_by_override(case, back):
        return
    if any(meeting.there.blocks for meeting in meetings_of(case, back)):
        settle_overlap(case, back)
    else:
        approve(case, back, by, reason)
        bar_others(case, case.again(back))


def _release_reversed(case: Case, claim: Claim, decision: Disputable, _: str) -> None:
    """The legs return with what they had left, or go to the queue's end where the line was given away meanwhile."""
    give_back(case, claim, decision.decided_at, CLAUSE, "the release was reversed on appeal")


def _refusal_reversed(case: Case, claim: Claim, decision: Disputable, by: str) -> None:
    """The extension is granted after all, to the leg that asked."""
    for leg in claim.legs:
        if (leg.tier, leg.partner) == (decision.tier, decision.partner):
            grant_on_appeal(case, claim, leg, by)


REVERSED: dict[Against, Reversal] = {
    Against.DECLINE: _decline_reversed,
    Against.RELEASE: _release_reversed,
    Against.EXTENSION: _refusal_reversed,
}
"""What follows when a decision is reversed."""
