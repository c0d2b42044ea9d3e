"""Protection begins, goes into grace or a hold, lapses (ROE-12, ROE-13, ROE-27, ROE-30)."""

from collections.abc import Iterator
from functools import partial

from dealreg.file.ends import ends_at, in_tail, runs
from dealreg.file.events import LapseGround, ProtectionBegan, ProtectionLapsed
from dealreg.file.state import Claim, Leg, LegState
from dealreg.process.case import Case
from dealreg.process.due import Due, Rank
from dealreg.process.free_line import after_end
from dealreg.process.window_over import goes_on, refuse_by_silence
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Tier


def due_legs(case: Case) -> Iterator[Due]:
    """When each leg's protection begins and ends, and its hold; the dealer's first.

    A leg that lapses with the one above it lapses, and is not released by its end. A frozen leg ends at its hard stop only (ROE-22).
    """
    for claim in case.file.living():
        for leg in dealer_first(claim):
            if leg.state is LegState.APPROVED and leg.window_from is not None:
                yield Due(leg.window_from, Rank.BEGIN, claim.entry, partial(_begin, claim=claim, leg=leg), claim.source)
            ends = ends_at(leg) if runs(leg) else None
            if ends is None:
                continue
            yield Due(ends, Rank.END, claim.entry, partial(end_leg, claim=claim, leg=leg), claim.source)
            if leg.time.asked is not None and leg.time.hold_to is not None and not leg.time.frozen:
                act = partial(refuse_by_silence, claim=claim, leg=leg)
                yield Due(leg.time.hold_to, Rank.HOLD, claim.entry, act, claim.source)


def dealer_first(claim: Claim) -> list[Leg]:
    """A leg that ends with the one above it ends of itself, and not because that one did."""
    return sorted(claim.legs, key=lambda leg: leg.tier is not Tier.DEALER)


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


def end_leg(case: Case, *, claim: Claim, leg: Leg) -> None:
    """Protected for another reason than its window, else the leg lapses, once (ROE-12)."""
    stop = leg.hard_stop_at or case.now
    if case.now < stop and not in_tail(leg) and goes_on(case, claim, leg):
        return
    _lapse(case, claim, leg, LapseGround.HARD_STOP if case.now >= stop else _ground(leg))
    after_end(case, case.again(claim))


def _ground(leg: Leg) -> LapseGround:
    """The end that came last."""
    last = {
        leg.grace_to: LapseGround.GRACE,
        leg.time.hold_to: LapseGround.HOLD,
        leg.time.price_hold_to: LapseGround.SPECIAL_PRICE,
    }
    ends = [end for end in last if end is not None]
    return last[max(ends)] if ends else LapseGround.WINDOW


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
