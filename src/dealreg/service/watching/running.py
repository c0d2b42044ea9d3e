"""The role: looks until it is stopped, waits for a world that is away or does not let it look, and says how it is."""

import json
import os
import socket
import threading
import time
from pathlib import Path

import psycopg
import structlog

from dealreg.service.watching.slot import NotPossible
from dealreg.service.watching.watcher import Watcher

BEAT_SECONDS = 5.0
"""How often it says that it lives, and how it is."""
WAIT_SECONDS = 5.0
"""Between two tries where the database is away, another watcher has the turn, or nobody can watch."""

_BEAT = """
INSERT INTO intake.heartbeats (role, instance, detail) VALUES ('watch', %s, %s)
ON CONFLICT (role, instance) DO UPDATE SET at = clock_timestamp(), detail = excluded.detail
"""
_TURN = "SELECT pg_try_advisory_lock(hashtext('dealreg watch'), hashtext(%s))"

log = structlog.get_logger(__name__)


class Watching:
    """One process of the role."""

    def __init__(self, database_url: str, slot: str, path: Path, seconds: float) -> None:
        """``seconds`` between two looks; under load at least twice as long as a look takes."""
        self._url, self._slot, self._path, self._seconds = database_url, slot, path, seconds
        self._instance = f"{socket.gethostname()}:{os.getpid()}"
        self._beaten_at = -BEAT_SECONDS
        self._why: str | None = None

    def run(self, stop: threading.Event) -> None:
        """Until stopped."""
        while not stop.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                    self._watch(connection, stop)
            except psycopg.Error as error:
                log.warning("watch_waits", reason=str(error).splitlines()[:1])
                stop.wait(WAIT_SECONDS)
        log.info("watch_stopped")

    def _watch(self, connection: psycopg.Connection[tuple[object, ...]], stop: threading.Event) -> None:
        turn = connection.execute(_TURN, [self._slot]).fetchone()
        if not (turn and turn[0]):
            stop.wait(WAIT_SECONDS)
            return
        log.info("watch_started", slot=self._slot)
        watcher = Watcher(connection, self._slot, self._path)
        while not stop.is_set():
            begun = time.monotonic()
            more = self._look(watcher)
            self._beat(connection, watcher)
            took = time.monotonic() - begun
            if not more:
                stop.wait(WAIT_SECONDS if self._why else max(self._seconds, 2 * took))

    def _look(self, watcher: Watcher) -> bool:
        try:
            more = watcher.look()
        except NotPossible as error:
            if self._why != str(error):
                log.critical("nobody_watches", reason=str(error))
            self._why = str(error)
            return False
        self._why = None
        return more

    def _beat(self, connection: psycopg.Connection[tuple[object, ...]], watcher: Watcher) -> None:
        now = time.monotonic()
        if now - self._beaten_at >= BEAT_SECONDS:
            self._beaten_at = now
            detail = {"watching": self._why is None, "why": self._why, "raised": watcher.alarms.raised}
            connection.execute(_BEAT, [self._instance, json.dumps(detail)])
