"""What is true of an end customer, of an identifier, and of a coarse name key."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID

from dealreg.customer import events as facts
from dealreg.vocabulary.dated import Dated
from dealreg.vocabulary.fact import Aggregate, Event
from dealreg.vocabulary.ids import derived

Pair = tuple[str, str]

NAME_GROUND = "name"
"""Asked because the comparable names are equal; numbers of one register answer it."""

LIKENESS_GROUND = "likeness"
"""Asked because names, addresses or a domain are alike; numbers of one register answer it too."""

IDENTIFIER_GROUND = "identifiers"
"""Asked because one request named both: only a person answers it."""


class Description(NamedTuple):
    """How a request described a company."""

    name: str | None
    country: str | None
    place: str | None
    street: str | None
    postcode: str | None


@dataclass(frozen=True, slots=True)
class Customer:
    """One end customer: who it was opened as, what names it, whom it may be, and into whom it was merged.

    ``asked`` maps each customer that it may be to the ground of the question; ``apart`` are those that a person told from it.
    ``below`` are companies that ever stood directly below it; their own ``parents`` say when. ``steps`` is the longest chain of merges below it. An absorbed customer keeps its own identifiers, so that it can be parted again.
    ``shared`` are domains that name others too; ``recognised`` are the descriptions under which it was recognised, by ``description``.
    """

    customer: UUID | None = None
    name: str | None = None
    country: str | None = None
    place: str | None = None
    asked: Mapping[UUID, str] = field(default_factory=dict)
    alike: int = 0
    apart: frozenset[UUID] = frozenset()
    identifiers: tuple[Pair, ...] = ()
    into: UUID | None = None
    absorbed: tuple[UUID, ...] = ()
    steps: int = 0
    parents: Dated[UUID | None] = field(default_factory=Dated)
    below: frozenset[UUID] = frozenset()
    street: str | None = None
    postcode: str | None = None
    shared: tuple[Pair, ...] = ()
    recognised: Mapping[str, "Description"] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether it was ever opened."""
        return self.customer is not None

    @property
    def possible(self) -> tuple[UUID, ...]:
        """The customers that it may be, in the order in which they were asked about."""
        return tuple(self.asked)

    @property
    def common_name(self) -> bool:
        """Whether so many go by its name that the question is who it is at all."""
        return self.alike > 0


@dataclass(frozen=True, slots=True)
class Identifier:
    """Which customer an identifier names; ``None`` where nobody has used it. ``shared``: others that it names too, a group's domain."""

    customer: UUID | None = None
    shared: tuple[UUID, ...] = ()

    @property
    def named(self) -> tuple[UUID, ...]:
        """Every customer that it names, the first one first."""
        return () if self.customer is None else tuple(dict.fromkeys((self.customer, *self.shared)))


@dataclass(frozen=True, slots=True)
class NameKey:
    """The customers under a coarse name key with comparable name and identifiers, in order of opening."""

    used: Mapping[str, Mapping[UUID, tuple[Pair, ...]]] = field(default_factory=dict)

    def named(self, comparable: str) -> tuple[UUID, ...]:
        """The customers whose comparable name is equal: candidates, never the same on that alone (ROE-24)."""
        return tuple(self.used.get(comparable, {}))

    def identifiers(self, comparable: str, customer: UUID) -> tuple[Pair, ...]:
        """What names one of them."""
        return self.used[comparable][customer]


def pairs(known: Iterable[facts.KnownIdentifier]) -> tuple[Pair, ...]:
    """Identifiers as they are compared."""
    return tuple((one.scheme, one.value) for one in known)


def _opened(_: Customer, event: facts.CustomerOpened) -> Customer:
    return Customer(
        event.customer,
        event.name,
        event.country,
        event.place,
        asked=dict.fromkeys(event.possible, NAME_GROUND),
        alike=event.alike,
        identifiers=pairs(event.identifiers),
        street=event.street,
        postcode=event.postcode,
        shared=pairs(event.shared),
    )


def _recognised(state: Customer, event: facts.CustomerRecognised) -> Customer:
    said = description(event.name, event.country, event.place, event.street, event.postcode, pairs(event.identifiers))
    told = Description(event.name, event.country, event.place, event.street, event.postcode)
    return replace(state, recognised={**state.recognised, said: told})


def description(
    name: str | None,
    country: str | None,
    place: str | None,
    street: str | None,
    postcode: str | None,
    identifiers: tuple[Pair, ...],
) -> str:
    """What names a description of a company; two that are written alike have one."""
    return str(derived("description", name, country, place, street, postcode, tuple(sorted(identifiers))))


def _identified(state: Customer, event: facts.CustomerIdentified) -> Customer:
    return replace(state, identifiers=(*state.identifiers, (event.scheme, event.value)))


def _questioned(state: Customer, event: facts.IdentityQuestioned) -> Customer:
    return replace(state, asked={**state.asked, event.other: event.ground})


def _told_apart(state: Customer, event: facts.CustomersToldApart) -> Customer:
    """Told from all of its name: from those that it was asked about, and the name asks nothing more."""
    others = state.asked.keys() if event.other is None else {event.other}
    rest = {other: ground for other, ground in state.asked.items() if other not in others}
    alike = 0 if event.other is None else state.alike
    return replace(state, asked=rest, alike=alike, apart=state.apart | frozenset(others))


def _merged(state: Customer, event: facts.CustomersMerged) -> Customer:
    """Of one that was merged somebody said who it is, however many carry its name."""
    if state.customer == event.absorbed:
        return replace(state, into=event.into, asked=_without(state.asked, event.into))
    asked = {**dict.fromkeys(event.possible, IDENTIFIER_GROUND), **state.asked}
    return replace(
        state,
        alike=0,
        asked=_without(asked, event.absorbed),
        absorbed=(*state.absorbed, event.absorbed),
        identifiers=tuple(dict.fromkeys((*state.identifiers, *pairs(event.identifiers)))),
        steps=event.steps,
    )


def _undone(state: Customer, event: facts.MergeUndone) -> Customer:
    """What is parted is told apart. The chain below is not counted anew: a bound that is too careful parts nothing."""
    if state.customer == event.absorbed:
        return replace(state, into=None, apart=state.apart | {event.into})
    own = set(pairs(event.identifiers))
    return replace(
        state,
        absorbed=tuple(one for one in state.absorbed if one != event.absorbed),
        identifiers=tuple(pair for pair in state.identifiers if pair not in own),
        apart=state.apart | {event.absorbed},
    )


def _split(state: Customer, event: facts.CustomerSplit) -> Customer:
    other = event.parted if state.customer == event.to else event.to
    gone = set(pairs(event.identifiers))
    kept = tuple(pair for pair in state.identifiers if pair not in gone)
    come = tuple(dict.fromkeys((*state.identifiers, *pairs(event.identifiers))))
    return replace(
        state,
        asked=_without(state.asked, other),
        apart=state.apart | {other},
        identifiers=come if state.customer == event.to else kept,
    )


def _parent(state: Customer, event: facts.ParentCompanyNamed) -> Customer:
    if state.customer == event.parent:
        return replace(state, below=state.below | {event.customer})
    return replace(state, parents=state.parents.then(event.held_from, event.parent))


def _without(asked: Mapping[UUID, str], other: UUID) -> dict[UUID, str]:
    return {known: ground for known, ground in asked.items() if known != other}


_STEPS: dict[type[Event], Callable[[Customer, Any], Customer]] = {
    facts.CustomerOpened: _opened,
    facts.CustomerRecognised: _recognised,
    facts.CustomerIdentified: _identified,
    facts.IdentityQuestioned: _questioned,
    facts.CustomersToldApart: _told_apart,
    facts.CustomersMerged: _merged,
    facts.MergeUndone: _undone,
    facts.CustomerSplit: _split,
    facts.ParentCompanyNamed: _parent,
}


def _customer(state: Customer, event: Event) -> Customer:
    return _STEPS[type(event)](state, event)


def _identifier(state: Identifier, event: Event) -> Identifier:
    match event:
        case facts.IdentifierAssigned() | facts.IdentifierReassigned():
            return replace(state, customer=event.customer)
        case facts.IdentifierShared():
            return replace(state, shared=(*(one for one in state.shared if one != event.customer), event.customer))
        case _:
            return state


def _name_key(state: NameKey, event: Event) -> NameKey:
    match event:
        case facts.NameKeyUsed():
            alike = {**state.used.get(event.comparable, {}), event.customer: pairs(event.identifiers)}
            return NameKey({**state.used, event.comparable: alike})
        case _:
            return state


CUSTOMER = Aggregate("customer", Customer(), _customer)
IDENTIFIER = Aggregate("identifier", Identifier(), _identifier)
NAME_KEY = Aggregate("name_key", NameKey(), _name_key)
