"""One PostgreSQL server in a folder of ours: made, started, killed, started again, stopped.

It listens on a Unix socket that only its owner can open, and on nothing else. What makes it durable (`fsync`,
`full_page_writes`, `synchronous_commit`) stays as PostgreSQL sets it.
"""

import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from dealreg.service.embedded import children
from dealreg.service.embedded.binaries import postgres_binaries
from dealreg.service.embedded.cluster import Cluster, quiet_environment
from dealreg.service.embedded.sockets import socket_folder
from dealreg.service.embedded.standing import Standing, own_standing
from dealreg.service.embedded.trouble import ServerTrouble, with_log

PORT = 5432
"""Only a part of the socket's file name: there is no TCP."""
LOGIN = "dealreg"
"""Owner of the database and no superuser, as in production: it may make roles and become them."""
MAX_CONNECTIONS = 100
SLOT_KEEPS = "2GB"
"""Of the write-ahead log, for a watcher that is away."""
START_SECONDS = 60.0
"""Enough to replay a long write-ahead log after a crash on a slow disk."""
STOP_SECONDS = 30.0
ATTEMPTS = 20
"""A start right after `kill -9` may find the dead server's last child still attached to its shared memory."""
ATTEMPT_SECONDS = 0.1
LINGERING = "pre-existing shared memory block"


class Postgres:
    """A PostgreSQL server below `folder`: `data/`, `run/` (its socket) and `postgres.log`."""

    def __init__(
        self, folder: Path, *, database: str = LOGIN, binaries: Path | None = None, standing: Standing | None = None
    ) -> None:
        """Decide where and as whom; nothing is touched before `start`.

        Raises:
            ServerTrouble: no PostgreSQL is to be found.

        """
        self.folder = folder.resolve()
        self.log = self.folder / "postgres.log"
        self._database = database
        self._cluster = Cluster(
            self.folder, binaries or postgres_binaries(), standing or own_standing(self.folder / "data")
        )
        self._sockets = socket_folder(self.folder)
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def database_url(self) -> str:
        """The product's database, as its owner, who is no superuser."""
        return self.url(self._database)

    @property
    def superuser_url(self) -> str:
        """The cluster's `postgres` database as its superuser, for what no login of the product may do."""
        return self.url("postgres", login="postgres")

    def url(self, database: str, *, login: str = LOGIN) -> str:
        """The address of any database of this server."""
        return f"postgresql://{login}@/{quote(database)}?host={quote(str(self._sockets), safe='')}&port={PORT}"

    @property
    def pid(self) -> int | None:
        """The postmaster's process, while there is one."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self) -> None:
        """Make the cluster if there is none, start it and wait until it answers.

        An orphan of an earlier supervisor is stopped first; a pid file left by a crash is no obstacle.

        Raises:
            ServerTrouble: it does not come up; the message carries the end of its log.

        """
        if self.pid is not None:
            return
        self._cluster.prepare()
        self._cluster.clear_stale_pid_file()
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        self._cluster.hand_over(self._sockets)
        for attempt in range(ATTEMPTS):
            self._child = self._spawned()
            if self._answers():
                break
            if attempt + 1 == ATTEMPTS or not self._lingering():
                self.stop()
                raise ServerTrouble(with_log("PostgreSQL does not start", self.log))
            time.sleep(ATTEMPT_SECONDS)
        self._ensure_database()

    def stop(self) -> int:
        """Fast shutdown: sessions are ended, everything is flushed; its return code."""
        if self._child is None:
            return 0
        return children.stop(self._child, by=signal.SIGINT, seconds=STOP_SECONDS)

    def kill(self) -> None:
        """`kill -9` of the postmaster, for tests of what survives it; its children leave by themselves."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def poll(self) -> int | None:
        """Its return code when it has ended, None while it runs."""
        return None if self._child is None else self._child.poll()

    def _spawned(self) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": '"{}"'.format(str(self._sockets).replace('"', '""')),
            "unix_socket_permissions": "0700",
            "max_connections": str(MAX_CONNECTIONS),
            "timezone": "UTC",
            "log_timezone": "UTC",
            # For the watcher; a slot that nobody reads any more holds at most so much of the disk, and is then lost.
            "wal_level": "logical",
            "max_slot_wal_keep_size": SLOT_KEEPS,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return children.spawn(
            [*self._cluster.command, *options],
            log=self.log,
            standing=self._cluster.standing,
            on_parent_death=signal.SIGINT,
            environment=quiet_environment(),
            cwd=self.folder,
        )

    def _answers(self) -> bool:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.poll() is None:
            try:
                psycopg.connect(self.superuser_url, connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(children.POLL_SECONDS)
            else:
                # Whoever answered must be the one just started.
                return self.poll() is None
        return False

    def _lingering(self) -> bool:
        return self.poll() is not None and LINGERING in with_log("", self.log)

    def _ensure_database(self) -> None:
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            login, database = sql.Identifier(LOGIN), sql.Identifier(self._database)
            if not _there(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", LOGIN):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB").format(login))
            if not _there(connection, "SELECT 1 FROM pg_database WHERE datname = %s", self._database):
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, login))


def _there(connection: psycopg.Connection, question: str, name: str) -> bool:
    return connection.execute(question.encode(), (name,)).fetchone() is not None
