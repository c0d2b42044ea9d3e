"""A partner's standing binds its legs in every file: suspended at once, returned or released in time (ROE-16).

The standing is a fact of the partner (architecture D4); the file sees it before anything is decided on it, at the instant from which
it holds, whoever looks first. A leg without a window protects nothing, so there is nothing to suspend.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from dealreg.engagement.windows import window_end
from dealreg.file.events import LegReleased
from dealreg.file.standing_events import StandingNoted
from dealreg.file.state import HOLDING, LIVE, Claim, Leg
from dealreg.process.applies import applies
from dealreg.process.case import Case, need_partners, partner_of, rules_at
from dealreg.process.conflict_clock import appeal_limit
from dealreg.process.due import Due, Rank
from dealreg.process.free_line import after_end
from dealreg.process.suspending import lift, suspend
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Standing, Tier

CLAUSE = "ROE-16"

OUT = frozenset({Standing.SUSPENDED, Standing.TERMINATED})
"""On ``hold`` what runs, runs (ROE-1)."""

REASONS = {
    Standing.SUSPENDED: "its partner is suspended",
    Standing.TERMINATED: "its partner has left the program",
}


def due_standings(case: Case) -> Iterator[Due]:
    """The next change of standing of every leg's partner that the file has not noted; not in ``falling_due``: partners say it."""
    held = [(claim, leg, since) for claim in case.file.living() for leg, since in _bound(claim)]
    need_partners(case.situation, sorted({leg.partner for _, leg, _ in held}))
    for claim, leg, since in held:
        change = next_change(case, leg, since)
        if change is not None:
            at, standing = change
            yield Due(at, Rank.SUSPENSION, claim.entry, partial(_apply, claim=claim, leg=leg, standing=standing))


def _bound(claim: Claim) -> Iterator[tuple[Leg, datetime]]:
    """The legs to which the standing of their partner can do anything, and since when the file knows it."""
    for leg in claim.legs:
        if leg.state in HOLDING and leg.window_to is not None and leg.standing_since is not None:
            yield leg, leg.standing_since


def next_change(case: Case, leg: Leg, since: datetime) -> tuple[datetime, Standing] | None:
    """When its partner's standing becomes another than the leg knows, and which; ``hold`` counts as good."""
    steps = partner_of(case.situation, leg.partner).standings.steps
    for place, (start, said) in enumerate(steps):
        over = place + 1 < len(steps) and steps[place + 1][0] <= since
        standing = said if said in OUT else Standing.GOOD
        if not over and standing is not leg.standing:
            return max(start, since), standing
    return None


def due_releases(case: Case) -> Iterator[Due]:
    """The limit of a suspension under ROE-16: past it the leg ends, and with an upper one the whole line."""
    for claim in case.file.living():
        for leg in claim.legs:
            if leg.state in HOLDING and leg.release_at is not None and CLAUSE in leg.paused:
                act = partial(_release_at_limit, claim=claim, leg=leg)
                yield Due(leg.release_at, Rank.RELEASE, claim.entry, act, None)


def _apply(case: Case, *, claim: Claim, leg: Leg, standing: Standing) -> None:
    case.record(
        StandingNoted(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=leg.tier,
            partner=PartnerId(leg.partner),
            standing=standing,
            noted_at=case.now,
        )
    )
    noted = case.again(claim)
    now = next(one for one in noted.legs if one.tier is leg.tier and one.state in LIVE)
    if standing not in OUT:
        lift(case, noted, now, CLAUSE, "its partner is in good standing again")
        return
    rules = rules_at(case.situation, case.now)
    if not applies(Case(case.situation, case.customer, rules), noted, CLAUSE):
        return
    if standing is Standing.TERMINATED and not carries(noted, now):
        _release(case, noted, (now,), "its partner has left the program")
        return
    limit = window_end(case.now, rules.zone, rules.clauses.deauthorisation.limit_days)
    suspend(case, noted, now, CLAUSE, REASONS[standing], release_at=limit)


def carries(claim: Claim, leg: Leg) -> bool:
    """Whether a dealer's leg hangs under this one, so that its dealer may name another distributor.

    A master above a distributor carries nobody: the dealer hangs under the distributor.
    """
    upper = claim.leg(Tier.DISTRIBUTOR) or claim.leg(Tier.MASTER)
    return claim.leg(Tier.DEALER) is not None and upper is not None and upper.tier is leg.tier


def _release_at_limit(case: Case, *, claim: Claim, leg: Leg) -> None:
    """Nobody named another, nobody was reinstated: both legs of the line end, or the one that stood alone."""
    legs = tuple(one for one in claim.legs if one.state in LIVE) if carries(claim, leg) else (leg,)
    _release(case, claim, legs, "its partner was not reinstated, and no other was named, within the limit")


def _release(case: Case, claim: Claim, legs: tuple[Leg, ...], reason: str) -> None:
    for leg in legs:
        case.record(
            LegReleased(
                customer=case.customer,
                registration=claim.registration,
                line=claim.line,
                tier=leg.tier,
                partner=PartnerId(leg.partner),
                clause=CLAUSE,
                reason=reason,
                released_at=case.now,
                appeal_to=appeal_limit(case),
            )
        )
    after_end(case, claim)
