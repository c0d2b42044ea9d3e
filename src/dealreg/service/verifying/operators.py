"""Who could do both: decide and seal. Where one person is both, the seal holds only against everybody else (audit, first page)."""

import os
from collections.abc import Iterator
from pathlib import Path

from dealreg.service.verifying.rows import Connection

ASKED = """
SELECT session_user, pg_has_role(session_user, 'dealreg_sealer', 'MEMBER') AND pg_has_role(session_user, 'dealreg_app', 'MEMBER')
"""


def single_operator(connection: Connection, log_key: Path) -> Iterator[str]:
    """Notes: one login may be the sealer and the app; the log's key lies where this very user can read it."""
    row = connection.execute(ASKED).fetchone()
    if row is not None and row[1]:
        yield f"single operator: the login {row[0]} may act as the sealer and as the app; give each a login of its own in production"
    if log_key.exists() and os.access(log_key, os.R_OK):
        yield f"single operator: whoever runs this can read the log's key {log_key}; in production it is the sealer's alone"
