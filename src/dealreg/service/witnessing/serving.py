"""A witness over HTTP: `POST /add-checkpoint` as C2SP has it, and what it cosigned last for whoever wants a copy from outside."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dealreg.service.witnessing.request import LONGEST_REQUEST
from dealreg.service.witnessing.witness import Witness


def witnessing_app(witness: Witness, vkey: str) -> Starlette:
    """The app of a witness; ``vkey`` is shown to whoever asks who it is."""

    async def add_checkpoint(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST_REQUEST:
                return PlainTextResponse(f"a request has at most {LONGEST_REQUEST} bytes\n", 400)
        found = await run_in_threadpool(witness.add, body)
        return Response(found.body, found.status, {"content-type": found.kind})

    async def newest(request: Request) -> Response:
        note = await run_in_threadpool(witness.newest, request.path_params["digest"])
        return PlainTextResponse(note) if note is not None else PlainTextResponse("nothing was cosigned of it\n", 404)

    async def who(_: Request) -> Response:
        return PlainTextResponse(f"{vkey}\n")

    routes: list[tuple[str, Callable[[Request], Awaitable[Response]], str]] = [
        ("/add-checkpoint", add_checkpoint, "POST"),
        ("/newest/{digest}", newest, "GET"),
        ("/", who, "GET"),
    ]
    return Starlette(routes=[Route(path, answer, methods=[method]) for path, answer, method in routes])
