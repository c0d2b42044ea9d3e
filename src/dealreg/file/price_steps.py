"""How special prices change the customer file."""

from dataclasses import replace
from uuid import UUID

from dealreg.file import price_events as facts
from dealreg.file.prices import HeldPrice
from dealreg.file.state import CustomerFile
from dealreg.file.stepping import Step
from dealreg.vocabulary.fact import Event


def _put(state: CustomerFile, price: HeldPrice) -> CustomerFile:
    return replace(state, prices={**state.prices, price.special_price: price})


def _awaited(state: CustomerFile, event: facts.PriceAwaited) -> CustomerFile:
    key = (event.registration, event.line)
    return _put(state, HeldPrice(event.special_price, key, event.distributor, review_to=event.review_to))


def _breached(state: CustomerFile, event: facts.PriceReviewBreached) -> CustomerFile:
    return _put(state, replace(state.prices[event.special_price], review_to=None))


def _took_force(state: CustomerFile, event: facts.PriceTookForce) -> CustomerFile:
    return _put(state, replace(state.prices[event.special_price], review_to=None, price_to=event.price_to))


def _left(state: CustomerFile, event: facts.PriceLeft) -> CustomerFile:
    rest: dict[UUID, HeldPrice] = {key: one for key, one in state.prices.items() if key != event.special_price}
    return replace(state, prices=rest)


PRICE_STEPS: dict[type[Event], Step] = {
    facts.PriceAwaited: _awaited,
    facts.PriceReviewBreached: _breached,
    facts.PriceTookForce: _took_force,
    facts.PriceLeft: _left,
}
