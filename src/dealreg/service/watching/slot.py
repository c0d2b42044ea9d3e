"""The place in the server's log of changes up to which the watcher has seen: a logical replication slot."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors

PLUGIN, PUBLICATION = "pgoutput", "dealreg_watched"
MOST_CHANGES = 10_000
"""Of how many changes one look takes the transactions; a larger transaction is taken whole."""

_STANDING = """
SELECT current_setting('wal_level') AS wal_level,
    (SELECT r.rolreplication OR r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) AS may,
    s.slot_name IS NOT NULL AS there, s.database = current_database() AND s.plugin = 'pgoutput' AS ours,
    coalesce(s.wal_status = 'lost', false) AS lost, (s.confirmed_flush_lsn - '0/0')::bigint AS seen,
    (pg_current_wal_flush_lsn() - '0/0')::bigint AS newest
FROM (VALUES (0)) AS one LEFT JOIN pg_replication_slots AS s ON s.slot_name = %s
"""
# The rows' own numbers: what was taken out of the publication and put back is another row. The newest migration is of the same moment.
_HEARD = """
SELECT coalesce(string_agg(concat_ws(' ', l.oid, l.xmin, l.prrelid::regclass, l.prqual IS NULL, l.prattrs IS NULL), ', ' ORDER BY l.oid), '-')
    || concat_ws(' ', ' of', p.oid, p.xmin, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate),
    (SELECT coalesce(max(e.position), 0) FROM ledger.events AS e WHERE e.topic = 'audit.migrated.v1')
FROM pg_publication AS p LEFT JOIN pg_publication_rel AS l ON l.prpubid = p.oid
WHERE p.pubname = 'dealreg_watched' GROUP BY p.oid, p.xmin, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate
"""
_PEEK = """
SELECT data FROM pg_logical_slot_peek_binary_changes(%s, '0/0'::pg_lsn + %s::bigint, %s,
    'proto_version', '1', 'publication_names', 'dealreg_watched')
"""


class NotPossible(Exception):
    """Nobody can watch here; the message says what to do about it."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """How the slot is: whether it is there and usable, up to where it has been seen, and where the log is. Places are bytes."""

    there: bool
    lost: bool
    seen: int
    newest: int


class Slot:
    """One slot of this database, over a connection of the role ``dealreg_watcher`` in autocommit."""

    def __init__(self, connection: psycopg.Connection[Any], name: str) -> None:
        """Nothing is asked yet."""
        self.connection, self.name = connection, name

    def standing(self) -> Standing:
        """Raises ``NotPossible`` where the server or the role does not allow it, or the name is another database's."""
        level, may, there, ours, lost, seen, newest = self._one(_STANDING, [self.name])
        if level != "logical":
            raise NotPossible(f"wal_level is {level}: set wal_level = logical on the server and start it again")
        if not may:
            raise NotPossible(
                "the role dealreg_watcher lacks REPLICATION: a superuser runs what `dealreg migrate --superuser-sql` prints"
            )
        if there and not ours:
            raise NotPossible(
                f"the slot {self.name} belongs to another database or reader: set WATCH_SLOT to another name"
            )
        return Standing(bool(there), bool(lost), int(seen or 0), int(newest))

    def make(self) -> int:
        """Make it anew, and drop one that is lost; from where it sees."""
        if self.standing().there:
            self.connection.execute("SELECT pg_drop_replication_slot(%s)", [self.name])
        made = self._one(
            "SELECT (lsn - '0/0')::bigint FROM pg_create_logical_replication_slot(%s, %s)", [self.name, PLUGIN]
        )
        return int(made[0])

    def heard(self) -> tuple[str, int]:
        """What the publication covers and which rows of the catalogue say so, and the position of the newest migration then.

        Raises ``NotPossible`` when there is no publication.
        """
        found = self.connection.execute(_HEARD.encode()).fetchone()
        if found is None:
            raise NotPossible(
                f"the publication {PUBLICATION} is missing: run `dealreg migrate`, then `dealreg audit verify`"
            )
        return str(found[0]), int(found[1])

    def peek(self, up_to: int) -> Iterator[bytes]:
        """The messages of what was committed and not confirmed; the same again until ``advance``."""
        with self.connection.cursor() as cursor:
            for row in cursor.stream(_PEEK, [self.name, up_to, MOST_CHANGES], binary=True):
                yield bytes(row[0])

    def advance(self, up_to: int) -> None:
        """What was committed before need not be shown again."""
        self.connection.execute(
            "SELECT pg_replication_slot_advance(%s, '0/0'::pg_lsn + %s::bigint)", [self.name, up_to]
        )

    def _one(self, statement: str, values: list[Any]) -> tuple[Any, ...]:
        try:
            row = self.connection.execute(statement.encode(), values).fetchone()
        except errors.InsufficientPrivilege as error:
            raise NotPossible(f"the role dealreg_watcher may not: {error}") from error
        return tuple(row or ())
