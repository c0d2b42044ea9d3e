"""One NATS server with JetStream in a folder of ours, on a random port of the loopback interface."""

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

from dealreg.service.embedded import children
from dealreg.service.embedded.binaries import nats_binary
from dealreg.service.embedded.trouble import ServerTrouble, with_log

HOST = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 10.0
ATTEMPTS = 5
"""A port found free may be taken by another process before the server binds it."""
CONNECT_SECONDS = 2.0
CONFIGURATION = """\
listen: "{host}:{port}"
server_name: dealreg
pid_file: {pid_file}
authorization {{ token: {token} }}
jetstream {{
  store_dir: {store}
  # JetStream acknowledges before it has synced, every two minutes by default: a power cut would lose what was acknowledged.
  sync_interval: always
  max_file: 4GB
  max_mem: 64MB
}}
"""


class Nats:
    """A NATS server below `folder`: `js/` (its streams), `nats.conf`, `token` and `nats.log`."""

    def __init__(self, folder: Path, *, binary: Path | None = None) -> None:
        """Decide where; nothing is touched before `start`.

        Raises:
            ServerTrouble: no NATS server is to be found.

        """
        self.folder = folder.resolve()
        self.log = self.folder / "nats.log"
        self._configuration = self.folder / "nats.conf"
        self._binary = binary or nats_binary()
        self._port: int | None = None
        self._token = ""
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def intake_url(self) -> str:
        """Its address with the token; the same over every `start` of this object.

        Raises:
            ServerTrouble: it was never started.

        """
        if self._port is None:
            raise ServerTrouble("the NATS server has no address before it is started")
        return f"nats://{self._token}@{HOST}:{self._port}"

    @property
    def pid(self) -> int | None:
        """The server's process, while there is one."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self) -> None:
        """Start it and wait until JetStream is there; an orphan of an earlier supervisor is stopped first.

        Raises:
            ServerTrouble: it does not come up; the message carries the end of its log.

        """
        if self.pid is not None:
            return
        self._prepare()
        for _ in range(ATTEMPTS):
            port = self._port or _free_port()
            self._configure(port)
            self._child = children.spawn(
                [str(self._binary), "-c", str(self._configuration)],
                log=self.log,
                on_parent_death=signal.SIGINT,
                cwd=self.folder,
            )
            if self._answers(port):
                self._port = port
                return
            self.stop()
        raise ServerTrouble(with_log("the NATS server does not start", self.log))

    def stop(self) -> int:
        """Clean shutdown; its return code."""
        if self._child is None:
            return 0
        return children.stop(self._child, by=signal.SIGINT, seconds=STOP_SECONDS)

    def kill(self) -> None:
        """`kill -9`, for tests of what survives it."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def poll(self) -> int | None:
        """Its return code when it has ended, None while it runs."""
        return None if self._child is None else self._child.poll()

    def _prepare(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._stop_orphan()
            self._token = _kept_token(self.folder / "token")
        except OSError as error:
            raise ServerTrouble(
                f"cannot write {self.folder} ({error.strerror}); name another folder with --data-dir"
            ) from error

    def _stop_orphan(self) -> None:
        """Two servers over one store would destroy it, and a random port does not keep them apart."""
        try:
            pid = int((self.folder / "nats.pid").read_text())
        except (OSError, ValueError):
            return
        if str(self._configuration) in children.command_line(pid):
            children.stop_orphan(pid, by=signal.SIGINT, seconds=STOP_SECONDS)

    def _configure(self, port: int) -> None:
        text = CONFIGURATION.format(
            host=HOST,
            port=port,
            token=json.dumps(self._token),
            pid_file=json.dumps(str(self.folder / "nats.pid")),
            store=json.dumps(str(self.folder / "js")),
        )
        _write_secret(self._configuration, text)

    def _answers(self, port: int) -> bool:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.poll() is None:
            if _greets_with_jetstream(port):
                return self.poll() is None
            time.sleep(children.POLL_SECONDS)
        return False


def _greets_with_jetstream(port: int) -> bool:
    """The server's first line is `INFO {…}`; a server whose store is not open yet says so there."""
    try:
        with socket.create_connection((HOST, port), CONNECT_SECONDS) as connection, connection.makefile("rb") as lines:
            greeting = lines.readline()
            return greeting.startswith(b"INFO ") and json.loads(greeting[5:]).get("jetstream") is True
    except (OSError, ValueError):
        return False


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listening:
        return int(listening.getsockname()[1])


def _kept_token(file: Path) -> str:
    """The token written before, so that a client that knows it survives a restart; else a new one."""
    if file.exists():
        return file.read_text().strip()
    token = secrets.token_urlsafe(24)
    _write_secret(file, token)
    return token


def _write_secret(file: Path, text: str) -> None:
    half = file.with_name(f"{file.name}.half")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    half.replace(file)
