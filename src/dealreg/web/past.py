"""The past over HTTP: what differs between two moments and why, when a thing was first known, everything that happened, and what was protected where."""

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from dealreg.service.insight import Insight
from dealreg.service.past import history as facts
from dealreg.service.past.differing import Diff, FirstKnown, Past
from dealreg.service.past.history import FactTold
from dealreg.service.past.moment import When
from dealreg.service.past.party_telling import CustomerTold, PartnerTold
from dealreg.service.past.protected import protected as protected_then
from dealreg.service.past.subject import Kind, Subject
from dealreg.service.telling import AsOf, FileTold, as_of
from dealreg.vocabulary.values import Instant
from dealreg.web import rows
from dealreg.web.access import TheHouse
from dealreg.web.lists import Customer, Insider, Listed, Paged, Reader, Region, told
from dealreg.web.opaque import cursor, resumed
from dealreg.web.problems import documented
from dealreg.web.reads import tagged
from dealreg.web.then import Between, Known, On, Then

router = APIRouter(tags=["questions"], responses=documented(401, 403, 404, 422, 503))

PLACES: Final = {
    Kind.REGISTRATION: "/registrations/{registration}",
    Kind.CONFLICT: "/conflicts/{conflict}",
    Kind.OVERRIDE: "/overrides/{override}",
    Kind.CUSTOMER: "/customers/{customer}",
    Kind.PARTNER: "/partners/{partner}",
}


class Facts(BaseModel):
    """Everything that happened to a thing, in the order recorded."""

    kind: Kind
    id: str
    facts: list[FactTold]


class Intervals(Listed):
    """Pieces of protection that touch an instant or a day, as known then."""

    as_of: AsOf
    begins: Instant
    ends: Instant
    intervals: list[rows.Interval]


@router.get("/partners/{partner}", tags=["program"])
def partner(
    the_house: TheHouse, claims: Insider, partner: Annotated[str, Path(max_length=200)], then: Then
) -> PartnerTold:
    """A partner as it stood: tier, parents, what it may claim, standing, bars. For the deal desk and auditors."""
    return Insight(the_house.replay, claims).partner(partner, then)


@router.get("/customers/{customer}", response_model=CustomerTold | FileTold, tags=["customers"])
def customer(the_house: TheHouse, claims: Insider, request: Request, customer: str, then: Then) -> Response:
    """Who a customer is and every claim on it; to a manager the claims of its region."""
    found = Insight(the_house.replay, claims).customer(Subject(Kind.CUSTOMER, customer).id, then)
    return tagged(request, found)


@router.get("/protected")
def protected(
    the_house: TheHouse,
    claims: Insider,
    response: Response,
    paged: Paged,
    on: On,
    known: Known,
    region: Region = None,
    customer: Customer = None,
    partner: Annotated[str | None, Query(max_length=100)] = None,
    line: Annotated[str | None, Query(max_length=200)] = None,
    state: Annotated[
        str | None, Query(max_length=200, description="`approved`, `protected`, `suspended`; none for all.")
    ] = None,
) -> Intervals:
    """What was protected in a region on a day or at an instant, as known now or at another instant."""
    wanted = {"customer": customer, "partner": partner, "line": line, "state": state, "limit": paged.limit + 1}
    after = resumed(_PROTECTED, paged.cursor) if paged.cursor else None
    then = protected_then(the_house.reading, the_house.replay, claims, on, known, region, after=after, **wanted)
    found = told(then.found, response)
    following = cursor(_PROTECTED, found[paged.limit - 1]["cursor"]) if len(found) > paged.limit else None
    shown = [rows.Interval(**row) for row in found[: paged.limit]]
    return Intervals(as_of=as_of(then.moment), begins=then.begins, ends=then.ends, intervals=shown, next=following)


_PROTECTED: Final = "protection_intervals/protected"


def _diff(kind: Kind) -> Callable[..., Any]:
    def diff(
        the_house: TheHouse, claims: Reader, between: Between, identity: Annotated[str, Path(alias=kind.value)]
    ) -> Diff:
        """What differs between two moments, field by field, with the facts that did it; to a partner without whose they are."""
        return Past(the_house.replay, claims).diff(Subject(kind, identity), *between)

    return diff


def _first_known(kind: Kind) -> Callable[..., Any]:
    def first_known(
        the_house: TheHouse,
        claims: Insider,
        identity: Annotated[str, Path(alias=kind.value)],
        field: Annotated[
            str, Query(max_length=400, description="A field's path, or the end of it: `state`, `claims.storage.state`.")
        ],
        value: Annotated[str | None, Query(max_length=400, description="As it is shown; none for any value.")] = None,
    ) -> FirstKnown:
        """When a field was first known to have a value, by which fact, and every time since."""
        return Past(the_house.replay, claims).first_known(Subject(kind, identity), field, value)

    return first_known


def _history(kind: Kind) -> Callable[..., Any]:
    def history(
        the_house: TheHouse, claims: Insider, then: Then, identity: Annotated[str, Path(alias=kind.value)]
    ) -> Facts:
        """Every fact in the order recorded, with both times, actor, reason, clause, and the message that brought it."""
        found = facts.history(the_house.replay, claims, Subject(kind, identity), then or When())
        return Facts(kind=kind, id=identity, facts=list(found))

    return history


for _kind, _place in PLACES.items():
    router.add_api_route(f"{_place}/diff", _diff(_kind), name=f"{_kind}_diff")
    router.add_api_route(f"{_place}/first-known", _first_known(_kind), name=f"{_kind}_first_known")
    if _kind is not Kind.REGISTRATION:
        router.add_api_route(f"{_place}/history", _history(_kind), name=f"{_kind}_history")
