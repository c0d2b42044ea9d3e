"""No progress for so long: reminder, then suspended, then released (ROE-14)."""

from collections.abc import Iterator
from functools import partial

from dealreg.file.events import LegReleased
from dealreg.file.state import LIVE, Claim
from dealreg.file.time_events import ProgressReminded
from dealreg.process.case import Case
from dealreg.process.conflict_clock import appeal_limit
from dealreg.process.due import Due, Rank
from dealreg.process.free_line import after_end
from dealreg.process.suspending import suspend
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Tier


def due_progress(case: Case) -> Iterator[Due]:
    """What is left of the three instants of each claim that holds, unless its clock stands."""
    for claim in case.file.living():
        time = claim.time
        if not claim.holds or time.stood_at is not None:
            continue
        steps = (
            (time.remind_at, Rank.REMINDER, _remind),
            (time.suspend_at, Rank.SUSPENSION, _suspend),
            (time.release_at, Rank.RELEASE, _release),
        )
        for at, rank, act in steps:
            if at is not None:
                yield Due(at, rank, claim.entry, partial(act, claim=claim), claim.source)


def _remind(case: Case, *, claim: Claim) -> None:
    case.record(
        ProgressReminded(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            suspend_at=claim.time.suspend_at or claim.time.release_at or case.now,
            reminded_at=case.now,
        )
    )


def _suspend(case: Case, *, claim: Claim) -> None:
    for leg in claim.legs:
        suspend(case, claim, leg, "ROE-14", "no progress was recorded for too long")


def _release(case: Case, *, claim: Claim) -> None:
    """All legs of the claim, the dealer's first: it is not released for the leg above it."""
    for leg in sorted(claim.legs, key=lambda leg: leg.tier is not Tier.DEALER):
        if leg.state in LIVE:
            case.record(
                LegReleased(
                    customer=case.customer,
                    registration=claim.registration,
                    line=claim.line,
                    tier=leg.tier,
                    partner=PartnerId(leg.partner),
                    clause="ROE-14",
                    reason="no progress was recorded for too long, and none while it was suspended",
                    released_at=case.now,
                    appeal_to=appeal_limit(case),
                )
            )
    after_end(case, case.again(claim))
