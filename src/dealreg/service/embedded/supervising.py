"""What `dealreg up` does: the servers, the migrations, the roles, and the end of all of them.

No event loop and no threads: a supervisor that cannot hang supervises.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dealreg.service.embedded import children
from dealreg.service.embedded.postgres import LOGIN
from dealreg.service.embedded.readiness import free_port, reachable, unready_because
from dealreg.service.embedded.running import Run, write_run
from dealreg.service.embedded.servers import Servers, embedded_servers
from dealreg.service.embedded.summons import Summons, listening
from dealreg.service.embedded.trouble import with_log
from dealreg.service.embedded.workers import ROLES, Tended, Worker, role
from dealreg.service.settings import Settings

MIGRATE_SECONDS = 900.0
"""Longer than any migration of this product; whoever has a larger database runs `dealreg migrate` by hand first."""
ASK_EVERY_SECONDS = 0.1
LOOK_EVERY_SECONDS = 5.0
"""Signals wake the supervisor; this is for what sends none."""


@dataclass(frozen=True)
class Reporting:
    """Where the supervisor says what happens."""

    line: Callable[[str], None]
    """A short sentence for a person."""
    ready: Callable[[dict[str, object]], None]
    """Once: it is ready, or it is not in time and why."""


def bring_up(
    settings: Settings, reporting: Reporting, *, roles: Sequence[Worker] = ROLES, migrate: Worker | None = None
) -> int:
    """Start everything, watch it until a signal comes, and leave nothing running.

    0 after SIGINT, SIGTERM or SIGHUP; 1 when a server died; the code of `migrate` when that failed.

    Raises:
        ServerTrouble: a server does not start, or the port is taken.

    """
    begun_at = time.monotonic()
    with listening() as summons:
        try:
            port = free_port(settings.http_host, settings.http_port)
            with embedded_servers(
                settings.data, postgres=settings.database is None, nats=settings.intake is None
            ) as servers:
                environment = {**os.environ, "DEALREG_DATA": str(settings.data.resolve()), "HTTP_PORT": str(port)}
                up = _Up(settings, servers, reporting, summons, environment, port, begun_at)
                up.announce_servers()
                failed = up.migrate(migrate or role("migrate"))
                summons.no_longer_raise()
                return failed or up.watch(roles)
        except KeyboardInterrupt:
            reporting.line("stopped before it was up")
            return 0


@dataclass
class _Up:
    settings: Settings
    servers: Servers
    reporting: Reporting
    summons: Summons
    environment: dict[str, str]
    port: int
    begun_at: float

    def announce_servers(self) -> None:
        """Let other processes find the servers, and a person know where they are."""
        started = self.servers
        database = None if started.postgres_or_none is None else started.database_url
        intake = None if started.nats_or_none is None else started.intake_url
        write_run(self.settings.run_file, Run(pid=os.getpid(), database_url=database, intake_url=intake))
        self.reporting.line(f"PostgreSQL: {'DATABASE_URL' if database is None else started.postgres.folder}")
        self.reporting.line(f"NATS: {'INTAKE_URL' if intake is None else started.nats.folder}")

    @property
    def logs(self) -> Path:
        """The folder of the roles' logs."""
        folder = self.settings.data.resolve() / "logs"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def migrate(self, worker: Worker) -> int:
        """Run the migrations once; their return code."""
        log = self.logs / f"{worker.name}.log"
        child = children.spawn(worker.command, log=log, on_parent_death=signal.SIGTERM, environment=self._migrating())
        try:
            code = self._wait(child)
        finally:
            children.stop(child, by=signal.SIGTERM, seconds=self.settings.drain_seconds)
        if code != 0:
            self.reporting.line(with_log(f"{worker.name} failed (return code {code})", log))
        return code

    def _migrating(self) -> dict[str, str]:
        """Of our own server the migration may also be its superuser: no role ever is."""
        server = self.servers.postgres_or_none
        if server is None:
            return self.environment
        return {**self.environment, "DATABASE_URL_SUPERUSER": server.url(LOGIN, login="postgres")}

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        """Until the child ends. Raises ``KeyboardInterrupt`` for a request to stop, also for one whose exception Python swallowed.

        An exception of a signal handler is lost where it falls into a finaliser or a callback of the collector, so what counts is
        what is remembered.
        """
        until = time.monotonic() + MIGRATE_SECONDS
        while (code := child.poll()) is None:
            if self.summons.times_asked_to_stop:
                raise KeyboardInterrupt
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(child.args, MIGRATE_SECONDS)
            self.summons.wait(LOOK_EVERY_SECONDS)
        return code

    def watch(self, roles: Sequence[Worker]) -> int:
        """Tend the roles until asked to stop; 0 then, 1 when a server died."""
        tended = [Tended(worker, logs=self.logs, environment=self.environment) for worker in roles]
        self.reporting.line(f"{', '.join(worker.name for worker in roles)}: logs in {self.logs}")
        asking = True
        try:
            while not self.summons.times_asked_to_stop:
                died = self.servers.dead()
                if died is not None:
                    self.reporting.line(died)
                    return 1
                due_at = min((each.tend(self.reporting.line) for each in tended), default=float("inf"))
                asking = asking and not self._ready(tended)
                patience = ASK_EVERY_SECONDS if asking else LOOK_EVERY_SECONDS
                self.summons.wait(min(patience, due_at - time.monotonic()))
            return 0
        finally:
            self._stop(tended)

    def _ready(self, tended: Sequence[Tended]) -> bool:
        """Whether there is nothing more to ask: it is ready and that was said, or its time is over and that was said."""
        seconds = time.monotonic() - self.begun_at
        because = unready_because(self.settings.http_host, self.port)
        if because is not None and seconds < self.settings.ready_seconds:
            return False
        url = f"http://{reachable(self.settings.http_host)}:{self.port}"
        pids = {each.worker.name: each.child.pid for each in tended if each.child is not None}
        facts = {"ready": because is None, "url": url, "seconds": round(seconds, 2), "pid": os.getpid(), "roles": pids}
        if because is None:
            self.reporting.line(f"ready in {seconds:.1f} s: {url}")
        else:
            self.reporting.line(f"not ready after {seconds:.0f} s: {because}; going on, logs in {self.logs}")
        self.reporting.ready(facts if because is None else {**facts, "because": because})
        return True

    def _stop(self, tended: Sequence[Tended]) -> None:
        """SIGTERM to all, wait for all; a second request to stop ends the waiting."""
        asked = self.summons.times_asked_to_stop
        until = time.monotonic() + self.settings.drain_seconds
        for each in tended:
            each.ask_to_stop()
        while not all(each.ended() for each in tended):
            left = until - time.monotonic()
            if left <= 0 or self.summons.times_asked_to_stop > asked:
                break
            self.summons.wait(min(left, 1.0))
        for each in tended:
            unclean = each.kill_rest()
            if unclean is not None:
                self.reporting.line(unclean)
        self.reporting.line("stopped")
