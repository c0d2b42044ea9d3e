"""An OIDC issuer: where its keys are, and which of them signed a token."""

from functools import cached_property
from typing import Any

import httpx
import jwt
from jwt import PyJWKClient

TIMEOUT_SECONDS = 3
KEYS_KEPT_SECONDS = 300
ASKED_AGAIN_SECONDS = 10.0
"""A token with an unknown key has the issuer asked again, but not oftener: else anybody could make us ask without end."""


class IssuerUnreachable(Exception):
    """The issuer's keys cannot be had now: nothing is known about the token. A verb leaves with 3."""

    exit_code = 3


class Issuer:
    """Keys are asked once and kept; a token that names an unknown key has them asked again."""

    algorithms = ("EdDSA", "ES256", "ES384", "RS256", "PS256")
    """Asymmetric ones only: whoever reads the public key must not be able to sign with it."""

    def __init__(self, name: str, jwks_url: str | None = None, *, asked_again: float = ASKED_AGAIN_SECONDS) -> None:
        """``name`` is the issuer's URL as its tokens say it; ``jwks_url`` saves the question where its keys are."""
        self.name = name
        self._asked_again = asked_again
        self._jwks_url = jwks_url

    def key_for(self, token: str) -> Any:
        """The public key that signed. Raises ``IssuerUnreachable``, and PyJWT's error for a key that the issuer does not have."""
        try:
            return self._keys.get_signing_key_from_jwt(token).key
        except jwt.PyJWKClientConnectionError as error:
            raise IssuerUnreachable(f"the keys of {self.name} cannot be had: {error}") from error

    @cached_property
    def _keys(self) -> PyJWKClient:
        return PyJWKClient(
            self._jwks_url or self._discovered(),
            lifespan=KEYS_KEPT_SECONDS,
            timeout=TIMEOUT_SECONDS,
            cooldown_duration=self._asked_again,
        )

    def _discovered(self) -> str:
        """Where the keys are, by the issuer's own document (OpenID Connect Discovery 1.0)."""
        url = f"{self.name.rstrip('/')}/.well-known/openid-configuration"
        try:
            document = httpx.get(url, timeout=TIMEOUT_SECONDS).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise IssuerUnreachable(f"{url} does not answer: {error}") from error
        if document.get("issuer") != self.name:
            raise IssuerUnreachable(f"{url} speaks for {document.get('issuer')!r}, not for {self.name!r}")
        return str(document["jwks_uri"])
