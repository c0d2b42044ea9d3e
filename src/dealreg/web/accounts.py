"""What was told of a customer's account, as region managers and the desk read it (ROE-18 to ROE-20, ROE-23, ROE-25)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from dealreg.vocabulary.values import Day, Instant
from dealreg.web.lists import Asking, Insider, Listed, Paged, page
from dealreg.web.problems import documented
from dealreg.web.rows import Row

router = APIRouter(tags=["questions"], responses=documented(401, 403, 422, 503))


class AccountReport(Row):
    """A sale, the end of a record, a direct opportunity, a strategic flag or a tender; an empty line stands for all lines."""

    kind: str
    report: UUID | None
    program: str
    customer: UUID
    line: str
    territory: str | None
    sites: list[str] | None
    dealer: str | None
    distributor: str | None
    partner: str | None
    day: Day | None
    reference: str | None
    registration: UUID | None
    past: list[UUID] | None
    purchaser: UUID | None
    design_customer: UUID | None
    reason: str | None
    active_at: Instant | None
    effective_at: Instant | None
    told_at: Instant
    told_by: str
    over_at: Instant | None


class AccountReports(Listed):
    """What was told, newest first."""

    reports: list[AccountReport]


@router.get("/accounts/reports")
def account_reports(
    *,
    claims: Insider,
    asking: Asking,
    response: Response,
    paged: Paged,
    kind: Annotated[
        str | None,
        Query(max_length=200, description="`sale`, `record_end`, `direct_opportunity`, `strategic_flag` or `tender`."),
    ] = None,
    customer: Annotated[UUID | None, Query()] = None,
    line: Annotated[str | None, Query(max_length=200)] = None,
    standing: Annotated[bool, Query(description="Only what is not over.")] = False,
) -> AccountReports:
    """What was told of customers' accounts in your region, newest first."""
    asked = {"kind": kind, "customer": customer, "line": line, "standing": standing}
    found, following = page(asking(claims), response, "account_reports", "newest", paged, **asked)
    return AccountReports(reports=[AccountReport(**row) for row in found], next=following)
