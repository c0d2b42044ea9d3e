"""Connections to NATS for errands; the consumer's own is FastStream's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoServersError

from dealreg.service.intake.brokers.adapter import hosts
from dealreg.service.ledger.errors import Unavailable

CONNECT_SECONDS = 3


def servers(url: str) -> list[str]:
    """The address of each server of a cluster; who is let in is the same everywhere."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return [f"{parts.scheme}://{user}{at}{host}" for host in hosts(url)]


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    """A connection for a short errand. Raises ``Unavailable`` when nobody answers."""
    try:
        client = await nats.connect(
            servers(url), connect_timeout=CONNECT_SECONDS, max_reconnect_attempts=1, error_cb=_silent
        )
    except (NoServersError, NatsError, OSError, TimeoutError) as error:
        raise Unavailable(
            f"NATS does not answer; run `dealreg up` or see INTAKE_URL ({type(error).__name__})"
        ) from error
    try:
        yield client
    finally:
        # Of a connection that is lost, closing tells the same once more, in place of what was raised.
        with suppress(NatsError, OSError):
            await client.close()


def known_servers(client: Client) -> int:
    """Those that were named and those that the cluster told of."""
    return len({f"{one.hostname}:{one.port}" for one in [*client.servers, *client.discovered_servers]})


async def _silent(_error: Exception) -> None:
    """What goes wrong is raised where it matters."""
