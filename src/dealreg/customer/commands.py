"""How a request names an end customer."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from dealreg.vocabulary.values import Key, Model, Text


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
