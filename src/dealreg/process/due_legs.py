"""Protection begins, goes into grace, lapses (ROE-12, ROE-30)."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.windows import extended
from dealreg.file.events import GraceBegan, LapseGround, ProtectionBegan, ProtectionLapsed
from dealreg.file.state import Claim, Leg, LegState
from dealreg.process.case import Case, registration_of
from dealreg.process.due import Due, Rank
from dealreg.process.free_line import after_end
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Tier


def due_legs(case: Case) -> Iterator[Due]:
    """When each leg's protection begins and ends; the dealer's first.

    A leg that lapses with the one above it lapses, and is not released by its end.
    """
    for claim in case.file.living():
        for leg in sorted(claim.legs, key=lambda leg: leg.tier is not Tier.DEALER):
            if leg.state is LegState.APPROVED and leg.window_from is not None:
                yield Due(leg.window_from, Rank.BEGIN, claim.entry, partial(_begin, claim=claim, leg=leg), claim.source)
            runs = leg.state is LegState.PROTECTED or (leg.state is LegState.SUSPENDED and leg.left_seconds is None)
            if runs and leg.window_to is not None and leg.hard_stop_at is not None:
                ends = min(leg.grace_to or leg.window_to, leg.hard_stop_at)
                yield Due(ends, Rank.END, claim.entry, partial(_end, claim=claim, leg=leg), claim.source)


def _begin(case: Case, *, claim: Claim, leg: Leg) -> None:
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


def _end(case: Case, *, claim: Claim, leg: Leg) -> None:
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
