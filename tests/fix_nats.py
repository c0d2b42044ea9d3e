"""A real NATS server, once a test process, and a stream prefix for each test."""

import asyncio
import secrets
from collections.abc import Iterator

import nats
import pytest

from dealreg.service.embedded.servers import Servers


@pytest.fixture
def nats_url(servers: Servers) -> str:
    """The broker of this test process, with its token; started again if the test before this one killed it."""
    servers.nats.start()
    return servers.intake_url


@pytest.fixture
def stream_prefix(servers: Servers, nats_url: str) -> Iterator[str]:
    """Begin every stream's name with this (upper-case letters and digits); those streams are gone afterwards."""
    prefix = f"T{secrets.token_hex(5).upper()}"
    yield prefix
    servers.nats.start()
    asyncio.run(_delete_streams(nats_url, prefix))


async def _delete_streams(url: str, prefix: str) -> None:
    connection = await nats.connect(url)
    try:
        jetstream = connection.jetstream()
        for stream in await jetstream.streams_info():
            if stream.config.name and stream.config.name.startswith(prefix):
                await jetstream.delete_stream(stream.config.name)
    finally:
        await connection.close()
