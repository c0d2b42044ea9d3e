"""What a superuser does once for an installation: freeze the schema, let the watcher read the server's log of changes.

Everything works without it; `audit verify` says what is missing, and `dealreg migrate --superuser-sql` prints it for whoever may.
"""

from importlib import resources

import psycopg
from psycopg import errors

from dealreg.service.ledger.errors import Unavailable

WATCHER = "ALTER ROLE dealreg_watcher REPLICATION;\n"
"""Belongs to the server; which databases' changes it sees is said by the slot it makes."""


def asked(name: str) -> str:
    """The text of a file of this package."""
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def script() -> str:
    """The SQL for a superuser, to be run in the installation's database after its migrations; again changes nothing."""
    return asked("freezing.sql").replace("{catalogue}", asked("catalogue.sql").rstrip()) + "\n" + WATCHER


def set_up(superuser_url: str) -> None:
    """Run it, whole or not at all. Raises ``Unavailable`` when the server does not answer or the login is no superuser."""
    try:
        with psycopg.connect(superuser_url, connect_timeout=5) as connection:
            connection.execute("SET LOCAL client_min_messages = warning")
            connection.execute(script().encode())
    except (psycopg.OperationalError, errors.InsufficientPrivilege) as error:
        raise Unavailable(f"what needs a superuser could not be set up: {error}") from error


def is_superuser(url: str) -> bool:
    """Whether a login could run it itself. Raises ``Unavailable``."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            found = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = session_user").fetchone()
            return bool(found and found[0])
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database does not answer: {error}") from error
