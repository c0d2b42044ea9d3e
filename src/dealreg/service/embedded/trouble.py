"""What goes wrong with an embedded server, said to a person."""

from pathlib import Path

LINES_SHOWN = 8
"""How much of a server's log an error repeats: enough for PostgreSQL's FATAL, DETAIL and HINT."""


class ServerTrouble(Exception):
    """An embedded server cannot be started, or died; the message says what to do next. A verb leaves with 3."""

    exit_code = 3


class NoServer(ServerTrouble):
    """No database or no broker is known, or nobody answers there."""


class AlreadyHeld(ServerTrouble):
    """Another process holds the data folder."""


def with_log(said: str, log: Path, *, since: int = 0) -> str:
    """`said`, followed by the last lines that the log got after its first `since` bytes, and where the rest of it is."""
    try:
        lines = log.read_bytes()[since:].decode(errors="replace").splitlines()[-LINES_SHOWN:]
    except OSError:
        return said
    return "\n".join([said, *(f"  {line}" for line in lines), f"The whole log: {log}"])


def length_of(log: Path) -> int:
    """Bytes in a log by now; 0 while there is none."""
    try:
        return log.stat().st_size
    except OSError:
        return 0
