"""Is the database's own description of the schema what this build made? Owners, grants, triggers, functions, roles (audit 4.3).

The golden list is made of a freshly migrated and frozen database by ``pytest tests/service/test_catalogue.py --write-golden``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import psycopg

from dealreg.service.guarding.superuser import asked
from dealreg.service.verifying.finding import Finding

CHECK = "catalogue"
NEXT = "find in the server's log who changed it and when; undo it as a superuser, then run `dealreg audit verify` again"
GOLDEN = "golden_catalogue.json"

_OF_THE_FREEZE = re.compile(r"\bguard\b|^event trigger ")
_WATCH = """
SELECT current_setting('wal_level') = 'logical' AS logical,
    (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = 'dealreg_watcher') AS may,
    EXISTS (SELECT FROM pg_replication_slots WHERE database = current_database() AND plugin = 'pgoutput') AS slot
"""


def described(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """What the schemas and roles are now: a name and what is so about it. Any role may ask."""
    found: dict[str, str] = {}
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor, connection.transaction():
        cursor.execute("SET LOCAL search_path = pg_catalog, pg_temp")
        for name in ("catalogue.sql", "roles.sql"):
            found.update(cursor.execute(asked(name).encode()).fetchall())
    return found


def golden() -> dict[str, str]:
    """The same of a database as this build makes it."""
    text = (resources.files(__package__) / GOLDEN).read_text(encoding="utf-8")
    read: dict[str, str] = json.loads(text)
    return read


def findings(connection: psycopg.Connection[Any]) -> list[Finding]:
    """Everything that is not as this build made it, by name."""
    return list(_compared(described(connection), golden()))


def notes(connection: psycopg.Connection[Any]) -> list[str]:
    """What needs a superuser and has not been set up: no fault, but the reader of an answer must know."""
    said = []
    if not any(_OF_THE_FREEZE.search(name) for name in described(connection)):
        said.append(
            "the schema is not frozen: whoever may become dealreg_owner can change it; "
            "a superuser runs what `dealreg migrate --superuser-sql` prints"
        )
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        logical, may, slot = cursor.execute(_WATCH).fetchone() or (False, False, False)
    if not (logical and may and slot):
        missing = [
            "the server needs wal_level = logical" if not logical else "",
            "dealreg_watcher needs REPLICATION" if not may else "",
            "`dealreg watch` has never run here" if not slot else "",
        ]
        said.append(f"nobody watches the log of changes ({'; '.join(filter(None, missing))}); see docs/enforcement.md")
    return said


def _compared(now: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[Finding]:
    frozen = any(_OF_THE_FREEZE.search(name) for name in now)
    for name in sorted(now.keys() | wanted.keys()):
        if not frozen and _OF_THE_FREEZE.search(name):
            continue
        have, want = now.get(name), wanted.get(name)
        if have == want:
            continue
        if have is None:
            what = f"{name} is missing; it is to be: {want}"
        elif want is None:
            what = f"{name} is not to be there; it is: {have}"
        else:
            what = f"{name} is: {have}; it is to be: {want}"
        yield Finding(CHECK, None, what, NEXT)
