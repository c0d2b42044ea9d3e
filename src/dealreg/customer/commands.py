"""How a request names an end customer, and what may be asked of who customers are."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.values import Instant, Key, Model, Text


class IdentifierGiven(Model):
    """An identifier as it was typed: its scheme and its value.

    Schemes: ``lei``, ``registry:<country>``, ``duns``, ``vat``, ``tax:<country>``, ``crm:<source>``, ``domain``.
    """

    scheme: Key
    value: Key


class CustomerGiven(Model):
    """Who is meant: a customer id, identifiers, or a name with its place; ``country`` is ISO 3166 alpha-2, ``street`` has the number.

    The address is the company's, not a person's.
    """

    customer: UUID | None = None
    identifiers: Annotated[tuple[IdentifierGiven, ...], Field(max_length=50)] = ()
    name: Text | None = None
    country: Key | None = None
    place: Key | None = None
    street: Key | None = None
    postcode: Key | None = None


class OfCustomer(Command):
    """A command about one end customer."""

    customer: UUID


class MergeCustomers(OfCustomer):
    """Two customers are one: ``absorbed`` answers with ``customer`` from here on, its claims stand in that one's file (ROE-24)."""

    absorbed: UUID
    reason: Annotated[Text, Field(min_length=1)]


class SplitCustomer(OfCustomer):
    """The customer was two from the beginning: what is named goes to another one, opened for it or told by ``to`` (ROE-24).

    Identifiers that name it and registrations of this program that were filed on it; the rest stays. What a merge brought is undone.
    """

    identifiers: Annotated[tuple[IdentifierGiven, ...], Field(max_length=50)] = ()
    registrations: Annotated[tuple[UUID, ...], Field(max_length=200)] = ()
    to: UUID | None = None
    name: Text | None = None
    country: Key | None = None
    place: Key | None = None
    street: Key | None = None
    postcode: Key | None = None
    reason: Annotated[Text, Field(min_length=1)]

    @model_validator(mode="after")
    def _something_goes(self) -> Self:
        if not self.identifiers and not self.registrations:
            raise ValueError("names nothing that goes; name identifiers, registrations, or both")
        if self.to is None and self.name is None and not self.identifiers:
            raise ValueError("names no company that they go to; give its name, an identifier, or the id of a customer")
        return self


class QuestionIdentity(OfCustomer):
    """Two customers that nobody compared when they were opened may be one: ask, unless it was asked or told (ROE-24)."""

    other: UUID


class TellCustomersApart(OfCustomer):
    """Two customers are different, and nobody asks again; without ``other`` the customer is none of those of its name (ROE-24)."""

    other: UUID | None = None
    reason: Annotated[Text, Field(min_length=1)]


class UndoMerge(OfCustomer):
    """The customer was absorbed wrongly: what was taken over from it and is still there goes back (ROE-24, C45)."""

    reason: Annotated[Text, Field(min_length=1)]


class NameParentCompany(OfCustomer):
    """The company above a customer from a day on; none: it stands by itself. Claims that reach the group read it (ROE-24)."""

    parent: UUID | None = None
    held_from: Instant | None = None
