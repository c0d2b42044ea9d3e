"""Won, lost, reopened, withdrawn: what a registration's end does to its legs and to those who wait (ROE-31)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dealreg.engagement.windows import day_end, window_end
from dealreg.file.ends import protected_to
from dealreg.file.events import LegFulfilled, LegReleased, LegReopened, LegWithdrawn, WinHeldForReview
from dealreg.file.state import LIVE, Claim, Leg, LegState
from dealreg.process import permit
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, registration_of
from dealreg.process.conflict_clock import appeal_limit
from dealreg.process.credit import credit_loser, credit_losers
from dealreg.process.enter_claims import enter
from dealreg.process.free_line import after_end, empty_queue, leave_queue
from dealreg.process.hold_claim import is_closed, queue_or_decline
from dealreg.process.meetings import meetings_of
from dealreg.process.progress_clock import restart_progress
from dealreg.process.show_registration import show
from dealreg.registration.commands import ReportOutcome, WithdrawRegistration
from dealreg.registration.events import OutcomeKind, OutcomeReported, RegistrationWithdrawn
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.refused import Closed, NotAllowed
from dealreg.vocabulary.situation import Situation


def opened(situation: Situation, registration: UUID) -> Case | None:
    """The file of the registration's customer, brought to the instant; ``None`` where no customer is known yet."""
    customer = registration_of(situation, registration).customer
    if customer is None:
        return None
    case = Case.at(situation, customer)
    bring_to_due(case)
    return case


def report(situation: Situation, request: Request, command: ReportOutcome) -> UUID:
    """A partner's word on its own registration. Raises ``NotAllowed``, ``Unknown``."""
    state = registration_of(situation, command.registration)
    partner = command.partner or request.actor.partner
    if partner is None or partner not in state.parties:
        raise NotAllowed("only a partner of the registration reports its outcome; name the partner")
    permit.for_partner(situation, request.actor, partner)
    outcome(
        situation,
        command.registration,
        command.outcome,
        command.lines,
        closed_at=command.closed_at or situation.at,
        partner=partner,
    )
    return command.registration


def outcome(
    situation: Situation,
    registration: UUID,
    kind: OutcomeKind,
    lines: tuple[str, ...],
    *,
    closed_at: datetime,
    partner: str | None,
) -> None:
    """Record the outcome and let it act on each line; ``partner`` is ``None`` for the CRM record that it rides on."""
    case = opened(situation, registration)
    state = registration_of(situation, registration)
    named = lines or tuple(line.line for line in state.lines)
    reported = OutcomeReported(
        registration=registration,
        outcome=kind,
        lines=named,
        reported_by=PartnerId(partner) if partner else None,
        closed_at=closed_at,
    )
    situation.record(REGISTRATION, registration, reported)
    if kind is OutcomeKind.WON:
        show(situation, registration, "it came to an order")
    if case is None:
        return
    for claim in case.file.of_registration(registration):
        if claim.line not in named:
            continue
        if kind is OutcomeKind.WON:
            _won(case, case.again(claim), closed_at)
        elif kind is OutcomeKind.LOST:
            _lost(case, case.again(claim), partner)
        else:
            _reopen(case, case.again(claim))


def _won(case: Case, claim: Claim, closed_at: datetime) -> None:
    """The holder's legs are fulfilled; one that only waited leaves (a sale elsewhere is ROE-25)."""
    if not claim.holds:
        if claim.live:
            leave_queue(case, claim, "its opportunity was won without protection")
        return
    if closed_at < claim.completed_at:
        empty_queue(case, claim)
        release(case, claim, "ROE-31", "it was completed after the order", offer=False)
        return
    hours = case.rules.clauses.outcome.before_win_hours
    if closed_at - claim.completed_at < timedelta(hours=hours):
        case.record(
            WinHeldForReview(
                customer=case.customer,
                registration=claim.registration,
                line=claim.line,
                clause="ROE-31",
                reason=f"won less than {hours} hours after the registration was complete",
                won_at=closed_at,
            )
        )
        return
    fulfil(case, claim, closed_at)


def fulfil(case: Case, claim: Claim, won_at: datetime) -> None:
    """Every live leg is fulfilled from the close date known; who waits or contests is declined before its conflict is moot."""
    for leg in _live(claim):
        case.record(LegFulfilled(**_of(case, claim, leg), fulfilled_at=min(won_at, case.now)))
    empty_queue(case, claim)
    after_end(case, claim, offer=False)
    credit_losers(case, claim.line, claim.scope)


def _lost(case: Case, claim: Claim, partner: str | None) -> None:
    """Lost by the CRM record: all legs; by a partner's word: its own only, whose place is then empty."""
    if not claim.live:
        return
    if not claim.holds and partner is None:
        leave_queue(case, claim, "its opportunity was lost")
        return
    release(case, claim, "ROE-31", "the opportunity was lost", partner=partner)
    credit_loser(case, claim)


def release(
    case: Case,
    claim: Claim,
    clause: str,
    reason: str,
    *,
    partner: str | None = None,
    offer: bool = True,
    by: str = "rulebook",
    disputable: bool = True,
) -> None:
    """Release the claim's live legs, or only a partner's, and bring what depends on them into order.

    A partner disputes what was not its own word, and what no ruling decided: that has its own appeal (ROE-29).
    """
    own_word = partner is not None and by == "rulebook"
    appeal_to = appeal_limit(case) if disputable and not own_word else None
    for leg in _live(claim):
        if partner is None or leg.partner == partner:
            released = LegReleased(
                **_of(case, claim, leg),
                clause=clause,
                reason=reason,
                released_at=case.now,
                released_by=by,
                appeal_to=appeal_to,
            )
            case.record(released)
    after_end(case, claim, offer=offer)


def _reopen(case: Case, claim: Claim) -> None:
    """Back with what was left if the line is free, else at the queue's end; only within the limit (ROE-31)."""
    days = case.rules.clauses.outcome.reopened_days
    ended = [leg for leg in claim.legs if _taken_back(case, leg, days)]
    if claim.live or not ended:
        return
    if is_closed(case, claim) or any(meeting.there.blocks for meeting in meetings_of(case, claim)):
        state = registration_of(case.situation, claim.registration)
        line = next(line for line in state.lines if line.line == claim.line)
        enter(case, claim.registration, state, line, anew=True)
        queue_or_decline(case, case.again(claim), "ROE-31", "reopened while the line is not free")
        return
    for leg in ended:
        if leg.window_to is None or leg.hard_stop_at is None or leg.ended_at is None:
            continue
        left = max((protected_to(leg) or leg.window_to) - leg.ended_at, timedelta(0))
        window_to = min(day_end(case.now + left, case.rules.zone), leg.hard_stop_at)
        if window_to > case.now:
            fields = _of(case, claim, leg)
            case.record(LegReopened(**fields, window_to=window_to, hard_stop_at=leg.hard_stop_at, reopened_at=case.now))
    restart_progress(case, claim, "it was reopened")


def _taken_back(case: Case, leg: Leg, days: int) -> bool:
    """What was lost or won, and a dealer's leg that ended with it (ROE-10); what another clause released stays so."""
    if leg.state not in {LegState.RELEASED, LegState.FULFILLED} or leg.ended_at is None:
        return False
    if leg.released_under not in {None, "ROE-31", "ROE-10"}:
        return False
    return case.now < window_end(leg.ended_at, case.rules.zone, days)


def withdraw(situation: Situation, request: Request, command: WithdrawRegistration) -> UUID:
    """A partner gives up its own legs, at any time. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    permit.for_partner(situation, request.actor, command.partner)
    give_up(situation, command.registration, command.partner, "withdrawn by the partner")
    return command.registration


def give_up(situation: Situation, registration: UUID, partner: str, reason: str) -> None:
    """Record that the partner withdrew, and end its legs."""
    state = registration_of(situation, registration)
    if partner not in state.parties:
        raise NotAllowed("this partner has no leg on the registration")
    case = opened(situation, registration)
    claims = case.file.of_registration(registration) if case is not None else []
    own = [claim for claim in claims if any(leg.partner == partner for leg in _live(claim))]
    if state.closed or (state.completed_at is not None and not own):
        raise Closed("the partner has no leg left to withdraw")
    situation.record(
        REGISTRATION,
        registration,
        RegistrationWithdrawn(registration=registration, partner=PartnerId(partner), withdrawn_at=situation.at),
    )
    if case is None:
        return
    for claim in own:
        for leg in _live(claim):
            if leg.partner == partner:
                case.record(LegWithdrawn(**_of(case, claim, leg), reason=reason, withdrawn_at=case.now))
        after_end(case, claim)


def _live(claim: Claim) -> Iterator[Leg]:
    return (leg for leg in claim.legs if leg.state in LIVE)


def _of(case: Case, claim: Claim, leg: Leg) -> dict[str, Any]:
    """The fields that every fact about a leg begins with."""
    return {
        "customer": case.customer,
        "registration": claim.registration,
        "line": claim.line,
        "tier": leg.tier,
        "partner": PartnerId(leg.partner),
    }
