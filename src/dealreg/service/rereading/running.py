"""The role ``reread``: a thread for each source that can be asked; through every loss of database, broker and source."""

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

import psycopg
import structlog
from psycopg.types.json import Jsonb

from dealreg.service.composition import House
from dealreg.service.intake.brokers.channel import Wiring
from dealreg.service.intake.mapping import MappingDocument, Mappings
from dealreg.service.intake.publishing import publish_opportunities
from dealreg.service.ledger.errors import LedgerError
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.rereading.rereader import Rereader
from dealreg.service.settings import Role
from dealreg.service.sources.http import Patience
from dealreg.service.sources.known import can_be_asked, client_of

LOOK_SECONDS = 1.0
"""The pause where there is nothing to do; another process that waits for a source's turn asks as often."""

BEAT_SECONDS = 5.0

_LOCK = "SELECT pg_try_advisory_lock(hashtext('dealreg.reread'), hashtext(%s))"
_BEAT = """
INSERT INTO intake.heartbeats (role, instance, detail) VALUES ('reread', %s, %s)
ON CONFLICT (role, instance) DO UPDATE SET at = clock_timestamp(), detail = excluded.detail
"""

log = structlog.get_logger(__name__)


class Rereading:
    """Rereads every source of an installation that can be asked."""

    def __init__(self, house: House, mappings: Mappings, *, prefix: str = "", patience: Patience | None = None) -> None:
        """``prefix`` begins the names of the feed in the broker; ``patience`` is that of each call."""
        self._house, self._wiring, self._patience = house, Wiring(prefix), patience
        self.mappings: Sequence[MappingDocument] = [one for one in mappings if can_be_asked(one)]

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``. Any number of processes may: of each source one has the turn, so that its quota is kept over all of them."""
        _ = (self._house.reading, self._house.dispatch)  # What the threads share is made once.
        threads = [
            threading.Thread(target=self._follow, args=(one, stop), name=f"reread-{one.source}", daemon=True)
            for one in self.mappings
        ]
        for thread in threads:
            thread.start()
        instance = f"{socket.gethostname()}:{os.getpid()}"
        log.info("reread_started", sources=[one.source for one in self.mappings])
        while not stop.wait(BEAT_SECONDS):
            _beat(self._house.ledger, instance, [one.source for one in self.mappings])
        for thread in threads:
            thread.join()

    def once(self) -> dict[str, bool]:
        """Do all that can be done now; by source, whether this process had its turn. Raises ``Unavailable`` and psycopg's errors."""
        told = {}
        for mapping in self.mappings:
            with self.turn(mapping) as rereader:
                told[mapping.source] = rereader is not None
                while rereader is not None and rereader.look():
                    pass
        return told

    def _follow(self, mapping: MappingDocument, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                with self.turn(mapping) as rereader:
                    while rereader is not None and not stop.is_set():
                        if not rereader.look():
                            stop.wait(LOOK_SECONDS)
            except (LedgerError, psycopg.OperationalError, psycopg.InterfaceError) as error:
                log.warning("reread_waits", source=mapping.source, why=str(error).splitlines()[:1])
            except Exception:
                # A fault of ours in one source's language is no reason to leave it stale for ever, nor the others.
                log.exception("reread_fault", source=mapping.source)
                stop.wait(BEAT_SECONDS)
            stop.wait(LOOK_SECONDS)

    @contextmanager
    def turn(self, mapping: MappingDocument) -> Iterator[Rereader | None]:
        """The source's turn, if it is free: it goes with the connection that holds it."""
        url = self._house.settings.database_url(Role.APP)
        with ExitStack() as opened:
            connection = opened.enter_context(psycopg.connect(url, autocommit=True, connect_timeout=5))
            row = connection.execute(_LOCK, [mapping.source]).fetchone()
            if row is None or not row[0]:
                yield None
                return
            client = opened.enter_context(closing(client_of(mapping, self._patience)))
            intake = self._house.settings.intake_url()
            yield Rereader(
                mapping,
                client,
                self._house.dispatch,
                self._house.reading,
                publish=lambda messages: publish_opportunities(intake, messages, prefix=self._wiring.prefix),
                stream=self._wiring.stream,
                still=lambda: connection.execute("SELECT 1"),
            )


def _beat(ledger: Ledger, instance: str, sources: Sequence[str]) -> None:
    try:
        ledger.run(_BEAT, [instance, Jsonb({"sources": list(sources)})])
    except LedgerError as error:
        log.warning("reread_waits", why=str(error).splitlines()[:1])
