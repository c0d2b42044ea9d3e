"""Who end customers are, over HTTP: merged, told apart, parted again, and what the desk must tell (ROE-24)."""

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Response

from dealreg.customer import commands as asked
from dealreg.service.identity.evidence import evidence
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
        f"{_CUSTOMER}/split",
        asked.SplitCustomer,
        "customers",
        example={
            "identifiers": [{"scheme": "vat", "value": "DE136695976"}],
            "registrations": ["5b0c1f52-0d3b-5a2e-9d60-0f4ad6a0a003"],
            "name": "Acme Works GmbH",
            "country": "DE",
            "reason": "The tax number is that of the works, a company of its own.",
        },
    ),
    Write(
        f"{_CUSTOMER}/parent",
        asked.NameParentCompany,
        "customers",
        example={"parent": _OTHER, "held_from": "2026-07-01T00:00:00Z"},
    ),
)


class Reason(Row):
    """One thing that speaks for or against that the two are one."""

    text: str
    speaks_for: bool


class IdentityQuestion(Row):
    """Two customers that may be one, side by side; ``decide_to`` where a claim waits for the answer.

    ``score`` (0 to 1000), ``reasons`` and ``method`` are what the comparison said when it was asked, where there was one.
    """

    one: UUID
    other: UUID
    program: str
    ground: str
    alike: int
    one_name: str | None
    one_country: str | None
    one_place: str | None
    one_street: str | None
    one_postcode: str | None
    one_identifiers: list[dict[str, Any]]
    other_name: str | None
    other_country: str | None
    other_place: str | None
    other_street: str | None
    other_postcode: str | None
    other_identifiers: list[dict[str, Any]]
    score: int | None
    reasons: list[Reason]
    method: str | None
    asked_at: Instant
    decide_to: Instant | None
    overdue: bool
    state: str
    reason: str | None
    told_by: str | None
    told_at: Instant | None


class ClaimAtStake(Row):
    """A claim on one of the two: who filed it, what it is worth, and when it ends."""

    registration: UUID
    line: str
    tier: str
    partner: str
    filed_by: str
    state: str
    territory: str
    value_amount: Decimal | None
    value_currency: str | None
    priority_at: Instant | None
    window_to: Instant | None
    hard_stop_at: Instant | None
    clause: str | None


class IdentityEvidence(IdentityQuestion):
    """A question with what is at stake on either side; ``waiting_hours`` is how long it has stood."""

    waiting_hours: int
    one_claims: list[ClaimAtStake]
    other_claims: list[ClaimAtStake]


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


@router.get("/identity-review/{one}/{other}", responses=documented(404))
def identity_evidence(claims: Insider, asking: Asking, response: Response, one: UUID, other: UUID) -> IdentityEvidence:
    """Both customers side by side: descriptions, identifiers, what speaks for and against, the claims at stake, and since when it waits."""
    row, found = evidence(asking(claims), one, other)
    told(found, response)
    return IdentityEvidence(**row)


@router.get("/customers/{customer}/identity")
def identity_of(claims: Insider, asking: Asking, response: Response, customer: UUID) -> IdentityQuestions:
    """Every question that was asked about one customer, told ones too."""
    found = told(asking(claims).ask("identity_review", "of_customer", customer=customer), response)
    return IdentityQuestions(questions=[IdentityQuestion(**row) for row in found], next=None)
