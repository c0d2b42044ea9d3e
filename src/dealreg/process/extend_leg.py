"""A partner asks for more time, a person grants or refuses it (ROE-13)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from dealreg.engagement.windows import extended, window_end
from dealreg.file.ends import in_tail
from dealreg.file.events import LegReopened
from dealreg.file.state import LIVE, Claim, Leg, LegState
from dealreg.file.time_events import CapLifted, ExtensionAsked, ExtensionGranted
from dealreg.process import permit
from dealreg.process.applies import applies
from dealreg.process.approve_line import window_days
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, registration_of
from dealreg.process.check_claim import refusal_to_extend
from dealreg.process.give_back import fill, may_return
from dealreg.process.progress_clock import restart_progress
from dealreg.process.record_outcome import opened
from dealreg.process.review_clock import decision_due
from dealreg.process.window_over import refuse
from dealreg.registration.commands import AskExtension, DecideExtension
from dealreg.registration.events import ExtensionDecided, ExtensionRequested
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.refused import Closed, NotAllowed, Refused
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Tier


def ask_extension(situation: Situation, request: Request, command: AskExtension) -> UUID:
    """Ask for more time on one line, or on every line whose leg may have it. Raises ``NotAllowed``, ``Closed``, ``Refused``."""
    permit.for_partner(situation, request.actor, command.partner)
    case = opened(situation, command.registration)
    found = _legs(case, command.registration, command.partner, command.lines) if case is not None else []
    if case is None or not found:
        raise Closed("the partner has no protected leg there; look at the registration's lines", clause="ROE-13")
    why = [(claim, leg, _refusal(case, claim, leg)) for claim, leg in found]
    refused = next((no for _, _, no in why if no is not None), None)
    asked = [(claim, leg) for claim, leg, no in why if no is None]
    if refused is not None and (command.lines or not asked):
        raise refused
    by = request.actor.subject
    requested = ExtensionRequested(
        registration=command.registration,
        partner=command.partner,
        lines=tuple(claim.line for claim, _ in asked),
        requested_by=by,
        requested_at=situation.at,
    )
    situation.record(REGISTRATION, command.registration, requested)
    for claim, leg in asked:
        _ask(case, claim, leg, by)
    return command.registration


def _legs(case: Case, registration: UUID, partner: str, lines: tuple[str, ...]) -> list[tuple[Claim, Leg]]:
    """The partner's legs that have not ended. Raises ``Unknown`` for a line that was never claimed."""
    claims = [case.claim(registration, line) for line in dict.fromkeys(lines)]
    claims = claims or case.file.of_registration(registration)
    return [
        (claim, leg)
        for claim in claims
        for leg in claim.legs
        if leg.partner == partner and leg.state in LIVE and leg.window_to is not None
    ]


def _refusal(case: Case, claim: Claim, leg: Leg) -> Refused | None:
    """Why this leg may not be extended now, with what to do next."""
    if not applies(case, claim, "ROE-13"):
        return Refused("this program extends no protection; file anew when it has ended", clause="ROE-13")
    if in_tail(leg):
        words = "the window is over; an extension is asked for before its end, in grace and hold nothing can be asked"
        return Refused(words, clause="ROE-12" if leg.grace_to is not None else "ROE-13")
    if leg.state is not LegState.PROTECTED:
        return Refused(f"the leg is {leg.state.value}; ask while it is protected", clause="ROE-13")
    if leg.time.asked is not None:
        return Refused("an extension of this leg waits for its decision already", clause="ROE-13")
    if leg.time.extensions >= case.rules.clauses.extension.times:
        return Refused("the leg was extended as often as the rulebook allows", clause="ROE-13")
    no = refusal_to_extend(case, leg.partner, claim)
    if no is not None:
        return Refused(no.reason, clause=no.clause)
    if leg.window_to is not None and _longest(case, claim, leg, _days(case, claim, leg)) <= leg.window_to:
        return Refused("nothing can be added: the hard stop, or the leg above, ends it then", clause="ROE-12")
    return None


def _days(case: Case, claim: Claim, leg: Leg) -> int:
    """What one extension adds: at most the leg's own length (ROE-13)."""
    return min(case.rules.clauses.extension.extension_days, _own_days(case, claim, leg))


def _own_days(case: Case, claim: Claim, leg: Leg) -> int:
    """The length with which the leg began, by the version, tier and track of that day."""
    began = Case(case.situation, case.customer, case.rules_of(claim))
    return window_days(began, leg.tier, leg.partner, leg.window_from or case.now)


def _longest(case: Case, claim: Claim, leg: Leg, days: int) -> datetime:
    """The window's end with so many days more, never past the hard stop, nor past the leg above where it is capped."""
    ended, stop = leg.window_to or case.now, leg.hard_stop_at or case.now
    ends = [extended(ended, case.rules_of(claim).zone, days), stop]
    above = claim.leg(Tier.DISTRIBUTOR) or claim.leg(Tier.MASTER)
    if leg.time.capped and above is not None and above.window_to is not None:
        ends.append(max(above.window_to, ended))
    return min(ends)


def _ask(case: Case, claim: Claim, leg: Leg, by: str) -> None:
    case.record(
        ExtensionAsked(
            **_of(case, claim, leg),
            days=_days(case, claim, leg),
            held_days=case.rules.clauses.extension.held_days,
            asked_by=by,
            decide_by=decision_due(case, claim),
            asked_at=case.now,
        )
    )


def decide_extension(situation: Situation, request: Request, command: DecideExtension) -> UUID:
    """Grant or refuse what a partner asked for. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    case = opened(situation, command.registration)
    found = _legs(case, command.registration, command.partner, command.lines) if case is not None else []
    waiting = [(claim, leg) for claim, leg in found if leg.time.asked is not None]
    managers = {reader for claim, _ in found for reader in claim.managers}
    permit.of_region(request.actor, situation.program, managers)
    permit.not_own(request.actor, [registration_of(situation, command.registration)])
    by = request.actor.subject
    if any(leg.time.asked is not None and leg.time.asked.asked_by == by for _, leg in waiting):
        raise NotAllowed("you asked for this yourself; another person decides it")
    if case is None or not waiting:
        raise Closed("no extension of this partner waits for a decision", clause="ROE-13")
    decided = ExtensionDecided(
        registration=command.registration,
        partner=command.partner,
        lines=tuple(claim.line for claim, _ in waiting),
        granted=command.grant,
        reason=command.reason,
        decided_by=by,
        decided_at=situation.at,
    )
    situation.record(REGISTRATION, command.registration, decided)
    for claim, leg in waiting:
        if command.grant:
            _grant(case, claim, leg, by, command.reason)
        else:
            refuse(case, claim, leg, by, command.reason)
    bring_to_due(case)
    return command.registration


def _grant(case: Case, claim: Claim, leg: Leg, by: str, reason: str) -> None:
    """Counted from the old end, whenever decided; a window that is spent by then ends now."""
    days = leg.time.asked.days if leg.time.asked is not None else 0
    window_to, stop = _longest(case, claim, leg, days), leg.hard_stop_at or case.now
    case.record(
        ExtensionGranted(
            **_of(case, claim, leg),
            window_to=window_to,
            hard_stop_at=stop,
            ends_at=_ends(leg, window_to, stop, case.now),
            granted_by=by,
            reason=reason,
            granted_at=case.now,
        )
    )
    if leg.tier is not Tier.DEALER:
        _lift_caps(case, case.again(claim), window_to)


def grant_on_appeal(case: Case, claim: Claim, leg: Leg, by: str) -> None:
    """A refused extension is granted after all, counted from the old end; a leg that lapsed meanwhile returns for what is left of it."""
    window_to, stop = _longest(case, claim, leg, _days(case, claim, leg)), leg.hard_stop_at or case.now
    if leg.state in LIVE:
        granted = ExtensionGranted(
            **_of(case, claim, leg),
            window_to=window_to,
            hard_stop_at=stop,
            ends_at=_ends(leg, window_to, stop, case.now),
            granted_by=by,
            reason="the refusal was reversed on appeal",
            granted_at=case.now,
        )
        case.record(granted)
        if leg.tier is not Tier.DEALER:
            _lift_caps(case, case.again(claim), window_to)
    elif leg.state is LegState.LAPSED and window_to > case.now and may_return(case, claim, leg):
        back = LegReopened(
            **_of(case, claim, leg), window_to=window_to, hard_stop_at=stop, reopened_at=case.now, clause="ROE-29"
        )
        case.record(back)
        fill(case, claim, leg.tier)
        restart_progress(case, claim, "the refusal was reversed on appeal")


def _ends(leg: Leg, window_to: datetime, stop: datetime, now: datetime) -> datetime:
    return stop if leg.time.frozen else min(max(window_to, now), stop)


def _lift_caps(case: Case, claim: Claim, above_to: datetime) -> None:
    """A dealer leg that was capped runs on with the leg above, up to its own length (ROE-10)."""
    leg = claim.leg(Tier.DEALER)
    if leg is None or not leg.time.capped or leg.window_to is None or leg.hard_stop_at is None:
        return
    own = window_end(leg.window_from or case.now, case.rules_of(claim).zone, _own_days(case, claim, leg))
    window_to = min(own, above_to, leg.hard_stop_at)
    if window_to <= leg.window_to:
        return
    ends = _ends(leg, window_to, leg.hard_stop_at, case.now)
    case.record(CapLifted(**_of(case, claim, leg), window_to=window_to, ends_at=ends, lifted_at=case.now))


def _of(case: Case, claim: Claim, leg: Leg) -> dict[str, Any]:
    return {
        "customer": case.customer,
        "registration": claim.registration,
        "line": claim.line,
        "tier": leg.tier,
        "partner": PartnerId(leg.partner),
    }
