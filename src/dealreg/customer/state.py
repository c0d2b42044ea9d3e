"""What is true of an end customer, of an identifier, and of a coarse name key."""

from dataclasses import dataclass, replace
from uuid import UUID

from dealreg.customer import events as facts
from dealreg.vocabulary.fact import Aggregate, Event


@dataclass(frozen=True, slots=True)
class Customer:
    """One end customer as it was opened; ``possible`` are the customers that it may be, for a person to tell."""

    customer: UUID | None = None
    name: str | None = None
    country: str | None = None
    place: str | None = None
    possible: tuple[UUID, ...] = ()

    @property
    def exists(self) -> bool:
        """Whether it was ever opened."""
        return self.customer is not None


@dataclass(frozen=True, slots=True)
class Identifier:
    """Which customer an identifier names; ``None`` where nobody has used it."""

    customer: UUID | None = None


@dataclass(frozen=True, slots=True)
class NameKey:
    """The customers opened under a coarse name key, each with its comparable name, in order of opening."""

    used: tuple[tuple[str, UUID], ...] = ()

    def named(self, comparable: str) -> tuple[UUID, ...]:
        """The customers whose comparable name is equal: candidates, never the same on that alone (ROE-24)."""
        return tuple(customer for name, customer in self.used if name == comparable)


def _customer(state: Customer, event: Event) -> Customer:
    match event:
        case facts.CustomerOpened():
            return Customer(event.customer, event.name, event.country, event.place, event.possible)
        case _:
            return state


def _identifier(state: Identifier, event: Event) -> Identifier:
    match event:
        case facts.IdentifierAssigned():
            return Identifier(event.customer)
        case _:
            return state


def _name_key(state: NameKey, event: Event) -> NameKey:
    match event:
        case facts.NameKeyUsed():
            return replace(state, used=(*state.used, (event.comparable, event.customer)))
        case _:
            return state


CUSTOMER = Aggregate("customer", Customer(), _customer)
IDENTIFIER = Aggregate("identifier", Identifier(), _identifier)
NAME_KEY = Aggregate("name_key", NameKey(), _name_key)
