"""What a partner keeps: the proof that its registration was recorded when it was (docs/witnesses.md)."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from dealreg.service.questions import DEALS
from dealreg.service.replay import no_registration
from dealreg.service.witnessing.receipts import SUFFIX, NotSealedYet, receipt
from dealreg.web.access import TheHouse
from dealreg.web.lists import Asking, Reader
from dealreg.web.problems import RETRY_SECONDS, documented, problem

router = APIRouter(tags=["registrations"], responses=documented(401, 403, 404, 409, 422, 503))

WITNESSES: Final = "Dealreg-Witnesses"

_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The proof, to be kept as it is and checked with `verify.py`, which needs nothing of ours.",
        "headers": {WITNESSES: {"description": "How many witnesses cosigned it.", "schema": {"type": "integer"}}},
    }
}


@router.get(
    "/registrations/{registration}/receipt",
    response_class=PlainTextResponse,
    responses=_ANSWER,
    summary="The receipt of a registration",
)
def registration_receipt(the_house: TheHouse, claims: Reader, asking: Asking, registration: UUID) -> Response:
    """A C2SP tlog-proof that this registration was submitted: at which place of the log, when, under which signed root.

    Keep it: with it you can show later that the log was rewritten. It says nothing of what others did; its place and the size of the
    log count all facts. Not sealed yet is 409; where no witness cosigned it yet, ask again after some seconds for one that has.
    """
    if not asking(claims).ask(DEALS[claims.role], "of_registration", registration=registration).rows:
        raise no_registration()
    try:
        found = receipt(the_house.ledger.run, registration)
    except NotSealedYet as error:
        return problem("unsealed", str(error), headers={"Retry-After": str(RETRY_SECONDS)})
    named = f'attachment; filename="{registration}{SUFFIX}"'
    return PlainTextResponse(found.text, headers={"Content-Disposition": named, WITNESSES: str(found.witnesses)})
