"""A clause suspends a leg and lets it return; its window runs on meanwhile (rules.md section 1, Suspended: ROE-14, ROE-16, ROE-25)."""

from datetime import datetime

from dealreg.file.ends import protected_to
from dealreg.file.events import LegReturned, LegSuspended
from dealreg.file.state import HOLDING, ActiveOverride, Claim, Leg
from dealreg.process.case import Case
from dealreg.vocabulary.ids import PartnerId


def suspend(
    case: Case, claim: Claim, leg: Leg, clause: str, reason: str, *, release_at: datetime | None = None
) -> None:
    """Suspend a leg that holds, once for each clause; it goes on blocking and lapses when due, or ends at ``release_at`` (ROE-16).

    One without a window (a tender, the second under ``graded``) protects nothing, so there is nothing to suspend.
    """
    if leg.state not in HOLDING or leg.window_to is None or clause in leg.paused:
        return
    case.record(
        LegSuspended(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=leg.tier,
            partner=PartnerId(leg.partner),
            left_seconds=None,
            suspended_at=case.now,
            clause=clause,
            reason=reason,
            release_at=release_at,
        )
    )


def lift(case: Case, claim: Claim, leg: Leg, clause: str, reason: str) -> None:
    """End the suspension of one clause; the leg stays suspended where another clause or an override suspends it."""
    if leg.state not in HOLDING or clause not in leg.paused or leg.window_to is None or leg.hard_stop_at is None:
        return
    case.record(
        LegReturned(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=leg.tier,
            partner=PartnerId(leg.partner),
            window_to=leg.window_to,
            hard_stop_at=leg.hard_stop_at,
            returned_at=case.now,
            clause=clause,
            reason=reason,
            remains_suspended=len(leg.paused) > 1 or leg.suspended_by is not None,
        )
    )


def suspend_under(case: Case, claim: Claim, active: ActiveOverride) -> None:
    """An override suspends every leg that holds; its clock stands or runs as the override says (ROE-21)."""
    for leg in claim.legs:
        if not may_suspend(leg):
            continue
        ends = protected_to(leg) or case.now
        left = int((ends - case.now).total_seconds()) if active.stops_clock else None
        case.record(
            LegSuspended(
                customer=case.customer,
                registration=claim.registration,
                line=claim.line,
                tier=leg.tier,
                partner=PartnerId(leg.partner),
                override=active.override,
                left_seconds=left,
                suspended_at=case.now,
            )
        )


def may_suspend(leg: Leg) -> bool:
    """Whether an override may suspend the leg: it holds with a window, and no other override has it."""
    return leg.state in HOLDING and leg.window_to is not None and leg.suspended_by is None
