"""What may be read over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from dealreg.service.insight import Insight
from dealreg.service.telling import ConflictTold, FileTold, OverrideTold
from dealreg.service.tokens import Claims
from dealreg.vocabulary.fact import PARTNER_ROLES
from dealreg.vocabulary.values import Instant
from dealreg.web.access import TheHouse, only
from dealreg.web.guarding import tag
from dealreg.web.opaque import etag
from dealreg.web.permissions import INSIDERS, READERS
from dealreg.web.problems import documented

router = APIRouter(tags=["questions"], responses=documented(401, 403, 422, 503))

AsOf = Annotated[
    Instant | None,
    Query(
        description="A recorded instant, ISO 8601 with an offset: what was recorded by then. Later than the newest fact: "
        "`final` is false, the answer may still change.",
        examples=["2026-03-01T12:00:00Z"],
    ),
]
Reader = Annotated[Claims, Depends(only(READERS, "read this"))]
Insider = Annotated[Claims, Depends(only(INSIDERS, "read this"))]


@router.get("/conflicts/{conflict}", response_model=ConflictTold, responses=documented(404))
def conflict(the_house: TheHouse, claims: Insider, request: Request, conflict: UUID, as_of: AsOf = None) -> Response:
    """A conflict of your region: parties, proposal with its reasons, ruling; `as_of` for what was recorded by an instant."""
    told = Insight(the_house.replay, claims).conflict(conflict, as_of)
    return tagged(request, told.model_dump(mode="json"), tag(told))


@router.get("/overrides/{override}", response_model=OverrideTold, responses=documented(404))
def override(the_house: TheHouse, claims: Insider, request: Request, override: UUID, as_of: AsOf = None) -> Response:
    """An override: what it departs from, for how long, on which ground, and how far it is."""
    told = Insight(the_house.replay, claims).override(override, as_of)
    return tagged(request, told.model_dump(mode="json"), tag(told))


@router.get("/customers/{customer}/file", response_model=FileTold)
def customer_file(
    the_house: TheHouse, claims: Insider, request: Request, customer: UUID, as_of: AsOf = None
) -> Response:
    """Every claim on a customer that lies in your region, in order of acceptance."""
    told = Insight(the_house.replay, claims).customer_file(customer, as_of)
    return tagged(request, told.model_dump(mode="json"), etag(told.model_dump(mode="json", exclude={"as_of"})))


@router.get("/registrations/{registration}", responses=documented(404), response_model=None)
def registration(
    the_house: TheHouse, claims: Reader, request: Request, registration: UUID, as_of: AsOf = None
) -> Response:
    """A registration: to the manufacturer's people everything, to a partner its own row."""
    insight = Insight(the_house.replay, claims)
    if claims.role not in PARTNER_ROLES:
        told = insight.registration(registration, as_of)
        return tagged(request, told.model_dump(mode="json"), tag(told))
    raise NotImplementedError


def tagged(request: Request, body: Any, tag: str) -> Response:
    """The answer with its ETag; nothing but 304 where the caller has it (RFC 9110 section 13.1.2)."""
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if tag in known:
        return Response(status_code=304, headers={"ETag": tag})
    return JSONResponse(body, headers={"ETag": tag})
