"""Lists: rows that the caller may see, page by page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel

from dealreg.service.composition import House
from dealreg.service.questions import DEALS, Found, Questions
from dealreg.service.tokens import Claims
from dealreg.vocabulary.fact import PARTNER_ROLES, Role
from dealreg.vocabulary.values import Instant
from dealreg.web import rows
from dealreg.web.access import TheHouse, only
from dealreg.web.opaque import cursor, position_seen, resumed
from dealreg.web.permissions import INSIDERS, READERS, WHOLE_PROGRAM
from dealreg.web.problems import documented

router = APIRouter(tags=["questions"], responses=documented(401, 403, 422, 503))

BEHIND: Final = "Dealreg-Behind"
LONGEST_PAGE: Final = 500

Reader = Annotated[Claims, Depends(only(READERS, "read this"))]
Insider = Annotated[Claims, Depends(only(INSIDERS, "read this"))]
Partner = Annotated[Claims, Depends(only(PARTNER_ROLES, "be asked to join"))]
Operator = Annotated[Claims, Depends(only(WHOLE_PROGRAM, "read messages of every region"))]

Seen = Annotated[
    str | None,
    Header(
        alias="Dealreg-Seen",
        description="As a write answered it: this answer waits up to a second to know of that write, else Dealreg-Behind says how many "
        "facts it lacks (to a partner: `some`).",
    ),
]
Region = Annotated[str | None, Query(max_length=200, description="A territory.")]
State = Annotated[str | None, Query(max_length=200, description=rows.WORDS)]
OwnField = Annotated[
    str | None,
    Query(
        max_length=210,
        description="A field that the CRM has of its own, `account.…` of the account; with `equals`.",
        examples=["Seats__c"],
    ),
]
Customer = Annotated[UUID | None, Query(description="An end customer.")]


@dataclass(frozen=True, slots=True)
class Page:
    """How much of a list to show, and from where on."""

    cursor: str | None
    limit: int


def paging(
    cursor: Annotated[str | None, Query(max_length=2000, description="`next` of the page before; none begins.")] = None,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="Rows on a page.")] = 100,
) -> Page:
    """A dependency: the page asked for."""
    return Page(cursor, limit)


Paged = Annotated[Page, Depends(paging)]


class Listed(BaseModel):
    """A page; ``next`` is the cursor of the one after it, none on the last."""

    next: str | None


class Deals(Listed):
    """Legs of registrations, newest first."""

    deals: list[rows.ManagedDeal | rows.Deal]


class AppealRows(Listed):
    """Appeals outside of a conflict."""

    appeals: list[rows.AppealRow]


class ConflictRows(Listed):
    """Conflicts."""

    conflicts: list[rows.ConflictRow]


class Endings(Listed):
    """Protections that end, the next one first."""

    windows: list[rows.Ending]


class DeadLetters(Listed):
    """Messages, newest first."""

    dead_letters: list[rows.DeadLetter]


class Joinings(BaseModel):
    """What waits for your answer, the nearest end first."""

    joinings: list[rows.JoiningAsked]


def questions(the_house: TheHouse, seen: Seen = None) -> Callable[[Claims], Questions]:
    """A dependency: questions by the bearer, not behind what it has seen."""
    position = position_seen(seen) if seen is not None else None
    return lambda claims: Questions(the_house.reading, claims, seen=position)


Asking = Annotated[Callable[[Claims], Questions], Depends(questions)]


def told(found: Found, response: Response) -> list[dict[str, Any]]:
    """The rows, and in a header how far behind they are."""
    if found.lag is not None:
        response.headers[BEHIND] = found.lag
    return found.rows


def page(
    asking: Questions, response: Response, model: str, query: str, paged: Page, **filters: Any
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of a question, and the cursor of the next. The cursor holds the key columns of the reader's own last row."""
    question = f"{model}/{query}"
    after = resumed(question, paged.cursor) if paged.cursor else None
    found = told(asking.ask(model, query, after=after, limit=paged.limit + 1, **filters), response)
    shown = found[: paged.limit]
    return shown, cursor(question, shown[-1]["cursor"]) if len(found) > paged.limit else None


@router.get("/deals")
def deals(
    claims: Reader,
    asking: Asking,
    response: Response,
    paged: Paged,
    state: State = None,
    region: Region = None,
    customer: Customer = None,
    partner: Annotated[str | None, Query(max_length=100)] = None,
    field: OwnField = None,
    equals: Annotated[
        str | None, Query(max_length=4000, description="The value of `field`, as JSON writes it.")
    ] = None,
) -> Deals:
    """Registrations leg by leg: a dealer's own, a distributor's and those below it, a manager's region."""
    found, following = page(
        asking(claims),
        response,
        DEALS[claims.role],
        "newest",
        paged,
        state=state,
        territory=region,
        customer=customer,
        partner=partner,
        field=field,
        equals=equals,
    )
    return Deals(deals=[deal(claims, row) for row in found], next=following)


@router.get("/protected-customers")
def protected_customers(
    claims: Insider, asking: Asking, response: Response, paged: Paged, region: Region = None, customer: Customer = None
) -> Deals:
    """What is held now: approved, protected and suspended legs, by customer and line."""
    found, following = page(
        asking(claims), response, "protected_customers", "protected", paged, territory=region, customer=customer
    )
    return Deals(deals=[rows.ManagedDeal(**row) for row in found], next=following)


@router.get("/reviews")
def reviews(claims: Insider, asking: Asking, response: Response, paged: Paged) -> Deals:
    """What waits for a person's approval, and extensions that wait for a decision, the oldest first (ROE-30, ROE-13)."""
    found, following = page(asking(claims), response, "protected_customers", "to_review", paged)
    return Deals(deals=[rows.ManagedDeal(**row) for row in found], next=following)


@router.get("/conflicts")
def conflicts(
    claims: Insider,
    asking: Asking,
    response: Response,
    paged: Paged,
    state: Annotated[
        str | None,
        Query(
            max_length=200,
            description="`open` (the ruling due first comes first), a state, or none for all, newest first.",
        ),
    ] = None,
    kind: Annotated[str | None, Query(max_length=200, examples=["cross_tier"])] = None,
    region: Region = None,
    customer: Customer = None,
) -> ConflictRows:
    """Conflicts of your region."""
    filters = {"kind": kind, "territory": region, "customer": customer}
    query = "open" if state == "open" else "newest"
    if query == "newest":
        filters["state"] = state
    found, following = page(asking(claims), response, "conflict_queue", query, paged, **filters)
    return ConflictRows(conflicts=[rows.ConflictRow(**row) for row in found], next=following)


@router.get("/appeals")
def appeals(
    claims: Insider,
    asking: Asking,
    response: Response,
    paged: Paged,
    state: Annotated[
        str | None,
        Query(max_length=200, description="`open` (the judgement due first comes first), a state, or none for all."),
    ] = None,
) -> AppealRows:
    """Declines, releases and refused extensions of your region that a partner appealed (ROE-29)."""
    query, filters = ("open", {}) if state == "open" else ("newest", {"state": state})
    found, following = page(asking(claims), response, "appeals", query, paged, **filters)
    return AppealRows(appeals=[rows.AppealRow(**row) for row in found], next=following)


@router.get("/expiring-windows")
def expiring_windows(
    claims: Insider,
    asking: Asking,
    response: Response,
    paged: Paged,
    until: Annotated[Instant | None, Query(description="Only what ends before this instant.")] = None,
    region: Region = None,
    customer: Customer = None,
    partner: Annotated[str | None, Query(max_length=100)] = None,
) -> Endings:
    """Which protection ends next."""
    found, following = page(
        asking(claims),
        response,
        "expiring_windows",
        "next",
        paged,
        until=until,
        territory=region,
        customer=customer,
        partner=partner,
    )
    return Endings(windows=[rows.Ending(**row) for row in found], next=following)


@router.get("/joinings")
def joinings(claims: Partner, asking: Asking, response: Response) -> Joinings:
    """What you are asked about joinings (ROE-10); answer at `/registrations/{registration}/joinings/{joining}`."""
    found = told(asking(claims).ask("my_joinings", "open"), response)
    return Joinings(joinings=[rows.JoiningAsked(**row) for row in found])


@router.get("/dead-letters")
def dead_letters(
    the_house: TheHouse,
    claims: Operator,
    response: Response,
    paged: Paged,
    source: Annotated[str | None, Query(max_length=200)] = None,
    *,
    open_only: Annotated[bool, Query(alias="open", description="Only those that wait for somebody.")] = False,
) -> DeadLetters:
    """Messages that could not be decided; `dealreg dead-letters replay` sends one again."""
    found, following = page(
        _operating(the_house, claims), response, "dead_letters", "newest", paged, source=source, open=open_only
    )
    return DeadLetters(dead_letters=[rows.DeadLetter(**row) for row in found], next=following)


def deal(claims: Claims, row: dict[str, Any]) -> rows.Deal:
    """A leg in the wording of the caller's tier."""
    return rows.Deal(**row) if claims.role in PARTNER_ROLES else rows.ManagedDeal(**row)


def _operating(the_house: House, claims: Claims) -> Questions:
    """The desk operates the feed; the rows are not a reader's, so they are asked for as an auditor."""
    return Questions(the_house.reading, claims.model_copy(update={"role": Role.AUDITOR}))
