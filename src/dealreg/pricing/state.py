"""What is true of a special price."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from dealreg.pricing import events as facts
from dealreg.vocabulary.fact import Aggregate, Event


class Life(StrEnum):
    """``none → requested → granted → ended``, or rejected (ROE-33)."""

    NONE = "none"
    REQUESTED = "requested"
    GRANTED = "granted"
    REJECTED = "rejected"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SpecialPrice:
    """One special price: what is asked, how deep it is by now, which levels must still decide, who has."""

    life: Life = Life.NONE
    requested: facts.SpecialPriceRequested | None = None
    discount: Decimal | None = None
    levels_left: tuple[str, ...] = ()
    decided_by: tuple[str, ...] = ()


def evolve(state: SpecialPrice, event: Event) -> SpecialPrice:
    """The special price after the event."""
    match event:
        case facts.SpecialPriceRequested():
            return SpecialPrice(Life.REQUESTED, event, event.discount, event.levels)
        case facts.SpecialPriceLevelDecided():
            decided_by = (*state.decided_by, event.decided_by)
            return replace(state, discount=event.discount, levels_left=event.levels_left, decided_by=decided_by)
        case facts.SpecialPriceGranted():
            return replace(state, life=Life.GRANTED)
        case facts.SpecialPriceRejected():
            return replace(state, life=Life.REJECTED, levels_left=())
        case facts.SpecialPriceEnded():
            return replace(state, life=Life.ENDED, levels_left=())
        case _:
            return state


SPECIAL_PRICE = Aggregate("special_price", SpecialPrice(), evolve)
