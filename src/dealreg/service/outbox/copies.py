"""The outbox's own copies of what partners read, moved fact by fact; a trigger on them says which row of whom changed (decision 31).

What a partner may know of a fact is said in one place, the SQL of ``projections/``. So a partner is not told facts: it is told what its
own rows say after each of them. What changes no row of its own makes no message.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from psycopg import RawCursor

from dealreg.service.ledger.stored_names import StoredNames
from dealreg.service.outbox.connecting import Connection
from dealreg.service.projecting.binding import Row, bind, open_row
from dealreg.service.projecting.folders import ReadModel, read_models

SHOWN: Final = {"my_deals": "newest", "network_deals": "newest", "my_joinings": "open", "special_prices": "mine"}
"""What partners read, each with the question whose columns it is told in; the table has the model's name."""

CURSOR: Final = "cursor"
"""A column of questions with pages: it says where a page ends, not what a row is."""

_FACTS: Final = """
SELECT position, originator_id::text, originator_version, topic, state, recorded_at::text FROM ledger.events
WHERE position > $1::bigint AND position <= $2::bigint AND topic = ANY ($3::text[]) ORDER BY position LIMIT $4::int
"""
_SITUATION: Final = "SELECT set_config('dealreg.position', $1, true), set_config('dealreg.recorded_at', $2, true)"
_PATH: Final = "SELECT set_config('search_path', $1, true)"
_COLUMNS: Final = """
SELECT attname, atttypid = 'numeric'::regtype FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""


@dataclass(frozen=True, slots=True)
class Copy(ReadModel):
    """A model whose copy stands in a schema of the outbox; its rows are for the outbox alone."""

    def schema(self, generation: int = 0) -> str:  # noqa: ARG002 - there is one
        """The schema of the copy."""
        return f"outbox_{self.name}"

    @property
    def table(self) -> str:
        """The table with the rows that are told."""
        return f"{self.schema()}.{self.name}"


@cache
def copies() -> tuple[Copy, ...]:
    """Those of this build, read once. Raises ``BadReadModel``."""
    found = read_models()
    return tuple(Copy(one.name, one.digest, one.tables, (), one.on, one.ask) for one in (found[name] for name in SHOWN))


class Copies:
    """All copies on one connection, moved together."""

    def __init__(self, connection: Connection, names: StoredNames) -> None:
        """Raises ``BadReadModel``."""
        self._connection, self._names = connection, names
        self.models = copies()
        self.topics = sorted({topic for model in self.models for topic in model.on})

    def stand(self) -> bool:
        """Whether they are there, made of this build's SQL."""
        rows = self._connection.execute("SELECT model, digest FROM outbox.copies").fetchall()
        return dict(rows) == {model.name: model.digest for model in self.models}

    def make(self) -> None:
        """Empty, in the caller's transaction, in place of what stood there."""
        self._connection.execute("DELETE FROM outbox.copies")
        for model in self.models:
            self._connection.execute(f"DROP SCHEMA IF EXISTS {model.schema()} CASCADE")
            self._connection.execute(f"CREATE SCHEMA {model.schema()}")
            RawCursor(self._connection).execute(_PATH, [f"{model.schema()}, pg_catalog"])
            self._connection.execute(model.tables or "")
            self._connection.execute("INSERT INTO outbox.copies VALUES (%s, %s)", [model.name, model.digest])

    def listen(self) -> None:
        """From here on a change of a row is noted for the partner whose it is, in the caller's transaction."""
        for model in self.models:
            hidden = ", ".join(f"'{name}'" for name in self.hidden(model))
            self._connection.execute(
                f"CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON {model.table} FOR EACH ROW"
                f" EXECUTE FUNCTION outbox.tell('{model.name}', {hidden})"
            )

    def hidden(self, model: Copy) -> list[str]:
        """The columns that the model's question does not answer: the reader's id, and what is kept to find rows by."""
        shown = self.shown(model)
        return sorted({name for name, _ in self._connection.execute(_COLUMNS, [model.table]).fetchall()} - set(shown))

    def shown(self, model: Copy) -> list[str]:
        """The columns that the model's question answers."""
        question = model.ask[SHOWN[model.name]]
        cursor = RawCursor(self._connection)
        with self._connection.transaction():
            cursor.execute(_PATH, [f"{model.schema()}, pg_catalog"])
            cursor.execute(f"SELECT * FROM ({question.text}) AS q LIMIT 0", [None] * len(question.names))  # noqa: S608 - a file of this build
        return [column.name for column in cursor.description or () if column.name != CURSOR]

    def exact(self) -> dict[str, frozenset[str]]:
        """Of each model the columns with decimals, which JSON numbers would round."""
        return {
            model.name: frozenset(
                name for name, is_exact in self._connection.execute(_COLUMNS, [model.table]) if is_exact
            )
            for model in self.models
        }

    def next(self, after: int, up_to: int, limit: int) -> list[Row]:
        """The next facts that any of them hears."""
        cursor = RawCursor(self._connection)
        cursor.execute(_FACTS, [after, up_to, self.topics, limit], prepare=True, binary=True)
        return [Row(*row) for row in cursor.fetchall()]

    def apply(self, rows: list[Row]) -> None:
        """Move them by facts, one after another, in the caller's transaction."""
        with self._connection.pipeline():
            for row in rows:
                known = open_row(row, self._names)
                self._send(_SITUATION, [str(row.position), row.recorded_at])
                for model in self.models:
                    if (statement := model.on.get(row.topic)) is not None:
                        self._send(_PATH, [f"{model.schema()}, pg_catalog"])
                        self._send(f"/* {model.name} */ {statement.text}", bind(known, statement.names))

    def _send(self, text: str, values: list[Any]) -> None:
        RawCursor(self._connection).execute(text, values, prepare=True)
