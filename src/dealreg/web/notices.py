"""What a channel manager should look at although no clause decides by it (ROE-3, rules.md section 3)."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from dealreg.vocabulary.values import Instant
from dealreg.web.lists import Asking, Insider, Listed, Paged, page
from dealreg.web.problems import documented
from dealreg.web.rows import Row

router = APIRouter(tags=["questions"], responses=documented(401, 403, 422, 503))


class Notice(Row):
    """Something to look at: a deal that may have been split, or a partner that may be probing."""

    kind: str
    program: str
    partner: str
    customer: UUID | None
    line: str | None
    registrations: list[UUID]
    amount: Decimal | None
    currency: str | None
    month: str | None
    n: int | None
    noted_at: Instant


class Notices(Listed):
    """Notices, newest first."""

    notices: list[Notice]


@router.get("/notices")
def notices(
    claims: Insider,
    asking: Asking,
    response: Response,
    paged: Paged,
    kind: Annotated[
        str | None, Query(max_length=200, description="`minimum_reached_together` or `claims_without_evidence`.")
    ] = None,
    partner: Annotated[str | None, Query(max_length=100)] = None,
) -> Notices:
    """What to look at in your region, newest first."""
    found, following = page(asking(claims), response, "notices", "newest", paged, kind=kind, partner=partner)
    return Notices(notices=[Notice(**row) for row in found], next=following)
