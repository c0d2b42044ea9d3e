"""Who is at the door: the bearer of a token, and as whom it asks and reads."""

from collections.abc import Callable
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from dealreg.service.composition import House
from dealreg.service.tokens import BadToken, Claims
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


def only(roles: frozenset[Role], what: str) -> Callable[[Claims], Claims]:
    """A dependency: the claims of a bearer with one of these roles. It raises ``NotAllowed`` for any other."""

    def admitted(claims: Bearer) -> Claims:
        if claims.role not in roles:
            raise NotAllowed(f"a {claims.role} may not {what}; ask {', '.join(sorted(roles)) or 'nobody'}")
        return claims

    return admitted
