"""What could not be told, and asking for it again."""

from datetime import datetime
from typing import Final
from uuid import UUID

from dealreg.service.outbox.connecting import Connection
from dealreg.vocabulary.values import Model

_FAILURES: Final = """
SELECT opportunity, source, record, tries, due, due_at, trouble FROM outbox.writes WHERE trouble IS NOT NULL ORDER BY due_at, opportunity LIMIT 1000
"""
_AGAIN: Final = """
UPDATE outbox.writes SET due = true, due_at = clock_timestamp(), tries = 0 WHERE trouble IS NOT NULL AND (%s::uuid IS NULL OR opportunity = %s)
"""


class NotTold(Model):
    """A record that could not be told; ``due``: it is tried again by itself, from ``due_at`` on."""

    opportunity: UUID
    source: str | None
    record: str | None
    tries: int
    due: bool
    due_at: datetime
    trouble: str


def failures(connection: Connection) -> list[NotTold]:
    """The first thousand, the one that is due first first."""
    rows = connection.execute(_FAILURES).fetchall()
    return [NotTold(**dict(zip(NotTold.model_fields, row, strict=True))) for row in rows]


def again(connection: Connection, opportunity: UUID | None = None) -> int:
    """Try one, or all, again now; how many."""
    return connection.execute(_AGAIN, [opportunity, opportunity]).rowcount
