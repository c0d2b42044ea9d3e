"""Servers and a consumer for a run from the command line: those that are there, else our own for as long as it takes."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from dealreg.service import migrating
from dealreg.service.composition import House
from dealreg.service.embedded import children
from dealreg.service.embedded.servers import embedded_servers
from dealreg.service.embedded.trouble import AlreadyHeld, ServerTrouble, with_log
from dealreg.service.intake.broker import Backlog, Size, ask_backlog, provision_broker, somebody_consumes
from dealreg.service.settings import Role, Settings

STOP_SECONDS = 20.0


@dataclass
class World:
    """The parts of this process, and the consumer it started, if any."""

    house: House
    settings: Settings
    consumer: "Consumer | None" = None

    def backlog(self) -> Backlog:
        """How far the intake is. Raises ``ServerTrouble`` when the consumer has died, ``Unavailable``."""
        if self.consumer is not None:
            self.consumer.alive()
        return ask_backlog(self.settings.intake_url())


class Consumer:
    """The role `consume` in a process of its own, as `dealreg up` would run it."""

    def __init__(self, settings: Settings) -> None:
        """Start it."""
        logs = settings.data.resolve() / "logs"
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log = logs / "consume.log"
        environment = {
            **os.environ,
            "DEALREG_DATA": str(settings.data.resolve()),
            "DATABASE_URL": settings.database_url(Role.OWNER),
            "INTAKE_URL": settings.intake_url(),
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "WARNING",
        }
        self._child = children.spawn(
            (sys.executable, "-m", "dealreg", "consume"),
            log=self._log,
            on_parent_death=signal.SIGKILL,
            environment=environment,
        )

    def alive(self) -> None:
        """Raises ``ServerTrouble`` when it has ended."""
        if self._child.poll() is not None:
            raise ServerTrouble(with_log(f"consume ended (return code {self._child.returncode})", self._log))

    def stop(self) -> None:
        """Let it finish what it holds."""
        children.stop(self._child, by=signal.SIGTERM, seconds=STOP_SECONDS)


@contextmanager
def world(settings: Settings) -> Iterator[World]:
    """Everything that a run needs: PostgreSQL and NATS, migrated, and somebody who consumes.

    Named servers (DATABASE_URL, INTAKE_URL) are used as they are; a `dealreg up` in the same folder is joined; else the embedded ones run
    until the end. Raises ``ServerTrouble`` and ``Unavailable``.
    """
    with ExitStack() as stack:
        here = _reached(settings, stack)
        migrating.migrate(here.database_url(Role.OWNER))
        provision_broker(here.intake_url(), size=Size(here.intake_replicas, here.intake_partitions))
        house = stack.enter_context(House(here))
        made = World(house, here)
        # Two at once would each take every other batch, and the order of a file that leads its own clock would be lost.
        if not somebody_consumes(here.intake_url()):
            made.consumer = Consumer(here)
            stack.callback(made.consumer.stop)
        yield made


def _reached(settings: Settings, stack: ExitStack) -> Settings:
    """Settings that name both servers."""
    if settings.database is not None and settings.intake is not None:
        return settings
    try:
        servers = stack.enter_context(
            embedded_servers(settings.data, postgres=settings.database is None, nats=settings.intake is None)
        )
    except AlreadyHeld:
        database, intake = settings.database_url(Role.OWNER), settings.intake_url()
    else:
        database = settings.database or servers.database_url
        intake = settings.intake or servers.intake_url
    return settings.model_copy(update={"database": database, "intake": intake})
