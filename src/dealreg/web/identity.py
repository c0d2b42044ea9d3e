"""Who end customers are, over HTTP: merged, told apart, parted again, and what the desk must tell (ROE-24)."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Response

from dealreg.customer import commands as asked
from dealreg.vocabulary.values import Instant
from dealreg.web.lists import Asking, Customer, Insider, Listed, Paged, page, told
from dealreg.web.problems import documented
from dealreg.web.rows import Row
from dealreg.web.writes import Write

router = APIRouter(tags=["questions"], responses=documented(401, 403, 422, 503))

_CUSTOMER: Final = "/customers/{customer}"
_OTHER: Final = "5b0c1f52-0d3b-5a2e-9d60-0f4ad6a0a002"

CUSTOMERS: Final = (
    Write(
        f"{_CUSTOMER}/merge",
        asked.MergeCustomers,
        "customers",
        example={"absorbed": _OTHER, "reason": "One company; the register has one number for both."},
    ),
    Write(
        f"{_CUSTOMER}/apart",
        asked.TellCustomersApart,
        "customers",
        example={"other": _OTHER, "reason": "Two companies of one name, in two towns."},
    ),
    Write(
        f"{_CUSTOMER}/undo-merge",
        asked.UndoMerge,
        "customers",
        example={"reason": "The accounts were merged by mistake."},
    ),
    Write(
        f"{_CUSTOMER}/parent",
        asked.NameParentCompany,
        "customers",
        example={"parent": _OTHER, "held_from": "2026-07-01T00:00:00Z"},
    ),
)


class IdentityQuestion(Row):
    """Two customers that may be one, side by side; ``decide_to`` where a claim waits for the answer."""

    one: UUID
    other: UUID
    program: str
    ground: str
    alike: int
    one_name: str | None
    one_country: str | None
    one_place: str | None
    one_identifiers: list[dict[str, Any]]
    other_name: str | None
    other_country: str | None
    other_place: str | None
    other_identifiers: list[dict[str, Any]]
    asked_at: Instant
    decide_to: Instant | None
    overdue: bool
    state: str
    reason: str | None
    told_by: str | None
    told_at: Instant | None


class IdentityQuestions(Listed):
    """Questions of identity, the one that was asked first comes first."""

    questions: list[IdentityQuestion]


@router.get("/identity-review")
def identity_review(
    claims: Insider, asking: Asking, response: Response, paged: Paged, customer: Customer = None
) -> IdentityQuestions:
    """Which customers may be one: a person tells, by merging the two or telling them apart."""
    found, following = page(asking(claims), response, "identity_review", "open", paged, customer=customer)
    return IdentityQuestions(questions=[IdentityQuestion(**row) for row in found], next=following)


@router.get("/customers/{customer}/identity")
def identity_of(claims: Insider, asking: Asking, response: Response, customer: UUID) -> IdentityQuestions:
    """Every question that was asked about one customer, told ones too."""
    found = told(asking(claims).ask("identity_review", "of_customer", customer=customer), response)
    return IdentityQuestions(questions=[IdentityQuestion(**row) for row in found], next=None)
