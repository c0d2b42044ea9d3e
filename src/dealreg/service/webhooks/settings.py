"""How a source signs what it posts."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from dealreg.vocabulary.values import Key, Model


class SchemeName(StrEnum):
    """The schemes that are known."""

    HUBSPOT = "hubspot"
    """X-HubSpot-Signature-v3 with the secret of the app."""
    DATAVERSE = "dataverse"
    """A key of the service endpoint: in the query as ``code`` (WebhookKey), or in a header or parameter that ``name`` names."""
    EVENTBRIDGE = "eventbridge"
    """The API key of an API destination's connection, in the header that ``name`` names."""
    PARTNER_CENTER = "partner_center"
    """Microsoft's certificate; the environment variable holds it as PEM."""
    STANDARD = "standard"
    """Standard Webhooks: for CloudEvents, and for whoever relays what a source does not post itself."""


class Webhook(Model):
    """The signature scheme of one source, and where its secrets are."""

    scheme: SchemeName
    secret: Key
    """The name of the environment variable that holds the secret; never the secret itself."""
    previous: Key | None = None
    """The variable of the secret before, while one takes the place of the other: either is good."""
    window_seconds: Annotated[int, Field(gt=0, le=86_400)] = 300
    """How far a signed instant may lie from ours."""
    url: Key | None = None
    """The address at which the source reaches the door, as it is registered there: HubSpot signs it."""
    name: Key | None = None
    """Of a shared key: the header that carries it, or with a ``?`` before it the parameter of the query."""

    @model_validator(mode="after")
    def _says_what_the_scheme_needs(self) -> Self:
        if self.scheme is SchemeName.HUBSPOT and self.url is None:
            raise ValueError("HubSpot signs the address that it posts to: name it under url, as it is registered")
        return self
