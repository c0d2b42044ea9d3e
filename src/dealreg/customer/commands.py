"""How a request names an end customer, and what may be asked of who customers are."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.values import Instant, Key, Model, Text


class IdentifierGiven(Model):
    """An identifier as it was typed: its scheme (``duns``, ``vat``, ``lei``, ``domain``, ``crm:<source>``) and its value."""

    scheme: Key
    value: Key


class CustomerGiven(Model):
    """Who is meant: a customer id, identifiers, or a name with its place; ``country`` is ISO 3166 alpha-2."""

    customer: UUID | None = None
    identifiers: Annotated[tuple[IdentifierGiven, ...], Field(max_length=50)] = ()
    name: Text | None = None
    country: Key | None = None
    place: Key | None = None


class OfCustomer(Command):
    """A command about one end customer."""

    customer: UUID


class MergeCustomers(OfCustomer):
    """Two customers are one: ``absorbed`` answers with ``customer`` from here on, its claims stand in that one's file (ROE-24)."""

    absorbed: UUID
    reason: Annotated[Text, Field(min_length=1)]


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
