"""An end that an appeal takes back: legs return with what they had left, a declined claim waits for its decision again (ROE-29)."""

from datetime import datetime, timedelta

from dealreg.engagement.windows import day_end, moved_alike
from dealreg.file.conflict_events import ClaimRestored
from dealreg.file.ends import protected_to
from dealreg.file.events import LegReopened
from dealreg.file.state import Claim, Leg, LegState
from dealreg.process.case import Case, registration_of
from dealreg.process.enter_claims import enter
from dealreg.process.free_line import close_joining
from dealreg.process.hold_claim import is_closed, queue_or_decline
from dealreg.process.meetings import meetings_of
from dealreg.process.progress_clock import restart_progress
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Tier


def give_back(case: Case, claim: Claim, released_at: datetime, clause: str, reason: str) -> bool:
    """Return the legs that were released at that instant with what they had left then; the hard stop moves by as much.

    A place that another took since is not given back. Where another blocks the line by now, or the leg above has ended, the claim goes to
    the queue's end. False where no leg was released then.
    """
    released = [leg for leg in claim.legs if leg.state is LegState.RELEASED and leg.ended_at == released_at]
    legs = [leg for leg in released if claim.party(leg.tier) is None]
    if not legs:
        return bool(released)
    if not claim.live and (blocked(case, claim) or _hangs(claim, legs)):
        state = registration_of(case.situation, claim.registration)
        line = next(line for line in state.lines if line.line == claim.line)
        enter(case, claim.registration, state, line, anew=True)
        queue_or_decline(case, case.again(claim), clause, f"{reason} while the line is not free")
        return True
    for leg in legs:
        _return(case, claim, leg, released_at, clause)
        fill(case, claim, leg.tier)
    restart_progress(case, claim, reason)
    return True


def _hangs(claim: Claim, legs: list[Leg]) -> bool:
    """Whether a dealer's leg would come back alone that went through a distributor."""
    through = any(leg.tier is not Tier.DEALER for leg in claim.legs)
    return through and all(leg.tier is Tier.DEALER for leg in legs)


def may_return(case: Case, claim: Claim, leg: Leg) -> bool:
    """Whether a leg that ended may come back where it was: its place is empty, the leg above stands, nobody blocks the line."""
    if claim.party(leg.tier) is not None:
        return False
    return claim.live or not (blocked(case, claim) or _hangs(claim, [leg]))


def fill(case: Case, claim: Claim, tier: Tier) -> None:
    """The place is taken again: nobody joins it."""
    for joining in case.file.joinings:
        if joining.host == claim.key and joining.tier is tier:
            close_joining(case, joining.joining, "the place is taken again")


def blocked(case: Case, claim: Claim) -> bool:
    """Whether another claim blocks the line of one that ended, or an override closes it."""
    return is_closed(case, claim) or any(meeting.there.blocks for meeting in meetings_of(case, claim))


def _return(case: Case, claim: Claim, leg: Leg, released_at: datetime, clause: str) -> None:
    ended, stop = protected_to(leg), leg.hard_stop_at
    if ended is None or stop is None:
        return
    window_to = day_end(case.now + max(ended - released_at, timedelta(0)), case.rules.zone)
    case.record(
        LegReopened(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=leg.tier,
            partner=PartnerId(leg.partner),
            window_to=window_to,
            hard_stop_at=moved_alike(stop, old_end=ended, new_end=window_to, zone=case.rules.zone),
            reopened_at=case.now,
            clause=clause,
        )
    )


def restore(case: Case, claim: Claim, clause: str, reason: str) -> None:
    """Let the declined legs of the claim wait again; nothing where none was declined."""
    if claim.state_is(LegState.DECLINED):
        case.record(
            ClaimRestored(
                customer=case.customer,
                registration=claim.registration,
                line=claim.line,
                clause=clause,
                reason=reason,
                restored_at=case.now,
            )
        )
