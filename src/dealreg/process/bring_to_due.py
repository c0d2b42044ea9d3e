"""Due counts as happened: all that has fallen due in a file takes place first, in due order (rules.md section 1, Due; D17).

At one instant: overrides end, protection begins, grace or lapse, hard stop, queue offers and entries, joinings; then commands.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.windows import extended
from dealreg.file.events import ClaimQueued, GraceBegan, LapseGround, OfferEnded, ProtectionBegan, ProtectionLapsed
from dealreg.file.state import Claim, Joining, Leg, LegState
from dealreg.process.case import Case, registration_of
from dealreg.process.end_override import end_in_file
from dealreg.process.free_line import after_end, close_joining, free_line, leave_queue
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Tier

MOST_DUE = 10_000
"""More than this falls due at once only by a fault; the bound keeps a decision from running for ever."""


class Due(NamedTuple):
    """What falls due: when, its rank at that instant, and what it concerns; ``entry`` keeps equal ones in order."""

    at: datetime
    rank: int
    entry: int
    what: str
    claim: Claim | None = None
    leg: Leg | None = None
    joining: Joining | None = None
    override: object = None


def bring_to_due(case: Case) -> int:
    """Let all that is due by the decision's instant take place, each effective at its due instant. Returns how many."""
    done = 0
    limit = case.now
    while done < MOST_DUE:
        nearest = min(_all_due(case), default=None, key=lambda due: due[:3])
        if nearest is None or nearest.at > limit:
            return done
        with effective(case, nearest.at):
            _happen(case, nearest)
        done += 1
    raise RuntimeError(f"more than {MOST_DUE} things fell due in one file")


@contextmanager
def effective(case: Case, at: datetime) -> Iterator[None]:
    """Decide as of the due instant: facts made inside take effect then."""
    before, case.situation.at = case.situation.at, at
    try:
        yield
    finally:
        case.situation.at = before


def _bound(case: Case, claim: Claim) -> datetime | None:
    """Nothing fed by a source falls due beyond its watermark (architecture D17)."""
    return case.situation.watermarks.get(claim.source) if claim.source is not None else None


def _all_due(case: Case) -> Iterator[Due]:
    """Everything with a due instant in this file, due or not; what is not bounded away by a watermark."""
    for override in case.file.overrides:
        yield Due(override.override_to, 0, 0, "override", override=override.override)
    for joining in case.file.joinings:
        bound = _bound(case, case.file.claims[joining.host])
        if bound is None or joining.answer_to <= bound:
            yield Due(joining.answer_to, 5, 0, "joining", joining=joining)
    for claim in case.file.living():
        bound = _bound(case, claim)
        for due in _of_claim(claim):
            if bound is None or due.at <= bound:
                yield due


def _of_claim(claim: Claim) -> Iterator[Due]:
    # The dealer's first: a leg that lapses with the one above it lapses, and is not released by its end.
    for leg in sorted(claim.legs, key=lambda leg: leg.tier is not Tier.DEALER):
        if leg.state is LegState.APPROVED and leg.window_from is not None:
            yield Due(leg.window_from, 1, claim.entry, "begin", claim, leg)
        runs = leg.state is LegState.PROTECTED or (leg.state is LegState.SUSPENDED and leg.left_seconds is None)
        if runs and leg.window_to is not None and leg.hard_stop_at is not None:
            yield Due(min(leg.grace_to or leg.window_to, leg.hard_stop_at), 2, claim.entry, "end", claim, leg)
    if claim.offer_to is not None:
        yield Due(claim.offer_to, 4, claim.entry, "offer", claim)
    elif claim.state_is(LegState.QUEUED) and claim.leaves_at is not None:
        yield Due(claim.leaves_at, 4, claim.entry, "entry", claim)
        if claim.not_before is not None:
            yield Due(claim.not_before, 4, claim.entry, "again", claim)


def _happen(case: Case, due: Due) -> None:
    """Let one due thing take place."""
    if due.what == "override":
        end_in_file(case, due.override, "its date came")
    elif due.what == "joining" and due.joining is not None:
        close_joining(case, due.joining.joining, "silence is no")
    elif due.claim is not None and due.leg is not None:
        (_begin if due.what == "begin" else _end)(case, due.claim, due.leg)
    elif due.claim is not None:
        _queue_due(case, due.claim, due.what)


def _begin(case: Case, claim: Claim, leg: Leg) -> None:
    case.record(
        ProtectionBegan(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=leg.tier,
            partner=PartnerId(leg.partner),
            began_at=case.now,
        )
    )


def _end(case: Case, claim: Claim, leg: Leg) -> None:
    """Grace where the stage known at the window's end is late, else the leg lapses, once (ROE-12)."""
    stop = leg.hard_stop_at
    ended = leg.window_to
    if stop is None or ended is None:
        return
    stage = registration_of(case.situation, claim.registration).stage
    rules = case.rules_of(claim)
    if leg.grace_to is None and ended < stop and _late(rules, stage) and stage is not None:
        grace_to = min(extended(ended, rules.zone, rules.clauses.lapse.grace_days), stop)
        if grace_to > ended:
            _grace(case, claim, leg, stage, grace_to)
            return
    ground = LapseGround.GRACE if leg.grace_to is not None else LapseGround.WINDOW
    _lapse(case, claim, leg, LapseGround.HARD_STOP if case.now >= stop else ground)
    after_end(case, case.again(claim))


def _late(rules: RulebookDocument, stage: str | None) -> bool:
    late = rules.clauses.lapse.late_stage
    stages = rules.stages
    if late is None or stage not in stages or not rules.clauses.lapse.in_force:
        return False
    return stages.index(stage) >= stages.index(late)


def _grace(case: Case, claim: Claim, leg: Leg, stage: str, grace_to: datetime) -> None:
    case.record(
        GraceBegan(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=leg.tier,
            partner=PartnerId(leg.partner),
            stage=stage,
            grace_to=grace_to,
        )
    )


def _lapse(case: Case, claim: Claim, leg: Leg, ground: LapseGround) -> None:
    case.record(
        ProtectionLapsed(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=leg.tier,
            partner=PartnerId(leg.partner),
            ground=ground,
            lapsed_at=case.now,
        )
    )


def _queue_due(case: Case, claim: Claim, what: str) -> None:
    """Silence on an offer, an entry that waited too long, or the first day on which it may be protected again."""
    if what == "offer":
        ended = OfferEnded(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            reason="silence",
            ended_at=case.now,
        )
        case.record(ended)
        after_end(case, claim)
    elif what == "entry":
        leave_queue(case, claim, "it waited for the longest time that an entry may")
    else:
        _wait_turn(case, claim)
        free_line(case, claim.line, claim.scope)


def _wait_turn(case: Case, claim: Claim) -> None:
    """From here on it may be protected again (ROE-12) and waits like any other entry."""
    case.record(
        ClaimQueued(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            clause="ROE-12",
            reason="the partner may be protected on this line again and waits its turn",
            conflict=None,
            not_before=None,
            leaves_at=claim.leaves_at or case.now,
        )
    )
