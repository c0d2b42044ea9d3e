"""When a leg ends by time: the latest of window, grace and holds, never past the hard stop (ROE-12)."""

from datetime import datetime

from dealreg.file.state import Leg, LegState
from dealreg.file.words import LegEnd
from dealreg.vocabulary.ids import PartnerId


def tails(leg: Leg) -> tuple[datetime, ...]:
    """What protects the leg past its window's end: grace, the hold of an extension, a special price."""
    return tuple(end for end in (leg.grace_to, leg.time.hold_to, leg.time.price_hold_to) if end is not None)


def in_tail(leg: Leg) -> bool:
    """Whether its window is over and it is protected for another reason: then nothing can be asked."""
    return bool(tails(leg))


def protected_to(leg: Leg) -> datetime | None:
    """The first instant that is free again, as things stand; ``None`` without a window."""
    if leg.window_to is None or leg.hard_stop_at is None:
        return None
    return min(max(leg.window_to, *tails(leg)) if tails(leg) else leg.window_to, leg.hard_stop_at)


def ends_at(leg: Leg) -> datetime | None:
    """When something falls due that ends its window or the leg: frozen, at the hard stop; thawed, never before that (ROE-22)."""
    end, stop = protected_to(leg), leg.hard_stop_at
    if end is None or stop is None:
        return None
    if leg.time.frozen:
        return stop
    return min(max(end, leg.time.thawed_at or end), stop)


def runs(leg: Leg) -> bool:
    """Whether its window runs: it is protected, or suspended without a stopped clock."""
    return leg.state is LegState.PROTECTED or (leg.state is LegState.SUSPENDED and leg.left_seconds is None)


def end_of(leg: Leg, ends: datetime, hold_to: datetime | None = None) -> LegEnd:
    """A leg's end as a fact says it."""
    return LegEnd(tier=leg.tier, partner=PartnerId(leg.partner), ends_at=ends, hold_to=hold_to)
