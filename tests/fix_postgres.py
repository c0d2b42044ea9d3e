"""A real PostgreSQL, once a test process, and a fresh migrated database for each test.

Each pytest-xdist worker has servers of its own (about a second); sharing one pair would need somebody to outlive
every worker, and the servers are made to die with whoever started them.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from dealreg.service.embedded.servers import Servers, embedded_servers
from dealreg.service.guarding.superuser import set_up
from dealreg.service.migrating import migrate

TEMPLATE = "migrated"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL and NATS as `dealreg up` starts them, in a folder of this test process.

    A test may kill one and start it again: `servers.postgres.kill()`, `servers.postgres.start()`.
    """
    with embedded_servers(tmp_path_factory.mktemp("dealreg")) as started:
        yield started


@pytest.fixture(scope="session")
def _template(servers: Servers) -> str:
    """A migrated database that each test's own is copied from."""
    with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER dealreg").format(sql.Identifier(TEMPLATE)))
        migrate(servers.postgres.url(TEMPLATE))
        # A template must have nobody in it.
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (TEMPLATE,)
        )
    return TEMPLATE


@pytest.fixture
def database_url(servers: Servers, _template: str) -> Iterator[str]:
    """A migrated database of this test's own, reached as its owner (no superuser), gone afterwards."""
    servers.postgres.start()
    yield from _fresh(servers, template=_template)


@pytest.fixture
def empty_database_url(servers: Servers) -> Iterator[str]:
    """The same without any migration."""
    servers.postgres.start()
    yield from _fresh(servers, template="template1")


def _fresh(servers: Servers, *, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    database, source = sql.Identifier(name), sql.Identifier(template)
    with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER dealreg TEMPLATE {}").format(database, source))
    yield servers.postgres.url(name)
    # The test may have killed the server and not started it again.
    servers.postgres.start()
    with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


def let_owner_make_schemas(database_url: str) -> None:
    """What `migrate` grants on the database itself, which a copy of a template does not have."""
    with psycopg.connect(database_url, autocommit=True) as login:
        login.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO dealreg_owner").format(sql.Identifier(login.info.dbname)))


def as_superuser(database_url: str) -> str:
    """The same database as the server's superuser."""
    return database_url.replace("//dealreg@", "//postgres@", 1)


@pytest.fixture
def frozen_url(database_url: str) -> str:
    """A migrated database of this test's own that a superuser has frozen, as `dealreg up` does."""
    set_up(as_superuser(database_url))
    let_owner_make_schemas(database_url)
    return database_url


@contextmanager
def past_the_door(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Let the owner of a database whose schema is not frozen put rows into `ledger.events` that no caller of ours could make."""
    connection.execute("ALTER TABLE ledger.events DISABLE TRIGGER only_by_the_door")
    yield
    connection.execute("ALTER TABLE ledger.events ENABLE ALWAYS TRIGGER only_by_the_door")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder of this test's own, for tests that start servers themselves."""
    return tmp_path / "dealreg"
