"""Who looked at the trail, over HTTP: for auditors, whose own question is recorded like any other."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from dealreg.service.tokens import Claims
from dealreg.service.trail.looking import Access, accesses
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.values import Instant
from dealreg.web.access import TheHouse, only
from dealreg.web.problems import documented

router = APIRouter(tags=["questions"], responses=documented(401, 403, 422, 503))

Auditor = Annotated[Claims, Depends(only(frozenset({Role.AUDITOR}), "read who looked at the trail"))]


class Accesses(BaseModel):
    """Questions and exports, newest first; ``next`` is what to send as ``before`` for those before them, none on the last page."""

    accesses: list[Access]
    next: int | None


@router.get("/audit/log")
def audit_log(
    the_house: TheHouse,
    claims: Auditor,
    about: Annotated[
        str | None, Query(max_length=200, description="Part of what they are about: an id, a kind.")
    ] = None,
    by: Annotated[str | None, Query(max_length=200, description="Only of this subject.")] = None,
    since: Annotated[Instant | None, Query(description="From this instant on.")] = None,
    until: Annotated[Instant | None, Query(description="Before this instant.")] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="Only below this position.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Accesses:
    """Who asked the trail what, who exported what, when and why; of the token's program."""
    found = accesses(
        the_house.audited,
        by=by,
        about=about,
        program=claims.program,
        since=since,
        until=until,
        before=before,
        limit=limit,
    )
    return Accesses(accesses=found, next=found[-1].position if len(found) == limit else None)
