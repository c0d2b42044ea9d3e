"""The role: seals until it is stopped, at once what people fight over, every second the rest; waits for a world that is away."""

import threading
import time
from dataclasses import dataclass

import psycopg
import structlog

from dealreg.service.ledger.errors import LedgerError
from dealreg.service.sealing.halting import Occupied
from dealreg.service.sealing.patrolling import Patrol
from dealreg.service.sealing.rotating import rotate_if_asked
from dealreg.service.sealing.sealer import Sealer

LOOK_SECONDS = 1.0
"""A lost notification costs at most this, and a second sealer looks so often whether the turn is free."""

BEAT_SECONDS = 5.0
"""How often a sealer that has nothing to sign says that it lives."""

HEALTHY_SECONDS = 30.0
"""A sealer that ran so long begins with the first pause again."""

_BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sealing:
    """Runs a sealer; ``seconds``: how old an unsealed fact may get."""

    sealer: Sealer
    seconds: float

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``; then what is there is sealed and the turn given back.

        A database that is away, a disk that is full and another sealer's turn are waited for. Raises ``Halted``, ``NotOurs``, ``BadKey``.
        """
        failures, told = 0, False
        while not stop.is_set():
            began = time.monotonic()
            try:
                self.sealer.open()
                log.info("sealer_started", origin=self.sealer.own.origin, size=self.sealer.own.size)
                self._follow(stop)
            except Occupied:
                if not told:
                    log.info("sealer_waits", reason="another sealer has the turn")
                told = True
                stop.wait(LOOK_SECONDS)
            except (psycopg.Error, LedgerError, OSError) as error:
                failures = failures + 1 if time.monotonic() - began < HEALTHY_SECONDS else 1
                pause = _BACK_OFF_SECONDS[min(failures, len(_BACK_OFF_SECONDS)) - 1]
                log.warning("sealer_waits", seconds=pause, reason=str(error).splitlines()[:1])
                stop.wait(pause)
            finally:
                self.sealer.close()

    def _follow(self, stop: threading.Event) -> None:
        sealer, patrol = self.sealer, Patrol(self.sealer)
        sealer.tables.listen()
        sealed = beat = walked = time.monotonic()
        while not stop.is_set():
            waiting, now = sealer.look(), time.monotonic()
            due = waiting and (sealer.urgent or waiting >= sealer.batch or now - sealed >= self.seconds)
            if due:
                sealer.seal()
                sealed = beat = now
            if now - beat >= BEAT_SECONDS:
                sealer.beat()
                beat = now
            if now - walked >= LOOK_SECONDS:
                rotate_if_asked(sealer)
                patrol.step()
                walked = now
            if not due:
                sealer.tables.heard(min(LOOK_SECONDS, sealed + self.seconds - now) if waiting else LOOK_SECONDS)
        sealer.seal_all()
        log.info("sealer_stopped", size=sealer.own.size)
