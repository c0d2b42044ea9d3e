"""One thing at a time: a registration, a conflict, an override, a customer's file; now, and as of any recorded instant.

What stands now is a row of a read model under row-level security, to everybody (architecture D9). The past is folded: to the desk and
auditors whole, to a manager its region, to a partner only its own registration in the words of its own rows.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from dealreg.service.deciding_again.told import DecisionTold
from dealreg.service.explaining import Explanation, wording
from dealreg.service.insight import Insight
from dealreg.service.questions import DEALS
from dealreg.service.replay import no_registration
from dealreg.service.telling import ConflictTold, FileTold, OverrideTold, RegistrationTold
from dealreg.service.tokens import Claims
from dealreg.service.wording import RegistrationWords
from dealreg.vocabulary.fact import PARTNER_ROLES, Role
from dealreg.vocabulary.refused import Unknown
from dealreg.web import rows
from dealreg.web.access import TheHouse, only
from dealreg.web.lists import BEHIND, Asking, Insider, Reader, deal, told
from dealreg.web.opaque import etag
from dealreg.web.permissions import WHOLE_PROGRAM
from dealreg.web.problems import documented
from dealreg.web.then import AsOf, Then

router = APIRouter(tags=["questions"], responses=documented(401, 403, 404, 422, 503))

Whole = Annotated[Claims, Depends(only(WHOLE_PROGRAM, "read a decision with all that it looked at"))]


class RegistrationRows(BaseModel):
    """A registration: its legs, as the reader's own tier reads them."""

    registration: UUID
    legs: list[rows.ManagedDeal | rows.Deal]


class FileRows(BaseModel):
    """Everybody's claims on one end customer in the reader's region, side by side."""

    customer: UUID
    legs: list[rows.ManagedDeal]


class History(BaseModel):
    """What happened to a registration, in order."""

    registration: UUID
    changes: list[rows.Fact | rows.ManagedChange | rows.Change]


class Decisions(BaseModel):
    """Decisions explained, in the order recorded."""

    decisions: list[DecisionTold]


class OwnExplanation(BaseModel):
    """Why a partner's registration stands where it stands: how each leg came to its state, and what the clauses named say."""

    registration: UUID
    legs: list[rows.Deal]
    changes: list[rows.Change]
    clauses: dict[str, str]


@router.get("/registrations/{registration}", response_model=RegistrationRows | RegistrationTold | RegistrationWords)
def registration(
    the_house: TheHouse, claims: Reader, asking: Asking, request: Request, registration: UUID, then: Then
) -> Response:
    """A registration leg by leg; its ETag goes into If-Match of a decision. Of the past: as recorded, as it counted, or both."""
    if then is None:
        response = Response()
        found = RegistrationRows(registration=registration, legs=_legs(claims, asking, registration, response))
        return tagged(request, found, behind=response)
    insight = Insight(the_house.replay, claims)
    if claims.role in PARTNER_ROLES:
        return tagged(request, insight.own_registration(registration, then))
    return tagged(request, insight.registration(registration, then))


@router.get("/registrations/{registration}/history")
def history(claims: Reader, asking: Asking, response: Response, registration: UUID, as_of: AsOf = None) -> History:
    """What happened, in order: to an auditor every fact (by `as_of`), to others how each leg came to its state."""
    if claims.role is Role.AUDITOR:
        facts = told(
            asking(claims).ask("registration_history", "of_registration", registration=registration, as_of=as_of),
            response,
        )
        own = [rows.Fact(**row) for row in facts if row["program"] == claims.program]
        if not own:
            raise no_registration()
        return History(registration=registration, changes=list(own))
    return History(registration=registration, changes=list(_changes(claims, asking, registration, response)))


@router.get("/registrations/{registration}/explain", response_model=Explanation | OwnExplanation)
def explain(
    the_house: TheHouse, claims: Reader, asking: Asking, response: Response, registration: UUID, as_of: AsOf = None
) -> Explanation | OwnExplanation:
    """Why it stands where it stands: to the manufacturer's people each decision with clause, reason, version and what it had read."""
    if claims.role not in PARTNER_ROLES:
        return Insight(the_house.replay, claims).explanation(registration, as_of)
    legs = _legs(claims, asking, registration, response)
    changes = _changes(claims, asking, registration, response)
    clauses = wording([*(leg.clause for leg in legs), *(change.clause for change in changes)])
    return OwnExplanation(registration=registration, legs=legs, changes=changes, clauses=clauses)


@router.get("/decisions/{identity}/explain")
def decisions(the_house: TheHouse, claims: Whole, identity: str, as_of: AsOf = None) -> Decisions:
    """Any decision: what was asked, what was true, the clauses in the order tried, who departed and why; made again, equal or not.

    `identity` is a fact's id, `<stream>:<version>`, or the id of a registration, a conflict, an override, a special price or a customer.
    """
    return Decisions(decisions=list(Insight(the_house.replay, claims).decisions(identity, as_of)))


@router.get("/conflicts/{conflict}", response_model=rows.ConflictRow | ConflictTold, tags=["conflicts"])
def conflict(
    the_house: TheHouse, claims: Insider, asking: Asking, request: Request, conflict: UUID, then: Then
) -> Response:
    """A conflict of your region: parties, proposal with its reasons, ruling. Its ETag goes into If-Match of a ruling."""
    if then is not None:
        return tagged(request, Insight(the_house.replay, claims).conflict(conflict, then))
    response = Response()
    found = told(asking(claims).ask("conflict_queue", "one", conflict=conflict), response)
    if not found:
        raise Unknown("there is no such conflict; check its id and the instant")
    return tagged(request, rows.ConflictRow(**found[0]), behind=response)


@router.get("/overrides/{override}", response_model=OverrideTold, tags=["overrides"])
def override(the_house: TheHouse, claims: Insider, request: Request, override: UUID, then: Then) -> Response:
    """An override: what it departs from, for how long, on which ground, and how far it is. A manager reads those that it proposed."""
    return tagged(request, Insight(the_house.replay, claims).override(override, then))


@router.get("/customers/{customer}/file", response_model=FileRows | FileTold)
def customer_file(
    the_house: TheHouse, claims: Insider, asking: Asking, request: Request, customer: UUID, then: Then
) -> Response:
    """Every claim on a customer that lies in your region."""
    if then is not None:
        return tagged(request, Insight(the_house.replay, claims).customer_file(customer, then))
    response = Response()
    found = told(asking(claims).ask("protected_customers", "of_customer", customer=customer), response)
    legs = [rows.ManagedDeal(**row) for row in found]
    return tagged(request, FileRows(customer=customer, legs=legs), behind=response)


def tagged(request: Request, body: BaseModel, *, behind: Response | None = None) -> Response:
    """The answer with its ETag; nothing but 304 where the caller has it (RFC 9110 section 13.1.2)."""
    shown: Any = body.model_dump(mode="json")
    headers = {"ETag": etag(shown), **({BEHIND: behind.headers[BEHIND]} if behind and BEHIND in behind.headers else {})}
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if headers["ETag"] in known:
        return Response(status_code=304, headers=headers)
    return JSONResponse(shown, headers=headers)


def _legs(claims: Claims, asking: Asking, registration: UUID, response: Response) -> list[rows.Deal]:
    """The caller's rows. Raises ``Unknown``: what it may not see reads like what does not exist."""
    found = told(asking(claims).ask(DEALS[claims.role], "of_registration", registration=registration), response)
    if not found:
        raise no_registration()
    return [deal(claims, row) for row in found]


def _changes(claims: Claims, asking: Asking, registration: UUID, response: Response) -> list[rows.Change]:
    found = told(asking(claims).ask(DEALS[claims.role], "history", registration=registration), response)
    if not found:
        raise no_registration()
    kind = rows.Change if claims.role in PARTNER_ROLES else rows.ManagedChange
    return [kind(**row) for row in found]
