"""Hear of every save at once: one connection that listens for all threads of a process."""

import threading
from contextlib import closing
from typing import Self

import psycopg

from dealreg.service.projecting.connecting import connect

CHANNEL = "ledger_events"
"""Notified by every save that recorded something (migration 0001)."""

_LISTEN_SECONDS = 1.0


class Waking:
    """Counts what was heard; ``wait`` returns as soon as there is more than was seen."""

    def __init__(self, database_url: str, stop: threading.Event) -> None:
        """The thread runs inside the context."""
        self._url, self._stop = database_url, stop
        self._changed = threading.Condition()
        self._count = 0
        self._left = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="project-listen", daemon=True)

    def __enter__(self) -> Self:
        """Listening before anybody's first read: what is saved in between is heard of."""
        self._thread.start()
        self._ready.wait(_LISTEN_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()

    def heard(self) -> int:
        """How many times something was heard so far."""
        return self._count

    def wait(self, seen: int, seconds: float) -> int:
        """Wait for more than ``seen``, at most so long; the count then."""
        with self._changed:
            self._changed.wait_for(lambda: self._count > seen or self._stop.is_set(), seconds)
            return self._count

    def _listen(self) -> None:
        while not self._over():
            try:
                with closing(connect(self._url)) as connection:
                    connection.execute("LISTEN " + CHANNEL)
                    self._tell()
                    self._ready.set()
                    while not self._over():
                        for _ in connection.notifies(timeout=_LISTEN_SECONDS, stop_after=1):
                            self._tell()
            except psycopg.Error:
                self._left.wait(_LISTEN_SECONDS)

    def _over(self) -> bool:
        return self._left.is_set() or self._stop.is_set()

    def _tell(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()
