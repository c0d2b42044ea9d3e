"""What went wrong, as problem details (RFC 9457): a type that a program reads, a sentence that says what to do next."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from dealreg.service.issuer import IssuerUnreachable
from dealreg.service.ledger.errors import Late, Unavailable, Unstorable
from dealreg.service.ledger.outcomes import Busy
from dealreg.service.tokens import BadToken
from dealreg.vocabulary.refused import Closed, NotAllowed, Refused, Reused, Unknown

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 1

NOT_JSON: Final = "The body is not a JSON object; send one with Content-Type: application/json."

log = structlog.get_logger(__name__)


class Fault(BaseModel):
    """One field that is malformed. Its value is not repeated: it may be personal, and the caller has it."""

    field: str = Field(description="Where: `body.lines.0.scope`, `query.as_of`.", examples=["body.value.currency"])
    reason: str = Field(description="What is wrong with it.", examples=["String should match pattern '^[A-Z]{3}$'"])


class Problem(BaseModel):
    """Problem details (RFC 9457), with the clause of the rules of engagement where one says no."""

    type: str = Field(
        description="What kind of problem, for a program to read.", examples=["urn:dealreg:problem:closed"]
    )
    title: str = Field(description="The same for every problem of this type.", examples=["Not in a state to be asked"])
    status: int = Field(description="The HTTP status.", examples=[409])
    detail: str = Field(description="What happened here, and what to do next.")
    clause: str | None = Field(default=None, description="The clause that says so.", examples=["ROE-13"])
    faults: list[Fault] | None = Field(default=None, description="Every malformed field.")


class Trouble(Exception):
    """A problem that the door itself finds; ``kind`` is one of ``KINDS``."""

    def __init__(self, kind: str, detail: str) -> None:
        """``detail`` says what to do next."""
        super().__init__(detail)
        self.kind, self.detail = kind, detail


KINDS: Final[dict[str, tuple[int, str]]] = {
    "key-missing": (400, "A request without a name"),
    "not-json": (400, "Not JSON"),
    "token": (401, "Who asks is not known"),
    "forged": (401, "Not signed by its source"),
    "not-allowed": (403, "Not yours to ask"),
    "unknown": (404, "There is no such thing for you"),
    "method": (405, "This cannot be done here"),
    "closed": (409, "Not in a state to be asked"),
    "unsealed": (409, "Not sealed yet"),
    "changed": (412, "It has changed since you read it"),
    "too-long": (413, "Too long"),
    "malformed": (422, "Malformed"),
    "reused": (422, "The request id was used for something else"),
    "refused": (422, "It cannot be decided as asked"),
    "unread": (428, "Say which state you decide on"),
    "bug": (500, "Our mistake"),
    "behind": (503, "Not caught up yet"),
    "busy": (503, "Too busy"),
    "unavailable": (503, "Not reachable now"),
    "http": (0, "Not understood"),
}
"""Every type of problem: its status and its title."""

_REFUSED: Final[dict[type[Refused], str]] = {
    Unknown: "unknown",
    NotAllowed: "not-allowed",
    Closed: "closed",
    Reused: "reused",
}


def problem(kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """A reply with problem details; ``more`` may be ``clause``, ``faults`` or another ``status``."""
    status, title = KINDS[kind]
    told = Problem(
        type=f"urn:dealreg:problem:{kind}", title=title, status=more.pop("status", status), detail=detail, **more
    )
    return JSONResponse(
        told.model_dump(exclude_none=True), status_code=told.status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def install(app: FastAPI) -> None:
    """Answer every error of the app with problem details."""
    app.add_exception_handler(Trouble, _trouble)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(BadToken, _bad_token)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Unstorable, _unstorable)
    for unreachable in (Late, Busy, Unavailable, IssuerUnreachable):
        app.add_exception_handler(unreachable, _later)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: these statuses are answered with problem details."""
    titles: dict[int, list[str]] = {}
    for status, title in KINDS.values():
        titles.setdefault(status, []).append(title)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": "; ".join(titles[status]), "content": content} for status in statuses}


def _trouble(_: Request, error: Exception) -> Response:
    assert isinstance(error, Trouble)  # noqa: S101 - Starlette hands over what was registered; mypy cannot know
    later = {"Retry-After": str(RETRY_SECONDS)} if KINDS[error.kind][0] == 503 else {}  # noqa: PLR2004 - an HTTP status
    return problem(error.kind, error.detail, headers=later)


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - as above
    kind = next((kind for cls, kind in _REFUSED.items() if isinstance(error, cls)), "refused")
    log.info("request_refused", kind=kind, clause=error.clause, reason=error.reason)
    return problem(kind, error.reason, clause=error.clause)


def _bad_token(_: Request, error: Exception) -> Response:
    log.info("token_refused", reason=str(error))
    return problem("token", str(error), headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _malformed(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    found: Sequence[Any] = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return problem("not-json", NOT_JSON)
    faults = [Fault(field=".".join(map(str, one["loc"])), reason=one["msg"]) for one in found]
    named = ", ".join(fault.field for fault in faults[:3])
    detail = NOT_JSON if named == "body" else f"Correct {named} and send it again."
    return problem("malformed", detail, faults=faults)


def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    kind = {400: "not-json", 404: "unknown", 405: "method", 413: "too-long"}.get(error.status_code, "http")
    return problem(
        kind, NOT_JSON if kind == "not-json" else str(error.detail), status=error.status_code, headers=error.headers
    )


def _unstorable(_: Request, error: Exception) -> Response:
    log.error("value_unstorable", reason=str(error))
    return problem("malformed", "A value in it can never be stored; correct it. Sending it again will not help.")


def _later(_: Request, error: Exception) -> Response:
    log.warning("not_reachable", error=type(error).__name__, reason=str(error))
    kind = "busy" if isinstance(error, Late | Busy) else "unavailable"
    return problem(
        kind,
        "Ask again with the same Idempotency-Key: what was recorded meanwhile is found, nothing is done twice.",
        headers={"Retry-After": str(getattr(error, "retry_after", RETRY_SECONDS))},
    )


def bug(path: str, error: Exception) -> Response:
    """The answer to what nobody thought of; what it was goes to the log."""
    log.error("request_broke", path=path, exc_info=error)
    return problem(
        "bug", "Nobody thought of this; it is in our log. Asking again with the same Idempotency-Key is safe."
    )
