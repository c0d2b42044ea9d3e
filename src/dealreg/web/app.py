"""The HTTP face: FastAPI on the parts of this process (architecture section 4)."""

import importlib.metadata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from dealreg.service.composition import House
from dealreg.service.logs import configure_logging
from dealreg.service.settings import Settings
from dealreg.web import (
    accounts,
    custom_fields,
    erasures,
    health,
    identity,
    lists,
    notices,
    outside,
    past,
    prices,
    problems,
    reads,
    receipts,
    rulebooks,
    stale,
    trail,
    watching,
    webhooks,
)
from dealreg.web.observing import Figures, Observing
from dealreg.web.problems import Problem
from dealreg.web.routes import WRITES
from dealreg.web.writes import router

_TAGS = [
    {
        "name": "registrations",
        "description": "Ask for protection, and everything that follows. ROE-1 to ROE-12, ROE-28 to ROE-31.",
    },
    {
        "name": "conflicts",
        "description": "Claims that met on a line, their proposals and rulings (rules.md section 3).",
    },
    {
        "name": "accounts",
        "description": "What is told of an end customer's account: sales, direct opportunities, flags, tenders (ROE-18 to 20, 23, 25).",
    },
    {
        "name": "customers",
        "description": "Who end customers are: merged, told apart, parted again, and who stands above whom (ROE-24).",
    },
    {
        "name": "overrides",
        "description": "The manufacturer departs from the rules for a named scope and period (ROE-21).",
    },
    {"name": "feeds", "description": "Gaps of a source's feed: said, and closed by hand (ROE-22)."},
    {"name": "program", "description": "Partners and the rulebook."},
    {"name": "erasure", "description": "What is held of people goes; legal holds, which nothing goes under."},
    {"name": "questions", "description": "What each may read; to a partner, its own rows in its own tier's wording."},
    {"name": "webhooks", "description": "For the sources that post: signed by their own schemes, into the broker."},
    {"name": "health", "description": "For machines that watch."},
]

_TOLD = """Deal registration and channel conflicts.

Every write carries an **Idempotency-Key**: the same key with the same content is answered the same and does nothing twice. What a
person decides on is named by its **ETag** in If-Match. A reply to a write carries **Dealreg-Seen**; a read that sends it back knows of
that write, or says in **Dealreg-Behind** how many facts it lacks (to a partner: `some`). What people fight over is sealed in the signed log
before it is answered; where that is not so, the answer is 202 with `sealed: false`. Lists go on with **cursor**. Instants are ISO 8601 with an
offset; a window is half-open, `protected_until` is its last day in the program's zone. Every error is **application/problem+json**.
What an auditor reads is recorded in the trail before it is answered, with the reason in **Dealreg-Reason**.
"""


def create(house: House) -> FastAPI:
    """The app on a house, which it closes when it stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        house.prepare()
        yield
        await app.state.doorway.close()
        house.close()

    app = FastAPI(
        title="dealreg",
        version=importlib.metadata.version("dealreg"),
        description=_TOLD,
        openapi_tags=_TAGS,
        lifespan=lifespan,
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    app.state.house = house
    app.state.figures = Figures()
    app.state.figures.registry.register(health.Installation(house))
    app.state.figures.registry.register(outside.Outside(house))
    app.state.figures.registry.register(watching.Watch(house))
    app.include_router(router(WRITES))
    app.include_router(rulebooks.router)
    app.include_router(reads.router)
    app.include_router(receipts.router)
    app.include_router(past.router)
    app.include_router(lists.router)
    app.include_router(prices.router)
    app.include_router(notices.router)
    app.include_router(accounts.router)
    app.include_router(identity.router)
    app.include_router(custom_fields.router)
    app.include_router(stale.router)
    app.include_router(erasures.router)
    app.include_router(trail.router)
    app.state.doorway = webhooks.Doorway(house, app.state.figures.registry)
    app.include_router(webhooks.router)
    app.include_router(health.router)
    problems.install(app)
    app.add_middleware(Observing, figures=app.state.figures)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]  # FastAPI's own way to say more
    return app


def serving() -> FastAPI:
    """For a server that is told where the app is: of the settings in the environment, with logging set up."""
    settings = Settings()
    configure_logging(settings)
    return create(House(settings))


def _described(app: FastAPI) -> dict[str, Any]:
    """OpenAPI with the problem details that every operation may answer with."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        told = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= {**told.pop("$defs", {}), "Problem": told}
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        app.openapi_schema = schema
    return app.openapi_schema
