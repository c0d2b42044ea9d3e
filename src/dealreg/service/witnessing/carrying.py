"""The role `publish`: carries every checkpoint out of the house, to each taker by itself, so that one that is away delays no other.

It never stands in the way of sealing: it reads what was sealed, as a process of its own.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final, Protocol

import psycopg
import structlog

from dealreg.service.ledger.datastore import options
from dealreg.service.ledger.errors import LedgerError
from dealreg.service.proving.hashes import Run
from dealreg.service.witnessing.outside import retire_others
from dealreg.service.witnessing.sealed import NotCarried, Sealed, newest, note_trouble

HEARD: Final = "ledger_sealed"
"""Notified with every checkpoint."""

LOOK_SECONDS: Final = 1.0
"""Between two looks where nothing was heard, and before a second try."""

REST_SECONDS: Final = 0.25
"""After a taker took one: of a log that seals hundreds of times a second a witness is given the newest only."""

LONGEST_REST_SECONDS: Final = 30.0
"""Between two tries at a taker that is away."""

_LEVEL: Final = {True: logging.INFO, False: logging.ERROR}

_TURN: Final = "SELECT pg_try_advisory_lock(hashtext('dealreg.publish'))"

log = structlog.get_logger(__name__)


class Errand(Protocol):
    """What is carried to whom."""

    @property
    def errand(self) -> str:
        """Of which kind: `witness`, `stamp` or `broker`."""

    @property
    def taker(self) -> str:
        """To whom, as it is written down."""

    @property
    def named(self) -> str:
        """What it is, with where it goes: another address is another errand."""

    def due(self, newest: Sealed) -> bool:
        """Whether there is something to carry. Raises ``Unavailable``."""

    def go(self, newest: Sealed) -> None:
        """Carry it, and write down how far. Raises ``NotCarried`` and ``Unavailable``."""


def once(run: Run, errand: Errand) -> str | None:
    """Go if there is something to carry; why it could not be, if it could not. Raises ``Unavailable``."""
    sealed = newest(run)
    if sealed is None or not errand.due(sealed):
        return None
    try:
        errand.go(sealed)
    except NotCarried as error:
        note_trouble(run, errand.errand, errand.taker, sealed.origin, str(error))
        return str(error)
    return None


class Carrier:
    """Goes all errands until it is stopped. Two may run: the lock saves work, and keeps what the broker gets in order."""

    def __init__(self, database_url: str, run: Run, errands: Callable[[], Sequence[Errand]]) -> None:
        """``database_url`` and ``run`` as the sealer's role; ``errands`` is asked again and again."""
        self._url, self._run, self._errands = database_url, run, errands
        self._news = threading.Condition()
        self._count = 0

    def run(self, stop: threading.Event) -> None:
        """Carry while this is the one that has the turn; a database that goes away is waited for."""
        while not stop.is_set():
            try:
                self._lead(stop)
            except (psycopg.OperationalError, psycopg.InterfaceError, LedgerError) as error:
                log.warning("publish_waits", reason=str(error).splitlines()[:1])
                stop.wait(LOOK_SECONDS)

    def _lead(self, stop: threading.Event) -> None:
        given = options(self._url, "dealreg_sealer")
        with closing(psycopg.connect(self._url, autocommit=True, options=given, connect_timeout=3)) as connection:
            while not (connection.execute(_TURN).fetchone() or [False])[0]:
                if stop.wait(LOOK_SECONDS):
                    return
            connection.execute(f"LISTEN {HEARD}")
            while not stop.is_set():
                going = self._errands()
                with self._gone(going):
                    while not stop.is_set() and _named(self._errands()) == _named(going):
                        for _ in connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                            self._tell()

    @contextmanager
    def _gone(self, errands: Sequence[Errand]) -> Iterator[None]:
        """A thread for each errand; whoever has none any more is no longer watched."""
        retire_others(self._run, [(one.errand, one.taker) for one in errands])
        over = threading.Event()
        threads = [threading.Thread(target=self._tend, args=(one, over), name=one.named) for one in errands]
        for thread in threads:
            thread.start()
        log.info("publish_goes", to=_named(errands))
        try:
            yield
        finally:
            over.set()
            self._tell()
            for thread in threads:
                thread.join()

    def _tend(self, errand: Errand, over: threading.Event) -> None:
        rest, said = LOOK_SECONDS, None
        while not over.is_set():
            seen = self._count
            try:
                trouble = once(self._run, errand)
            except LedgerError as error:
                trouble = str(error)
            if trouble != said:
                log.log(
                    _LEVEL[trouble is None],
                    "carried" if trouble is None else "not_carried",
                    to=errand.named,
                    reason=trouble,
                )
            said = trouble
            if trouble is None:
                rest = LOOK_SECONDS
                over.wait(REST_SECONDS)
                self._wait(seen, over)
            else:
                over.wait(rest)
                rest = min(rest * 2, LONGEST_REST_SECONDS)

    def _wait(self, seen: int, over: threading.Event) -> None:
        with self._news:
            self._news.wait_for(lambda: self._count > seen or over.is_set(), LOOK_SECONDS)

    def _tell(self) -> None:
        with self._news:
            self._count += 1
            self._news.notify_all()


def _named(errands: Sequence[Errand]) -> list[str]:
    return [one.named for one in errands]
