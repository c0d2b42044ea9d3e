"""What a running consumer does beside its batches: moves the watermarks, says that it lives, lets old dead letters go."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import NoReturn

import structlog
from psycopg.types.json import Jsonb

from dealreg.service.erasing import retention
from dealreg.service.intake.brokers.adapter import Looking
from dealreg.service.intake.brokers.channel import Backlog, BrokerMissing
from dealreg.service.intake.core import Intake
from dealreg.service.intake.watermarks import Watermarks
from dealreg.service.ledger.errors import LedgerError
from dealreg.service.ledger.ledger import Ledger

LOOK_SECONDS = 0.5
BEAT_SECONDS = 5.0
FORGET_SECONDS = 3600.0

_BEAT = """
INSERT INTO intake.heartbeats (role, instance, detail) VALUES ('consume', %s, %s)
ON CONFLICT (role, instance) DO UPDATE SET at = clock_timestamp(), detail = excluded.detail
"""

Ask = Callable[[], AbstractAsyncContextManager[Looking]]

log = structlog.get_logger(__name__)


class Tending:
    """The side work of one consumer. ``ended_by`` says why it had to stop, if it had to."""

    def __init__(self, ledger: Ledger, intake: Intake, watermarks: Watermarks, instance: str) -> None:
        """``instance`` names this process in its heartbeat."""
        self.ended_by: Exception | None = None
        self.backlog: Backlog | None = None
        self._ledger, self._intake, self._watermarks = ledger, intake, watermarks
        self._instance = instance
        self._task: asyncio.Task[None] | None = None
        self._beat_at = self._forget_at = float("-inf")

    def begin(self, looking: Ask, stop: Callable[[], None]) -> None:
        """Start in the running loop; ``looking`` opens a connection to ask over, ``stop`` ends the consumer when its feed is gone."""
        self._task = asyncio.create_task(self._tend(looking, stop))

    async def end(self) -> None:
        """Stop the side work."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _tend(self, looking: Ask, stop: Callable[[], None]) -> None:
        while True:
            try:
                async with looking() as broker:
                    await self._follow(broker)
            except BrokerMissing as missing:
                # A pull would wait for ever and say nothing.
                log.critical("intake_feed_gone", why=str(missing))
                self.ended_by = missing
                stop()
                return
            except (LedgerError, OSError, TimeoutError) as error:
                log.warning("intake_waits", why=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def _follow(self, broker: Looking) -> NoReturn:
        while True:
            self.backlog = await broker.backlog()
            await asyncio.to_thread(self._look, self.backlog)
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self, now: Backlog) -> None:
        self._watermarks.settled(now.parts, now.apart)
        if time.monotonic() - self._beat_at > BEAT_SECONDS:
            detail = {**self._intake.figures, "waiting": now.waiting, "open": now.open}
            self._ledger.run(_BEAT, [self._instance, Jsonb(detail)])
            self._beat_at = time.monotonic()
        if time.monotonic() - self._forget_at > FORGET_SECONDS:
            retention.tend(self._ledger)
            self._forget_at = time.monotonic()
