"""Waiting for the seal: one listener a process, and nobody pays for a sealer that is away."""

import selectors
import socket
import threading
import time
from contextlib import closing

import psycopg

from dealreg.service.ledger.datastore import options
from dealreg.service.sealing.standing import SILENT_SECONDS
from dealreg.service.sealing.tables import TOLD

_STANDING = """
SELECT size, halted, extract(epoch FROM clock_timestamp() - beat_at)::float AS silent FROM seal.standing ORDER BY beat_at DESC LIMIT 1
"""
_AGAIN_SECONDS = 1.0


class Seals:
    """How far the log is sealed, as this process hears it. Threads share one; nothing is opened before the first question."""

    def __init__(self, database_url: str, seconds: float) -> None:
        """``seconds``: how long somebody waits at most."""
        self._url, self._seconds = database_url, seconds
        self._changed = threading.Condition()
        self._over, self._ready = threading.Event(), threading.Event()
        self._bell, self._ear = socket.socketpair()
        self._thread: threading.Thread | None = None
        self._size, self._heard_at = 0, float("-inf")
        self._halted = False
        self._given_up_for: int | None = None

    def close(self) -> None:
        """Stop listening."""
        self._over.set()
        self._bell.send(b"!")
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._bell.close()
        self._ear.close()

    def covers(self, position: int) -> bool:
        """Whether a checkpoint that this process has heard of covers a position."""
        self._listening()
        return self._size >= position

    def wait(self, position: int) -> bool:
        """Wait until a checkpoint covers a position; whether one does.

        Nobody waits for a sealer that is halted or was not heard of, nor, once a wait was in vain, before a checkpoint covers what was
        waited for then.
        """
        self._listening()
        with self._changed:
            fresh = max(self._heard_at + SILENT_SECONDS - time.monotonic(), 0.0)
            seconds = min(self._seconds, fresh)
            settled = self._changed.wait_for(lambda: self._size >= position or not self._worth_it(), seconds)
            if not settled:
                self._given_up_for = position
                self._changed.notify_all()
            return self._size >= position

    def _worth_it(self) -> bool:
        heard = time.monotonic() - self._heard_at <= SILENT_SECONDS
        return heard and not self._halted and self._given_up_for is None and not self._over.is_set()

    def _listening(self) -> None:
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="seals-listen", daemon=True)
                self._thread.start()
        self._ready.wait(self._seconds)

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                with closing(self._connected()) as connection, selectors.DefaultSelector() as ears:
                    ears.register(connection, selectors.EVENT_READ)
                    ears.register(self._ear, selectors.EVENT_READ)
                    connection.execute(f"LISTEN {TOLD}")
                    found = connection.execute(_STANDING).fetchone()
                    if found is not None:
                        size, halted, silent = found
                        self._hear(size, heard_at=time.monotonic() - silent, halted=halted is not None)
                    self._ready.set()
                    while not self._over.is_set():
                        for one in connection.notifies(timeout=0):
                            self._told(one.payload)
                        ears.select(_AGAIN_SECONDS)
            except psycopg.Error:
                # Who answers next may be another server, that lacks what this one had.
                self._hear(0, heard_at=self._heard_at, halted=self._halted)
                self._ready.set()
                self._over.wait(_AGAIN_SECONDS)

    def _connected(self) -> psycopg.Connection[tuple[int, str | None, float]]:
        given = options(self._url, "dealreg_app")
        return psycopg.connect(self._url, autocommit=True, options=given, connect_timeout=3)

    def _told(self, payload: str) -> None:
        if payload.isdecimal():
            self._hear(int(payload), heard_at=time.monotonic(), halted=False)
        else:
            self._hear(self._size, heard_at=time.monotonic(), halted=True)

    def _hear(self, size: int, *, heard_at: float, halted: bool) -> None:
        """A size may fall: a log that begins anew after a restore seals from its first position on."""
        with self._changed:
            self._size, self._heard_at, self._halted = size, heard_at, halted
            if self._given_up_for is not None and size >= self._given_up_for:
                self._given_up_for = None
            self._changed.notify_all()
