"""The door for sources that post: checked, put into the broker, answered. Nothing is decided here (architecture D2)."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Header, HTTPException, Path, Request, Response
from prometheus_client import CollectorRegistry, Counter
from starlette.concurrency import run_in_threadpool

from dealreg.service.composition import House
from dealreg.service.embedded.trouble import NoServer
from dealreg.service.intake.brokers.channel import Wiring
from dealreg.service.intake.mapping import Mappings, load_mappings
from dealreg.service.intake.unreadable import Unreadable, Why
from dealreg.service.ledger.errors import LedgerError, Unavailable
from dealreg.service.webhooks import refusals
from dealreg.service.webhooks.door import Caller, caller, carried_of
from dealreg.service.webhooks.outlet import Outlet
from dealreg.service.webhooks.posted import Evidence, Forged, Posted
from dealreg.service.webhooks.schemes import NoSecret
from dealreg.web.problems import Trouble, documented

LONGEST: Final = 900_000
"""Bytes: what a broker takes as one message, headers included. The longest known source sends 256 kB."""
MARGIN_SECONDS: Final = 1.0
"""Of the time that a source waits, for the way there and back."""
LONGEST_WAIT_SECONDS: Final = 10.0
UNKNOWN: Final = "unknown"
"""In place of a name in figures: whoever posts may call itself anything."""

router = APIRouter(tags=["webhooks"])
log = structlog.get_logger(__name__)


class Doorway:
    """What the door of one process holds: who may post, and the connection to the broker."""

    def __init__(self, house: House, registry: CollectorRegistry, prefix: str = "") -> None:
        """Nothing is opened before its first use; ``prefix`` keeps installations that share a broker apart."""
        self.wiring = Wiring(prefix)
        self._house = house
        self._outlet: tuple[asyncio.AbstractEventLoop, Outlet] | None = None
        self._posted = Counter(
            "dealreg_webhooks", "Requests of sources, by what became of them.", ("source", "outcome"), registry=registry
        )

    @cached_property
    def mappings(self) -> Mappings:
        """Who may post, and how."""
        return load_mappings(self._house.settings.intake_mappings)

    @property
    def outlet(self) -> Outlet:
        """To the broker, for this event loop. Raises ``NoServer``."""
        loop = asyncio.get_running_loop()
        if self._outlet is None or self._outlet[0] is not loop:
            self._outlet = loop, Outlet(self._house.settings.intake_url(), self.wiring)
        return self._outlet[1]

    async def close(self) -> None:
        """Give the connection back."""
        if self._outlet is not None:
            await self._outlet[1].close()

    def count(self, source: str, outcome: str) -> None:
        """One more."""
        self._posted.labels(source, outcome).inc()

    async def refuse(self, by: Caller, evidence: Evidence, posted: Posted, because: Unreadable) -> None:
        """Count it, log it, and keep it where there is room; that the database is away is no reason to answer otherwise."""
        self.count(by.source, because.why.value)
        headers = {**carried_of(posted.headers), **evidence}
        try:
            kept = await run_in_threadpool(
                refusals.keep,
                self._house.ledger,
                by.source,
                self.wiring.subject(by.kind),
                headers,
                posted.body,
                posted.at,
                because,
            )
        except LedgerError as error:
            kept = False
            log.warning("webhook_not_kept", source=by.source, why=type(error).__name__)
        log.warning("webhook_refused", source=by.source, reason=because.why.value, why=because.words, kept=kept)


Source = Annotated[str, Path(description="The source's name in its mapping document.", examples=["hubspot"])]
Origin = Annotated[str | None, Header(alias="WebHook-Request-Origin", description="Who asks whether it may post here.")]


@router.post(
    "/webhooks/{source:path}",
    status_code=202,
    operation_id="PostWebhook",
    summary="Take what a source posts",
    response_description="It lies in the broker; the intake decides it.",
    responses=documented(401, 404, 413, 503),
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}, "security": []},
)
async def take(request: Request, source: Source) -> dict[str, bool]:
    """Signed by the source's own scheme, which its mapping names with the environment variable of the secret.

    It is in the broker before it is answered, and within the time that the source waits; a broker that is away is a 503 with Retry-After.
    What is refused is counted, and kept as a dead letter with the reason `forged` or `too_long`.
    """
    doorway: Doorway = request.app.state.doorway
    began = asyncio.get_running_loop().time()
    by = caller(doorway.mappings, source)
    if by is None:
        doorway.count(UNKNOWN, "unknown")
        raise Trouble("unknown", "No source of that name posts here; name it in a mapping, with its `webhook`.")
    body, whole = await _body(request)
    posted = Posted(_headers(request), dict(request.query_params), body, datetime.now(UTC))
    await _admit(doorway, by, posted, whole=whole)
    left = by.answer_seconds - MARGIN_SECONDS - (asyncio.get_running_loop().time() - began)
    try:
        known = await doorway.outlet.publish(
            by.message(posted.headers, body), min(max(left, 0.1), LONGEST_WAIT_SECONDS)
        )
    except (Unavailable, NoServer) as error:
        doorway.count(by.source, "unavailable")
        log.warning("webhook_sent_away", source=by.source, why=str(error))
        raise Trouble("unavailable", "The broker does not take it now; post it again.") from error
    doorway.count(by.source, "known" if known else "taken")
    return {"taken": True}


@router.options(
    "/webhooks/{source:path}",
    operation_id="MayPostWebhook",
    summary="Whether a sender of CloudEvents may post",
    responses=documented(404),
    openapi_extra={"security": []},
)
async def may_post(request: Request, source: Source, origin: Origin = None) -> Response:
    """The handshake of CloudEvents' HTTP webhooks. Anybody may try: what counts is the signature."""
    doorway: Doorway = request.app.state.doorway
    if caller(doorway.mappings, source) is None:
        raise Trouble("unknown", "No source of that name posts here.")
    allowed = {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"} if origin else {}
    return Response(status_code=204, headers={"Allow": "OPTIONS, POST", **allowed})


async def _admit(doorway: Doorway, by: Caller, posted: Posted, *, whole: bool) -> None:
    """Raises ``Trouble`` for what is not the source's."""
    evidence = by.evidence(posted)
    if not whole:
        words = f"is longer than {LONGEST:,} bytes"
        await doorway.refuse(by, evidence, posted, Unreadable(Why.TOO_LONG, words))
        raise Trouble("too-long", f"The body {words}; send less.")
    try:
        by.check(evidence, posted.body, posted.at)
    except Forged as forged:
        await doorway.refuse(by, evidence, posted, Unreadable(Why.FORGED, str(forged)))
        # A stranger learns nothing of what was wrong.
        raise Trouble("forged", "The signature is missing, wrong or out of time.") from forged
    except NoSecret as error:
        doorway.count(by.source, "no_secret")
        log.error("webhook_without_secret", source=by.source, why=str(error))  # noqa: TRY400 - a setting is missing; where it was missed says nothing
        raise Trouble("unavailable", "This source cannot be checked now; post it again.") from error


async def _body(request: Request) -> tuple[bytes, bool]:
    """The bytes, and whether they are all; no more is read than is taken."""
    read = bytearray()
    try:
        async for chunk in request.stream():
            read += chunk
            if len(read) > LONGEST:
                return bytes(read), False
    except HTTPException as error:
        if error.status_code != 413:  # noqa: PLR2004 - the limit of every request, where a server hands over all at once
            raise
        return bytes(read), False
    return bytes(read), True


def _headers(request: Request) -> Mapping[str, str]:
    found: dict[str, Any] = dict(request.headers)
    return found
