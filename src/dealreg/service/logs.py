"""One pipeline for every log line: ours, and those of uvicorn, FastStream and psycopg that come through `logging`.

JSON unless standard error is a terminal; `LOG_FORMAT` says otherwise. A traceback never shows local variables: they
hold what the CRM sent. Log events are `snake_case` constants, what varies stands in keys.
"""

import logging
import sys
from typing import TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

from dealreg.service.settings import Settings

BROKER_LOGGER = "dealreg.broker"
"""The logger to give FastStream: `NatsBroker(logger=logging.getLogger(BROKER_LOGGER))`, never None (it would hide what a
handler raised) and no structlog logger (FastStream passes its context as `extra=`)."""
EXTRAS = frozenset({"subject", "queue", "stream", "message_id"})
"""What FastStream says of a message beside the text. Nothing else is taken from a foreign record: not what uvicorn says a
second time in colours, and no bodies."""
QUIET = (BROKER_LOGGER, "faststream", "nats", "httpx", "httpcore", "yoyo", "psycopg", "psycopg.pool")
"""Loggers that would write lines for every batch or request, heard from WARNING on (eventsourcing silences psycopg altogether)."""
MAX_FRAMES = 12


def configure_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Set up logging for this process; once, at its entry point, before anything logs.

    Start uvicorn with `log_config=None`. `stream` is standard error unless a test says otherwise.
    """
    output = sys.stderr if stream is None else stream
    shared = _shared()
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        ProcessorFormatter(
            # A record of the standard library has not been through structlog: it gets the same treatment here.
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(allow=EXTRAS)],
            processors=[ProcessorFormatter.remove_processors_meta, *_rendering(settings, output)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    _lead_through_root(settings.log_level)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _rendering(settings: Settings, output: TextIO) -> list[Processor]:
    if (settings.log_format or ("console" if output.isatty() else "json")) == "console":
        plain = structlog.dev.RichTracebackFormatter(show_locals=False, max_frames=MAX_FRAMES)
        return [structlog.dev.ConsoleRenderer(colors=output.isatty(), exception_formatter=plain)]
    shown = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=MAX_FRAMES)
    return [
        structlog.processors.ExceptionRenderer(shown),
        structlog.processors.JSONRenderer(default=str),
    ]


def _lead_through_root(level: str) -> None:
    """Take from every library logger the handlers it came with, so that no line is written twice or past the pipeline."""
    for name in list(logging.Logger.manager.loggerDict):
        logger = logging.getLogger(name)
        if name.split(".")[0] in {"uvicorn", "faststream", "dealreg"}:
            logger.handlers.clear()
            logger.propagate = True
    logging.captureWarnings(capture=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
