"""Where a source's own interface is, how one signs in, and how fast it may be asked."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from dealreg.vocabulary.values import Key, Model

Name = Annotated[Key, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of an environment variable. The value itself never stands in a mapping document."""


class SignIn(StrEnum):
    """How a caller proves who it is."""

    BEARER = "bearer"
    """A token that somebody else renews."""
    CLIENT_CREDENTIALS = "client_credentials"
    """OAuth 2.0, RFC 6749 section 4.4: Salesforce, Dataverse."""
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant, RFC 6749 section 6
    """OAuth 2.0 on behalf of a person who agreed once: HubSpot, Microsoft Partner Center."""
    AWS = "aws"
    """Signature version 4, with the credentials that AWS's own tools find (environment, profile, role)."""


class Auth(Model):
    """How to sign in."""

    scheme: SignIn = SignIn.BEARER
    token: Name | None = None
    """Holds the bearer token."""
    token_url: Key | None = None
    """Where OAuth gives tokens."""
    client_id: Name | None = None
    client_secret: Name | None = None
    refresh_token: Name | None = None
    scope: Key | None = None
    """Said to OAuth as it is: ``https://contoso.crm.dynamics.com/.default``."""
    region: Key = "us-east-1"
    """AWS Partner Central has no other."""

    @model_validator(mode="after")
    def _says_what_its_scheme_needs(self) -> Self:
        oauth = ("token_url", "client_id", "client_secret")
        needed = {
            SignIn.BEARER: ("token",),
            SignIn.CLIENT_CREDENTIALS: oauth,
            SignIn.REFRESH_TOKEN: (*oauth, "refresh_token"),
            SignIn.AWS: (),
        }[self.scheme]
        missing = [name for name in needed if getattr(self, name) is None]
        if missing:
            raise ValueError(f"{self.scheme} needs {missing[0]}")
        return self


class Quota(Model):
    """How fast one source may be asked, over all that this process asks of it; the published limit of each is in `docs/rereading.md`."""

    reads_per_second: Annotated[float, Field(gt=0, le=1000)]
    writes_per_second: Annotated[float, Field(gt=0, le=1000)]


class Api(Model):
    """The interface of one source."""

    url: Annotated[Key, Field(pattern=r"^https?://")]
    """Without a path: ``https://acme.my.salesforce.com``, ``https://api.hubapi.com``."""
    auth: Auth | None = None
    token: Name | None = None
    """Short for ``auth: {scheme: bearer, token: …}``."""
    quota: Quota | None = None
    """None: what the source publishes."""
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 30.0
    """For one answer."""
    page: Annotated[int, Field(ge=1, le=2000)] | None = None
    """Records a page; None: what suits the source."""
    reconcile_every_minutes: Annotated[int, Field(ge=1)] | None = None
    """How often everything that changed is paged through, for a source whose notifications are best effort; None: only after a gap."""
    overlap_minutes: Annotated[int, Field(ge=0)] = 10
    """By how much a round begins before the end of the last or before its gap: a source's clock and index lag, and it stamps before it commits."""
    names: Mapping[Key, Key] = {}
    """Words of the source's interface that a mapping has no other place for, such as AWS's ``Catalog``; see `docs/rereading.md`."""

    @model_validator(mode="after")
    def _signs_in_one_way(self) -> Self:
        if (self.auth is None) is (self.token is None):
            raise ValueError("say either token or auth")
        return self

    def sign_in(self) -> Auth:
        """How to sign in, said short or long."""
        return self.auth or Auth(token=self.token)
