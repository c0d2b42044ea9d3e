"""The library's factory on a ``DATABASE_URL``: one pool, one role, and the recorder that knows ``ledger.append``."""

from typing import Any

from eventsourcing.persistence import BaseInfrastructureFactory
from eventsourcing.postgres import ConnectionPool, PostgresDatastore, PostgresFactory
from eventsourcing.utils import Environment, EnvType
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from dealreg.service.ledger.recorder import OneCallRecorder

LOCK_TIMEOUT = "5s"
"""How long a save waits for its turn (architecture D10)."""

IDLE_IN_TRANSACTION = "2s"
"""How long a process may hold a turn without saying anything (architecture D10)."""


def options(url: str, role: str) -> str:
    """The settings that every connection starts with: those of the URL, ours, and the role unless the URL names one."""
    theirs = str(conninfo_to_dict(url).get("options") or "")
    ours = (
        f"-c lock_timeout={LOCK_TIMEOUT} -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION} -c timezone=UTC"
    )
    become = "" if "role=" in theirs else f"-c role={role}"
    return f"{ours} {become} {theirs}"


class UrlDatastore(PostgresDatastore):
    """The library's datastore, with a pool made of a URL."""

    def __init__(self, url: str, *, role: str, pool_size: int, patience: float) -> None:
        """``patience``: seconds to wait for a connection before saying that the database is not there."""
        super().__init__("", "", "", "", "", schema="ledger")
        self.pool = ConnectionPool(
            url,
            connection_class=Connection[DictRow],
            kwargs={"row_factory": dict_row, "options": options(url, role), "autocommit": True, "connect_timeout": 3},
            min_size=1,
            max_size=pool_size,
            open=False,
            timeout=patience,
            name=f"ledger-{role}",
        )

    def register_type_adapters(self) -> None:
        """Nothing to ask the server for: lists go as binary arrays, the composite type of the library is not used."""


class UrlFactory(PostgresFactory):
    """Makes the library's parts from ``DATABASE_URL``, ``LEDGER_ROLE``, ``LEDGER_POOL_SIZE`` and ``LEDGER_PATIENCE``."""

    application_recorder_class = OneCallRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        """The library's own settings of host, user and password are not read."""
        BaseInfrastructureFactory.__init__(self, env)
        self.datastore: PostgresDatastore = UrlDatastore(
            self._setting("DATABASE_URL"),
            role=self._setting("LEDGER_ROLE"),
            pool_size=int(self._setting("LEDGER_POOL_SIZE")),
            patience=float(self._setting("LEDGER_PATIENCE")),
        )

    def env_create_table(self) -> bool:
        """The tables are made by migrations."""
        return False

    def application_recorder(self) -> OneCallRecorder:
        """The recorder of ``ledger.events``."""
        return OneCallRecorder(self.datastore, events_table_name="events")

    def _setting(self, name: str) -> str:
        value: Any = self.env.get(name)
        if not value:
            raise ValueError(f"{name} is not set")
        return str(value)
