"""How a client proves who it is, by what the mapping says; secrets come from the environment, at the moment of use."""

import importlib
import os
import time
from collections.abc import Generator
from threading import Lock
from typing import Any

import httpx

from dealreg.service.sources.client import SourceShut
from dealreg.service.sources.settings import Auth, SignIn

EARLY_SECONDS = 60.0
"""A token is renewed so long before it ends."""

LASTS_SECONDS = 900.0
"""How long a token is used whose giver does not say: Salesforce's shortest session is 15 minutes."""


def secret(name: str | None) -> str:
    """What an environment variable holds. Raises ``SourceShut`` where it is not set."""
    value = os.environ.get(name or "", "").strip()
    if not value:
        raise SourceShut(f"the environment variable {name} is not set, and holds what one signs in with")
    return value


def signing_in(auth: Auth) -> httpx.Auth:
    """What signs each request."""
    if auth.scheme is SignIn.BEARER:
        return Bearer(auth)
    if auth.scheme is SignIn.AWS:
        return SignedForAws(auth.region)
    return OAuth(auth)


class Bearer(httpx.Auth):
    """A token that somebody else renews: read anew for each request."""

    def __init__(self, auth: Auth) -> None:
        """``auth`` names the variable."""
        self._auth = auth

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign. Raises ``SourceShut``."""
        request.headers["Authorization"] = f"Bearer {secret(self._auth.token)}"
        yield request


class OAuth(httpx.Auth):
    """Tokens of OAuth 2.0, by client credentials or a refresh token (RFC 6749, 4.4 and 6); renewed in time, and once on a 401."""

    requires_response_body = True

    def __init__(self, auth: Auth) -> None:
        """``auth`` names the variables."""
        self._auth = auth
        self._token: tuple[str, float] = ("", float("-inf"))
        self._lock = Lock()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign, with a new token where the old one is over. Raises ``SourceShut``."""
        token, until = self._token
        if time.monotonic() >= until:
            token = self._took((yield self._asking()))
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {self._took((yield self._asking()))}"
            yield request

    def _asking(self) -> httpx.Request:
        auth = self._auth
        said = {
            "grant_type": auth.scheme.value,
            "client_id": secret(auth.client_id),
            "client_secret": secret(auth.client_secret),
            **({"scope": auth.scope} if auth.scope is not None else {}),
            **({"refresh_token": secret(auth.refresh_token)} if auth.scheme is SignIn.REFRESH_TOKEN else {}),
        }
        return httpx.Request("POST", auth.token_url or "", data=said, headers={"Accept": "application/json"})

    def _took(self, response: httpx.Response) -> str:
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise httpx.RemoteProtocolError(f"the giver of tokens answers {response.status_code}")
        try:
            given: Any = response.json()
            token, lasts = str(given["access_token"]), float(given.get("expires_in", LASTS_SECONDS))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SourceShut(f"{self._auth.token_url} gives no token ({response.status_code})") from error
        with self._lock:
            self._token = (token, time.monotonic() + max(lasts - EARLY_SECONDS, 0.0))
        return token


class SignedForAws(httpx.Auth):
    """Signature version 4, by AWS's own library, with the credentials that its own tools would find."""

    requires_request_body = True

    def __init__(self, region: str, service: str = "partnercentral-selling") -> None:
        """``service`` is the name that is signed for."""
        self._region, self._service = region, service
        self._session: Any = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign. Raises ``SourceShut`` without credentials, or without the library."""
        try:
            signing = importlib.import_module("botocore.auth")
            asking = importlib.import_module("botocore.awsrequest")
            sessions = importlib.import_module("botocore.session")
        except ImportError as error:
            raise SourceShut("AWS is signed for by its own library: pip install dealreg[aws]") from error
        self._session = self._session or sessions.get_session()
        credentials = self._session.get_credentials()
        if credentials is None:
            raise SourceShut(
                "AWS's library finds no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile"
            )
        kept = {name: request.headers[name] for name in ("content-type", "x-amz-target") if name in request.headers}
        asked = asking.AWSRequest(request.method, str(request.url), data=request.content, headers=kept)
        signing.SigV4Auth(credentials.get_frozen_credentials(), self._service, self._region).add_auth(asked)
        request.headers.update(dict(asked.headers.items()))
        yield request
