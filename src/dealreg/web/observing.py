"""What every request leaves behind: a log line with its id, figures for Prometheus, and headers that keep answers out of caches.

Plain ASGI: a middleware that wraps responses would copy context variables and hide cancelled requests.
"""

import time
from typing import Final
from uuid import uuid4

import structlog
from fastapi import HTTPException
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dealreg.web.problems import bug

LONGEST_BODY: Final = 1_000_000
"""Bytes of a request's body. A registration of 200 lines is under 100 kB; a rulebook with a thousand rates, 200 kB."""

QUIET_BELOW: Final = "/health"
"""Asked every few seconds by machines; logged only when the answer is no."""

BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds: a read costs about 2 ms and a command 5 to 10 (performance.md), a caller is sent away after 10."""

log = structlog.get_logger(__name__)


class Figures:
    """The figures of one app, in a registry of its own, so that two apps of a test do not share them."""

    def __init__(self) -> None:
        """All begin at nothing."""
        self.registry = CollectorRegistry()
        named = {"registry": self.registry, "labelnames": ("method", "route", "status")}
        self.requests = Counter("dealreg_http_requests", "Requests answered.", **named)  # type: ignore[arg-type]  # two keywords
        self.seconds = Histogram(
            "dealreg_http_seconds",
            "How long an answer took.",
            labelnames=("method", "route"),
            registry=self.registry,
            buckets=BUCKETS,
        )
        self.under_way = Gauge("dealreg_http_requests_under_way", "Requests being answered.", registry=self.registry)

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count an answer under its route's pattern: a path would make a row of every id."""
        route = getattr(scope.get("route"), "path", "none")
        self.requests.labels(scope["method"], route, status).inc()
        self.seconds.labels(scope["method"], route).observe(seconds)


class Observing:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        """``app`` is what answers."""
        self._app, self._figures = app, figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        structlog.contextvars.clear_contextvars()
        given = Headers(scope=scope).get("x-request-id", "")
        correlation = given if given.isascii() and given.isprintable() and 0 < len(given) <= 100 else str(uuid4())  # noqa: PLR2004 - an id, not a text
        structlog.contextvars.bind_contextvars(correlation_id=correlation)
        await self._observed(scope, receive, send, correlation)

    async def _observed(self, scope: Scope, receive: Receive, send: Send, correlation: str) -> None:
        status, began, got = 0, time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = correlation
                headers.setdefault("Cache-Control", "private, no-cache")
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.add_vary_header("Authorization")
            await send(message)

        async def receiving() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > LONGEST_BODY:
                raise HTTPException(413, f"The body is longer than {LONGEST_BODY:,} bytes; send less.")
            return message

        with self._figures.under_way.track_inprogress():
            try:
                await self._app(scope, receiving, sending)
            except Exception as error:
                answer = bug(scope["path"], error)
                if status:  # It broke after it had begun to answer: the connection is all that can be ended.
                    raise
                await answer(scope, receiving, sending)
            finally:
                seconds = time.perf_counter() - began
                self._figures.answered(scope, status, seconds)
                self._tell(scope, status, seconds)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        if scope["path"].startswith(QUIET_BELOW) and status < 400:  # noqa: PLR2004 - an HTTP status
            return
        log.info(
            "request_answered",
            method=scope["method"],
            path=scope["path"],
            status=status,
            milliseconds=round(seconds * 1000, 2),
        )
