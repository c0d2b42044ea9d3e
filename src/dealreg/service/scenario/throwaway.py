"""A PostgreSQL that lives for one run of scenarios: an invented fact never comes near a ledger that somebody uses."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from dealreg.service.embedded.servers import embedded_servers
from dealreg.service.migrating import migrate

TEMPLATE = "migrated"


@contextmanager
def throwaway() -> Iterator[Callable[[], str]]:
    """Start an embedded server in a folder of its own; each call gives the address of a fresh, migrated, empty database.

    Raises ``ServerTrouble`` when it does not start.
    """
    with (
        tempfile.TemporaryDirectory(prefix="dealreg-scenario-", ignore_cleanup_errors=True) as folder,
        embedded_servers(Path(folder), nats=False) as servers,
        psycopg.connect(servers.postgres.superuser_url, autocommit=True) as owner,
    ):
        owner.execute(sql.SQL("CREATE DATABASE {} OWNER dealreg").format(sql.Identifier(TEMPLATE)))
        migrate(servers.postgres.url(TEMPLATE))
        # A template must have nobody in it.
        owner.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [TEMPLATE])
        numbers = itertools.count(1)

        def fresh() -> str:
            name = f"case_{next(numbers)}"
            database, template = sql.Identifier(name), sql.Identifier(TEMPLATE)
            owner.execute(sql.SQL("CREATE DATABASE {} OWNER dealreg TEMPLATE {}").format(database, template))
            return servers.postgres.url(name)

        yield fresh
