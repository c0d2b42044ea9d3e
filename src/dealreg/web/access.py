"""Who is at the door: the bearer of a token, and as whom it asks and reads."""

from collections.abc import Callable
from typing import Annotated

import structlog
from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from dealreg.service.composition import House
from dealreg.service.ledger.audit_facts import Face
from dealreg.service.tokens import BadToken, Claims
from dealreg.service.trail.recording import asked, in_words
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.refused import NotAllowed

_BEARER = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    description="A token of this installation (`dealreg token`) or of its OIDC issuer, with the claims sub, role, program, and "
    "partner or region.",
)


def house(request: Request) -> House:
    """What this process is made of."""
    found: House = request.app.state.house
    return found


TheHouse = Annotated[House, Depends(house)]


def bearer(
    the_house: TheHouse, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Claims:
    """The claims of the token. Raises ``BadToken``."""
    if credentials is None:
        raise BadToken("no token; send Authorization: Bearer with one from `dealreg token` or your issuer")
    claims = the_house.verifier.verify(credentials.credentials)
    structlog.contextvars.bind_contextvars(role=str(claims.role), subject=claims.sub, program=claims.program)
    return claims


Bearer = Annotated[Claims, Depends(bearer)]


Reason = Annotated[
    str | None,
    Header(
        alias="Dealreg-Reason",
        max_length=1000,
        description="Why an auditor asks; recorded in the trail with the question. Names no person.",
    ),
]


def only(roles: frozenset[Role], what: str) -> Callable[..., Claims]:
    """A dependency: the claims of a bearer with one of these roles. It raises ``NotAllowed`` for any other.

    Whatever an auditor reads is recorded first; it raises ``Unavailable`` where it cannot be, and nothing is answered.
    """

    def admitted(request: Request, the_house: TheHouse, claims: Bearer, reason: Reason = None) -> Claims:
        if claims.role not in roles:
            raise NotAllowed(f"a {claims.role} may not {what}; ask {', '.join(sorted(roles)) or 'nobody'}")
        if claims.role is Role.AUDITOR and request.method == "GET":
            _recorded(request, the_house, claims, reason)
        return claims

    return admitted


def _recorded(request: Request, the_house: House, claims: Claims, reason: str | None) -> None:
    """Once a request, however many of its dependencies ask who is there."""
    if getattr(request.state, "recorded", False):
        return
    route = request.scope.get("route")
    about = in_words(request.path_params, request.query_params)
    question = getattr(route, "name", request.url.path)
    asked(the_house.audited, claims, question=question, about=about, reason=_as_typed(reason), face=Face.HTTP)
    request.state.recorded = True


def _as_typed(reason: str | None) -> str | None:
    """Headers are read as Latin-1; whoever types one sends UTF-8."""
    try:
        return reason.encode("latin-1").decode("utf-8") if reason is not None else None
    except UnicodeError:
        return reason
