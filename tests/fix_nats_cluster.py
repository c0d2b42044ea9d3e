"""Three real NATS servers that are one cluster."""

import asyncio
import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from nats.errors import Error as NatsError

from dealreg.service.embedded.binaries import nats_binary
from dealreg.service.intake.brokers.jetstream.connecting import connected
from dealreg.service.ledger.errors import Unavailable

NODES = 3
START_SECONDS = 60
CONFIGURATION = """\
listen: "127.0.0.1:{client}"
http: "127.0.0.1:{monitor}"
server_name: "{name}"
jetstream {{ store_dir: {store}, sync_interval: always, max_file: 1GB, max_mem: 64MB }}
cluster {{ name: "dealreg", listen: "127.0.0.1:{route}", routes: {routes} }}
"""


class Node:
    """One of the servers; it can be killed and started again over what it has on disk."""

    def __init__(self, folder: Path, client: int, monitor: int, route: int, routes: list[int]) -> None:
        self.name, self.client, self.monitor = folder.name, client, monitor
        self._folder = folder
        folder.mkdir()
        text = CONFIGURATION.format(
            client=client,
            monitor=monitor,
            route=route,
            name=folder.name,
            store=json.dumps(str(folder / "js")),
            routes=json.dumps([f"nats://127.0.0.1:{port}" for port in routes]),
        )
        (folder / "nats.conf").write_text(text)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.process is None or self.process.poll() is not None:
            words = [str(nats_binary()), "-c", str(self._folder / "nats.conf")]
            with (self._folder / "nats.log").open("ab") as output:
                self.process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def healthy(self) -> bool:
        """Whether it has caught up with the others."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}/healthz", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Cluster:
    """All of them."""

    def __init__(self, folder: Path) -> None:
        with ExitStack() as stack:
            free = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3 * NODES)]
            ports = [one.getsockname()[1] for one in free]
        routes = ports[2 * NODES :]
        self.nodes = {
            f"n{number}": Node(folder / f"n{number}", ports[number], ports[NODES + number], routes[number], routes)
            for number in range(NODES)
        }

    @property
    def url(self) -> str:
        return "nats://" + ",".join(f"127.0.0.1:{node.client}" for node in self.nodes.values())

    def start(self) -> None:
        """All that do not run; wait until each has caught up."""
        for node in self.nodes.values():
            node.start()
        deadline = time.monotonic() + START_SECONDS
        while not all(node.healthy() for node in self.nodes.values()):
            assert time.monotonic() < deadline, "the cluster does not come up"
            time.sleep(0.1)

    def stop(self) -> None:
        for node in self.nodes.values():
            if node.process is not None:
                node.kill()

    def leaders(self, stream: str, durable: str) -> tuple[str, str]:
        """Which node leads the stream, and which the durable; asked until both have one."""

        async def ask() -> tuple[str | None, str | None]:
            async with connected(self.url) as client:
                jetstream = client.jetstream(timeout=1)
                held = (await jetstream.stream_info(stream)).cluster
                read = (await jetstream.consumer_info(stream, durable)).cluster
                return held.leader if held else None, read.leader if read else None

        deadline = time.monotonic() + START_SECONDS
        while True:
            with suppress(NatsError, Unavailable, TimeoutError):
                of_stream, of_durable = asyncio.run(ask())
                if of_stream and of_durable:
                    return of_stream, of_durable
            assert time.monotonic() < deadline, "no leader was chosen"
            time.sleep(0.1)


@pytest.fixture
def nats_cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
