"""What may be asked over HTTP: one row a command; the routes are made from the rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import Parameter, Signature, cleandoc
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Response
from pydantic import JsonValue

from dealreg.service.ledger.outcomes import Decided
from dealreg.service.sealing.acknowledging import Acknowledged
from dealreg.vocabulary.fact import Command
from dealreg.web.access import Bearer, TheHouse
from dealreg.web.asking import Asking, IdempotencyKey, admit, named
from dealreg.web.bodies import body_of
from dealreg.web.opaque import seen
from dealreg.web.problems import documented

SEEN: Final = "Dealreg-Seen"
SEALED: Final = "Dealreg-Sealed"

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The ETag of what you decide on, as you read it. Required where a person decides on something.",
        examples=['"5f2b8c0d3e1a4b6c7d8e9f0a1b2c3d4e"'],
    ),
]

ANSWER_HEADERS: Final[dict[str, Any]] = {
    SEEN: {"description": "Send it with a read that has to know of this.", "schema": {"type": "string"}},
    SEALED: {
        "description": "`true` when a signed checkpoint of the log covers this decision. Left out where this service waits for no seal.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    "Link": {
        "description": 'Where the receipt of a registration is (`rel="urn:dealreg:receipt"`): fetch it and keep it.',
        "schema": {"type": "string"},
    },
    "Idempotent-Replayed": {"description": "`true` when this was answered before.", "schema": {"type": "string"}},
}


UNSEALED: Final[dict[str, Any]] = {
    "description": "Decided and recorded, and not sealed yet: the answer with `sealed: false`. Repeat the request to hear when it is, or "
    "fetch the receipt later; nothing is done twice.",
    "headers": ANSWER_HEADERS,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["sealed"],
                "properties": {"sealed": {"const": False}},
                "additionalProperties": True,
            }
        }
    },
}
"""What people fight over is sealed before it is answered (SEAL_AT_ONCE); where the sealer is away, that is said, and nobody waits."""


@dataclass(frozen=True, slots=True)
class Write:
    """A command's place: ``creates`` is the resource that it opens, ``decides`` the resource whose state a person decides on."""

    path: str
    command: type[Command]
    tag: str
    creates: str | None = None
    decides: str | None = None
    method: str = "POST"
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def in_path(self) -> dict[str, type]:
        """The fields of the command that the path says."""
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        uuids = {name for name in names if UUID in _types(self.command, name)}
        return {name: UUID if name in uuids else str for name in names}


def router(writes: tuple[Write, ...]) -> APIRouter:
    """The routes of these commands."""
    routes = APIRouter()
    for write in writes:
        routes.add_api_route(
            write.path,
            _endpoint(write),
            methods=[write.method],
            tags=[write.tag],
            status_code=201 if write.creates else 200,
            name=write.command.__name__,
            operation_id=write.command.__name__,
            summary=cleandoc(write.command.__doc__ or "").split(":")[0].split(". ")[0].rstrip("."),
            description=cleandoc(write.command.__doc__ or ""),
            response_description="What was decided.",
            responses={
                201 if write.creates else 200: {"headers": ANSWER_HEADERS},
                202: UNSEALED,
                **documented(400, 401, 403, 404, 409, 413, 422, 503, *((412, 428) if write.decides else ())),
            },
        )
    return routes


def _endpoint(write: Write) -> Callable[..., dict[str, JsonValue]]:
    """The handler of a row. Its signature is made here, because FastAPI reads parameters and body from it."""
    in_path = write.in_path
    body = body_of(write.command, frozenset(in_path), write.example)
    optional = not any(one.is_required() for one in body.model_fields.values())

    def handle(**given: Any) -> dict[str, JsonValue]:
        the_house, claims, response = given["the_house"], given["claims"], given["response"]
        admit(claims, write.command)
        said = given["body"] if given["body"] is not None else body()
        path = {name: given[name] for name in in_path}
        asking = Asking(the_house, claims, named(given["key"]))
        decided, sealed = asking.decided(write.command, path, said, decides=write.decides, if_match=given["if_match"])
        return _answer(write, decided, sealed, response)

    keyword = Parameter.KEYWORD_ONLY
    handle.__signature__ = Signature(  # type: ignore[attr-defined]  # functions have one; typeshed does not say so
        [
            Parameter("the_house", keyword, annotation=TheHouse),
            Parameter("claims", keyword, annotation=Bearer),
            Parameter("response", keyword, annotation=Response),
            Parameter("key", keyword, annotation=IdempotencyKey, default=None),
            Parameter("if_match", keyword, annotation=IfMatch, default=None),
            *(Parameter(name, keyword, annotation=kind) for name, kind in in_path.items()),
            Parameter(
                "body",
                keyword,
                annotation=body | None if optional else body,
                default=None if optional else Parameter.empty,
            ),
        ],
        return_annotation=dict[str, JsonValue],
    )
    return handle


def _answer(write: Write, decided: Decided, sealed: Acknowledged | None, response: Response) -> dict[str, JsonValue]:
    response.headers[SEEN] = seen(decided.seen)
    if decided.repeated:
        response.headers["Idempotent-Replayed"] = "true"
    if write.creates and isinstance(made := decided.answer.get(write.creates), str):
        response.headers["Location"] = f"{write.path}/{made}"
        if write.creates == "registration":
            response.headers["Link"] = f'<{write.path}/{made}/receipt>; rel="urn:dealreg:receipt"'
    if sealed is not None:
        response.headers[SEALED] = str(sealed.sealed).lower()
        if sealed.late:
            response.status_code = 202
            return {**decided.answer, "sealed": False}
    return decided.answer


def _types(command: type[Command], name: str) -> tuple[Any, ...]:
    annotation = command.model_fields[name].annotation
    return (annotation, *getattr(annotation, "__args__", ()))
