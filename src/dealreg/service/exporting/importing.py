"""A log taken in again from an export, into a new installation: the same positions, instants and salts, and so the same root.

Facts enter a ledger through ``ledger.append`` only, which gives them positions and instants of its own; these have theirs. So this is
done as the owner of the schema, once, into a ledger without any fact, after the whole file was read and held against what is trusted,
and before the migrations that guard the ledger: no door is left open by which it could be done a second time.
Afterwards it is a ledger like any other. What an export does not hold does not come back: people's values (architecture D15), dead
letters, watermarks. Read models are projected anew.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from dealreg.proof.verify import Checkpoint
from dealreg.service.exporting.growing import Growing
from dealreg.service.exporting.reading_back import lines, whole
from dealreg.service.exporting.root import Roots, agree, roots
from dealreg.service.exporting.stored import Stored, of_row
from dealreg.service.ledger.audit_facts import LogImported
from dealreg.service.ledger.auditing import AuditFact, fact
from dealreg.service.ledger.ledger import translated
from dealreg.service.migrating import migrate, shipped_facts
from dealreg.service.sealing.leaves import COLUMNS
from dealreg.service.tokens import Claims
from dealreg.vocabulary.ids import StreamId, derived
from dealreg.vocabulary.refused import Closed, Refused

Tell = Callable[[Stored], None]

IMPORTS = StreamId(derived("audit", "imports"))
"""The stream that says where a ledger was taken in from."""

WHOLE_ROWS = "0005_sealing"
"""The migration from which on a row has all its columns; the ones behind it guard them against exactly what is done here."""

_COPY = f"COPY ledger.events ({COLUMNS}) FROM STDIN"
_READ = f"SELECT {COLUMNS} FROM ledger.events ORDER BY position"  # noqa: S608 - constants
_HEADS = "SELECT coalesce(max(originator_version), 0) AS version FROM ledger.events WHERE originator_id = %s"
_APPEND = "SELECT ledger.append_audit(%s::uuid[], %s::bigint[], %s::text[], %b::bytea[])"


@dataclass(frozen=True, slots=True)
class Trusted:
    """What an import is held against: a checkpoint, or a root (of the whole file) that was told on another way."""

    checkpoint: Checkpoint | None = None
    root: bytes | None = None


def checked(file: Path, trusted: Trusted, tell: Tell = lambda _: None) -> Roots:
    """Read a whole export and hold it against what is trusted; nothing is written. Raises ``Refused``."""
    at = trusted.checkpoint.size if trusted.checkpoint is not None else None
    with file.open("rb") as opened:
        read = roots(whole(lines(opened)), at, tell)
    if trusted.checkpoint is not None:
        agree(read, trusted.checkpoint)
    if trusted.root is not None and read.root != trusted.root:
        raise Refused(f"the root over the file's {read.size} facts is {read.text}, not the one that you trust")
    if trusted.checkpoint is None and trusted.root is None:
        raise Refused("an import is held against something that did not come with the file: a checkpoint or a root")
    return read


def take_in(
    owner_url: str, file: Path, trusted: Trusted, who: Claims, reason: str, tell: Tell = lambda _: None
) -> Roots:
    """Make the schema and take a whole log in; all of it or nothing. ``owner_url`` is of the login that owns the database.

    ``tell`` is given each fact twice: as it is checked and as it is copied. Raises ``Refused``, ``Closed`` where the ledger holds
    facts, and ``Unavailable``.
    """
    if not reason.strip():
        raise Refused("an import is recorded with its reason; say why this log is taken in")
    read = checked(file, trusted, tell)
    with (
        translated(),
        psycopg.connect(owner_url, autocommit=True, connect_timeout=5, row_factory=dict_row) as connection,
    ):
        _require_empty(connection)
        migrate(owner_url, recorded=False, until=WHOLE_ROWS)
        with connection.transaction(), file.open("rb") as opened:
            connection.execute("SET LOCAL ROLE dealreg_owner")
            connection.execute("LOCK TABLE ledger.turn IN EXCLUSIVE MODE")
            _require_empty(connection)
            _copy(connection, whole(lines(opened)), tell)
            _require_root(connection, read)
            _record(connection, _said(file, read, who, reason))
        migrate(owner_url, recorded=False)
    return read


def _require_empty(connection: psycopg.Connection[dict[str, Any]]) -> None:
    found = connection.execute("SELECT to_regclass('ledger.events') IS NOT NULL AS there").fetchone()
    if found is None or not found["there"]:
        return
    held = connection.execute("SELECT max(position) AS head FROM ledger.events").fetchone()
    if held is not None and held["head"] is not None:
        raise Closed(
            f"this database has a ledger with {held['head']} facts; a log is taken into an empty database only: "
            "make one, do not migrate it, and name it with DATABASE_URL"
        )


def _copy(connection: psycopg.Connection[dict[str, Any]], facts: Iterable[Stored], tell: Tell) -> None:
    with connection.cursor().copy(_COPY) as copy:
        for one in facts:
            copy.write_row(one)
            tell(one)


def _require_root(connection: psycopg.Connection[dict[str, Any]], read: Roots) -> None:
    """What lies in the table now is what was checked: read back and hashed again, so that no file changes in between."""
    growing = Growing()
    with connection.cursor("read_back") as cursor:
        for row in cursor.execute(_READ):
            growing.add(of_row(row).leaf)
    if (growing.size, growing.root) != (read.size, read.root):
        raise Refused(
            "what was taken in does not have the root that was checked; the file changed meanwhile: nothing was kept"
        )


def _said(file: Path, read: Roots, who: Claims, reason: str) -> Iterator[AuditFact]:
    """Which migrations this build applied, the log's own among them, and that the log was taken in."""
    with file.open("rb") as opened:
        digest = sha256()
        while part := opened.read(1 << 20):
            digest.update(part)
    event = LogImported(size=read.size, root=read.root.hex(), file=digest.hexdigest())
    yield fact(IMPORTS, event, by=who.sub, reason=reason, role=who.role)


def _record(connection: psycopg.Connection[dict[str, Any]], facts: Iterable[AuditFact]) -> None:
    """Append to what was taken in, in the same transaction."""
    for one in (*shipped_facts(connection), *facts):
        head = connection.execute(_HEADS, [one.stream]).fetchone()
        version = (head["version"] if head else 0) + 1
        connection.execute(_APPEND, [[one.stream], [version], [one.topic], [one.state]])
