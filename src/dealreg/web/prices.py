"""Special prices over HTTP: asked, decided, listed (ROE-33)."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from dealreg.pricing.commands import DecideSpecialPrice, RequestSpecialPrice
from dealreg.vocabulary.fact import PARTNER_ROLES
from dealreg.vocabulary.refused import Unknown
from dealreg.web.lists import Asking, Insider, Listed, Paged, Reader, State, page, told
from dealreg.web.price_rows import Price, PriceToDecide
from dealreg.web.problems import documented
from dealreg.web.reads import tagged
from dealreg.web.writes import Write

PRICES: Final = (
    Write(
        "/registrations/{registration}/special-prices",
        RequestSpecialPrice,
        "special prices",
        creates="special_price",
        example={
            "line": "storage",
            "discount": "0.15",
            "size": {"amount": "120000.00", "currency": "EUR"},
            "competitor": "Globex",
        },
    ),
    Write(
        "/special-prices/{special_price}/decision",
        DecideSpecialPrice,
        "special prices",
        decides="special_price",
        example={"decision": "approve"},
    ),
)

router = APIRouter(tags=["special prices"], responses=documented(401, 403, 404, 422, 503))


class Prices(Listed):
    """Special prices."""

    special_prices: list[PriceToDecide | Price]


@router.get("/special-prices")
def special_prices(
    claims: Reader,
    asking: Asking,
    response: Response,
    paged: Paged,
    state: State = None,
    *,
    to_decide: Annotated[bool, Query(description="Only what waits for a level, the first due first.")] = False,
) -> Prices:
    """Special prices of your own registrations, or of your region."""
    asked = asking(claims)
    if claims.role in PARTNER_ROLES:
        found, following = page(asked, response, "special_prices", "mine", paged, state=state)
        return Prices(special_prices=[Price(**row) for row in found], next=following)
    if to_decide:
        found, following = page(asked, response, "special_prices", "to_decide", paged)
    else:
        found, following = page(asked, response, "special_prices", "newest", paged, state=state)
    return Prices(special_prices=[PriceToDecide(**row) for row in found], next=following)


@router.get("/special-prices/{special_price}", response_model=PriceToDecide)
def special_price(claims: Insider, asking: Asking, request: Request, special_price: UUID) -> Response:
    """One special price; its ETag goes into If-Match of a decision."""
    response = Response()
    found = told(asking(claims).ask("special_prices", "one", special_price=special_price), response)
    if not found:
        raise Unknown("there is no such special price; check its id")
    return tagged(request, PriceToDecide(**found[0]), behind=response)
