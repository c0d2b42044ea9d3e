"""Questions to the read models, under row-level security (architecture D9): the only way in which a partner or manager reads anything.

Who asks, as which role, and in which generation hold for one transaction, so that a pooled connection forgets them.
"""

import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

from psycopg import RawCursor, errors
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from dealreg.service.projecting.binding import as_text
from dealreg.service.projecting.connecting import Connection
from dealreg.service.projecting.errors import NotReadable, UnknownQuestion
from dealreg.service.projecting.folders import ReadModel, read_models
from dealreg.service.projecting.standing import Standing, standings
from dealreg.service.projecting.statements import Statement
from dealreg.vocabulary.fact import Role

DATABASE_ROLES: Final[Mapping[Role, str]] = {
    Role.DEALER: "dealreg_reader",
    Role.DISTRIBUTOR: "dealreg_reader",
    Role.MASTER: "dealreg_reader",
    Role.CHANNEL_MANAGER: "dealreg_reader",
    Role.DEAL_DESK: "dealreg_reader",
    Role.AUDITOR: "dealreg_auditor",
    Role.CRM: "dealreg_app",
    Role.CLOCK: "dealreg_app",
}
"""As whom the database sees a caller (rules.md section 4 through the grants of ``readers.sql``)."""

_ENTER = """
SELECT g.generation, set_config('role', %s, true), set_config('dealreg.reader', %s, true),
       set_config('search_path', g.model || '_g' || g.generation || ', pg_catalog', true)
FROM projection.generations AS g WHERE g.model = %s AND g.state = 'live'
"""
_ENTER_WITHOUT_TABLES = "SELECT 0, set_config('role', %s, true), set_config('dealreg.reader', %s, true), %s::text"
_POSITION = "SELECT position FROM projection.generations WHERE model = %s AND state = 'live'"
_NAP_SECONDS = 0.01
_TRIES = 3


class Reading:
    """Asks ``ask/*.sql`` of the read models. Threads share one; leave it by ``close`` or as a context."""

    def __init__(
        self, database_url: str, *, folder: Path | None = None, pool_size: int = 8, patience: float = 3.0
    ) -> None:
        """The login must be able to become the roles that are asked as. Nothing is opened before the first question.

        ``patience``: seconds to wait for a connection.
        """
        self._folder = folder
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            database_url,
            kwargs={
                "autocommit": True,
                "connect_timeout": 3,
                "options": "-c timezone=UTC -c default_transaction_read_only=on -c statement_timeout=10s -c jit=off",
            },
            min_size=0,
            max_size=pool_size,
            open=False,
            timeout=patience,
            name="reading",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give every connection back."""
        self._pool.close()

    @cached_property
    def models(self) -> dict[str, ReadModel]:
        """Every read model by name. Raises ``BadReadModel``."""
        return read_models(self._folder)

    def ask(
        self, model: str, query: str, reader: UUID | None, role: Role, params: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The rows that this reader may see, in the query's order; parameters that are not given are NULL.

        A question that comes in pages takes ``after`` (the ``cursor`` of the last row seen) and ``limit``. Without a reader a role that
        reads by row sees none. Raises ``NotReadable`` and ``UnknownQuestion``, and psycopg's errors as they come.
        """
        found = self._model(model)
        statement = self._statement(found, query)
        given = dict(params or {})
        if unknown := sorted(set(given) - set(statement.names)):
            raise UnknownQuestion(
                f"{model}/{query} takes no {', '.join(unknown)}; it takes {', '.join(statement.names)}"
            )
        database_role = DATABASE_ROLES[role]
        if database_role not in found.roles:
            raise NotReadable(f"{model} is not for a {role}")
        values = [as_text(given.get(name)) for name in statement.names]
        for tries in range(_TRIES):
            try:
                return self._answer(found, statement, values, database_role, reader)
            except (errors.UndefinedTable, errors.InvalidSchemaName):  # The generation went between two statements.
                if tries == _TRIES - 1:
                    raise
        raise AssertionError

    def wait_for(self, model: str, position: int, timeout: float = 1.0) -> int:
        """Wait until the model has applied everything up to a position; by how much it is behind after ``timeout`` seconds, 0 if not."""
        until = time.monotonic() + timeout
        while True:
            with self._connection() as connection:
                row = connection.execute(_POSITION, [self._model(model).name]).fetchone()
            behind = max(position - (int(row[0]) if row is not None else 0), 0)
            if behind == 0 or time.monotonic() >= until:
                return behind
            time.sleep(_NAP_SECONDS)

    def positions(self) -> list[Standing]:
        """How far each model is, how far behind, whether anybody moves it, and what stopped it."""
        with self._connection() as connection, connection.transaction():
            connection.execute("SET LOCAL ROLE dealreg_app")
            return standings(connection)

    def _answer(
        self, model: ReadModel, statement: Statement, values: list[str | None], role: str, reader: UUID | None
    ) -> list[dict[str, Any]]:
        enter = _ENTER if model.tables is not None else _ENTER_WITHOUT_TABLES
        with self._connection() as connection, connection.transaction():
            entered = connection.execute(enter, [role, str(reader or ""), model.name]).fetchone()
            if entered is None:
                raise errors.UndefinedTable(f"{model.name} has no tables yet; run `dealreg migrate`")
            # The generation in the text: a pooled plan of another one would not fit its columns.
            cursor = RawCursor(connection, row_factory=dict_row)
            return cursor.execute(f"/* g{entered[0]} */ {statement.text}", values).fetchall()

    def _model(self, name: str) -> ReadModel:
        if name not in self.models:
            raise UnknownQuestion(f"no read model {name}; there are {', '.join(sorted(self.models))}")
        return self.models[name]

    def _statement(self, model: ReadModel, query: str) -> Statement:
        if query not in model.ask:
            raise UnknownQuestion(f"{model.name} does not answer {query}; it answers {', '.join(sorted(model.ask))}")
        return model.ask[query]

    def _connection(self) -> Any:
        self._pool.open()
        return self._pool.connection()
