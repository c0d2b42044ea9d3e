"""Both servers of a data folder, for `dealreg up`, the demo and the tests."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dealreg.service.embedded.holding import held
from dealreg.service.embedded.jetstream import Nats
from dealreg.service.embedded.postgres import Postgres
from dealreg.service.embedded.trouble import ServerTrouble


@dataclass(frozen=True)
class Servers:
    """What was started; each can be killed and started again."""

    postgres_or_none: Postgres | None
    nats_or_none: Nats | None

    @property
    def postgres(self) -> Postgres:
        """The database server.

        Raises:
            ServerTrouble: it was not asked for.

        """
        if self.postgres_or_none is None:
            raise ServerTrouble("no embedded PostgreSQL was started here")
        return self.postgres_or_none

    @property
    def nats(self) -> Nats:
        """The broker.

        Raises:
            ServerTrouble: it was not asked for.

        """
        if self.nats_or_none is None:
            raise ServerTrouble("no embedded NATS server was started here")
        return self.nats_or_none

    @property
    def database_url(self) -> str:
        """The product's database, as its owner."""
        return self.postgres.database_url

    @property
    def intake_url(self) -> str:
        """The broker, with its token."""
        return self.nats.intake_url

    def dead(self) -> str | None:
        """In words, which server has ended although nobody stopped it."""
        for name, server in (("PostgreSQL", self.postgres_or_none), ("NATS", self.nats_or_none)):
            if server is not None and server.poll() is not None:
                return f"{name} died (return code {server.poll()}); its log: {server.log}"
        return None


@contextlib.contextmanager
def embedded_servers(data_dir: Path, *, postgres: bool = True, nats: bool = True) -> Iterator[Servers]:
    """Hold the folder, start what is asked for, and stop it on the way out: the broker first, then the database.

    Raises:
        AlreadyHeld: another process holds the folder.
        ServerTrouble: a server does not start.

    """
    root = data_dir.resolve()
    with held(root):
        database = Postgres(root / "pg") if postgres else None
        broker = Nats(root / "nats") if nats else None
        try:
            for server in (database, broker):
                if server is not None:
                    server.start()
            yield Servers(database, broker)
        finally:
            for server in (broker, database):
                if server is not None:
                    server.stop()
