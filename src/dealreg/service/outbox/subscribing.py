"""Which partners have a stream."""

from typing import Final
from uuid import UUID

from dealreg.service.outbox.connecting import Connection
from dealreg.vocabulary.ids import partner_reader
from dealreg.vocabulary.refused import Unknown

_ENROLLED: Final = "SELECT 1 FROM ledger.events WHERE originator_id = %s LIMIT 1"


def subscribe(connection: Connection, program: str, partner: str) -> UUID:
    """Give a partner a stream; it begins with its rows as they stand, once the follower has them. The partner's reader id.

    Raises ``Unknown`` for a partner that the program does not have.
    """
    reader = partner_reader(program, partner)
    if connection.execute(_ENROLLED, [reader]).fetchone() is None:
        raise Unknown("there is no such partner in this program; check its name, or give --program")
    connection.execute(
        "INSERT INTO outbox.subscribers AS s (reader, program, partner) VALUES (%s, %s, %s)"
        " ON CONFLICT (reader) DO UPDATE SET ended_at = NULL, begun = false, since = clock_timestamp() WHERE s.ended_at IS NOT NULL",
        [reader, program, partner],
    )
    return reader


def unsubscribe(connection: Connection, program: str, partner: str) -> UUID | None:
    """End a partner's stream, with what waits for it; ``None`` where it had none. The number stays, should it begin again."""
    with connection.transaction():
        row = connection.execute(
            "UPDATE outbox.subscribers SET ended_at = clock_timestamp(), trouble = NULL"
            " WHERE program = %s AND partner = %s AND ended_at IS NULL RETURNING reader",
            [program, partner],
        ).fetchone()
        if row is not None:
            connection.execute("DELETE FROM outbox.waiting WHERE reader = %s", [row[0]])
    return row[0] if row is not None else None
