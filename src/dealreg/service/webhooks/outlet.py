"""The open connection of the door to the broker: what is posted lies there before the source is answered."""

import asyncio
from contextlib import AsyncExitStack, suppress

from dealreg.service.intake.brokers.adapter import Sending, adapter
from dealreg.service.intake.brokers.channel import BrokerRefuses, Wiring
from dealreg.service.intake.publishing import Outgoing
from dealreg.service.ledger.errors import Unavailable

AGAIN_SECONDS = 0.2


class Outlet:
    """Opened at its first use, and again after the broker was away. Requests of one event loop share it."""

    def __init__(self, url: str, wiring: Wiring) -> None:
        """Raises ``NoServer`` for a broker that nobody knows."""
        self._adapter, self._wiring = adapter(url), wiring
        self._opening = asyncio.Lock()
        self._open: tuple[AsyncExitStack, Sending] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def publish(self, message: Outgoing, seconds: float) -> bool:
        """Until the broker holds it; whether it had it already. A broker that comes back within the time is waited for.

        Raises ``Unavailable``.
        """
        post, why = message.post(self._wiring), "no answer"
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        sending = await self._opened()
                        return bool(await sending.send([post]))
                    except BrokerRefuses:
                        raise
                    except Unavailable as error:
                        why = str(error)
                        self._drop()
                        await asyncio.sleep(AGAIN_SECONDS)
        except TimeoutError as error:
            self._drop()
            raise Unavailable(f"the broker took nothing for {seconds:g} s: {why}") from error

    async def close(self) -> None:
        """Give the connection back."""
        self._drop()
        await asyncio.gather(*self._closing)

    def _drop(self) -> None:
        """Let go of the connection. A client may wait long for a broker that is away before it is closed: no source waits with it."""
        held, self._open = self._open, None
        if held is not None:
            closing = asyncio.create_task(_closed(held[0]))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _opened(self) -> Sending:
        async with self._opening:
            if self._open is None:
                async with AsyncExitStack() as stack:
                    sending = await stack.enter_async_context(self._adapter.sending(self._wiring))
                    self._open = stack.pop_all(), sending
            return self._open[1]


async def _closed(stack: AsyncExitStack) -> None:
    with suppress(Unavailable, OSError):
        await stack.aclose()
