"""The follower that notes which opportunities may have to be told the CRM: one more subscriber of every fact, by the outbox's rules."""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from dealreg.service.ledger.stored_names import StoredNames, stored_names
from dealreg.service.outbox.connecting import Connection
from dealreg.service.outbox.following import PAGE, Reached, advance, behind, reached
from dealreg.service.projecting.binding import Known, open_row

NAME: Final = "writeback"

_RIDES: Final = """
INSERT INTO outbox.rides (registration, opportunity, program) VALUES (%s, %s, %s)
ON CONFLICT (registration) DO UPDATE SET opportunity = excluded.opportunity
"""
_DUE: Final = """
INSERT INTO outbox.writes AS w (opportunity, position)
SELECT DISTINCT r.opportunity, %s::bigint FROM outbox.rides AS r WHERE r.registration = ANY (%s::uuid[])
ON CONFLICT (opportunity) DO UPDATE SET position = excluded.position, due = true,
    due_at = CASE WHEN w.due THEN w.due_at ELSE clock_timestamp() END, tries = CASE WHEN w.due THEN w.tries ELSE 0 END
"""


class Noting:
    """Moves the position and what is due in one transaction: a fact that was seen is never forgotten, and none counts twice."""

    name: Final = NAME

    def __init__(self, *, page: int = PAGE, names: StoredNames | None = None) -> None:
        """``page``: facts in one transaction."""
        self._page, self._names = page, names or stored_names()

    def step(self, connection: Connection) -> bool:
        """Note what the next facts touch. Raises ``Gap`` and psycopg's errors."""
        with connection.transaction():
            at = reached(connection, self.name)
            rows = behind(connection, at.position, self._page)
            if not rows:
                return False
            known = [open_row(row, self._names) for row in rows]
            rides = list(_rides(known))
            if rides:
                with connection.cursor() as cursor:
                    cursor.executemany(_RIDES, rides)
            touched = {one for each in known for one in registrations(each.data)}
            connection.execute(_DUE, [rows[-1].position, list(touched)])
            advance(connection, self.name, Reached(rows[-1].position, at.number + len(rows)))
        return len(rows) == self._page


def _rides(known: Iterable[Known]) -> Iterator[tuple[UUID, UUID, str]]:
    for one in known:
        registration, opportunity = one.data.get("registration"), one.data.get("opportunity")
        if isinstance(registration, str) and isinstance(opportunity, str):
            yield UUID(registration), UUID(opportunity), one.meta["program"]


def registrations(data: Any) -> Iterator[UUID]:
    """Every registration that a fact names, however deep."""
    match data:
        case dict():
            for name, value in data.items():
                if name == "registration" and isinstance(value, str):
                    yield UUID(value)
                else:
                    yield from registrations(value)
        case list():
            for one in data:
                yield from registrations(one)
        case _:
            return
