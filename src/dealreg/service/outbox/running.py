"""The role ``outbox``: a thread for each follower, woken by every save, through every loss of database and broker."""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import psycopg
import structlog

from dealreg.service.ledger.errors import LedgerError
from dealreg.service.outbox.connecting import Connection, turn
from dealreg.service.outbox.following import Follower, Gap, note_trouble
from dealreg.service.outbox.taking import NotTaken
from dealreg.service.projecting.waking import Waking

LOOK_SECONDS: Final = 1.0
"""A lost notification costs at most this, and so does a turn that another process gave up."""

FAULT_REST_SECONDS: Final = 30.0
"""Before a step that failed through a fault of ours is tried again."""

_RESTS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger(__name__)


def run(database_url: str, followers: Sequence[Follower], stop: threading.Event) -> None:
    """Follow until ``stop``. Any number of processes may run this: for each follower one of them has the turn, the others wait."""
    with Waking(database_url, stop) as waking:
        threads = [
            threading.Thread(
                target=_follow, args=(database_url, one, waking, stop), name=f"outbox-{one.name}", daemon=True
            )
            for one in followers
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def catch_up(database_url: str, follower: Follower) -> bool:
    """Tell all that there is now; ``False`` where another process has the turn. Raises what ``step`` raises."""
    with turn(database_url, follower.name) as connection:
        if connection is None:
            return False
        while follower.step(connection):
            pass
        return True


def _follow(database_url: str, follower: Follower, waking: Waking, stop: threading.Event) -> None:
    failures = 0
    while not stop.is_set():
        try:
            with turn(database_url, follower.name) as connection:
                if connection is not None:
                    log.info("outbox_has_the_turn", follower=follower.name)
                while connection is not None and not stop.is_set():
                    if _stepped(connection, follower, waking, stop, failures):
                        failures = 0
                    else:
                        failures += 1
            stop.wait(LOOK_SECONDS)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            failures += 1
            log.warning("outbox_waits", follower=follower.name, reason=str(error).splitlines()[:1])
            stop.wait(_rest(failures))
        except Gap as error:
            log.error("outbox_stands", follower=follower.name, reason=str(error))  # noqa: TRY400 - the words say all
            return
        except LedgerError as error:
            failures += 1
            log.warning("outbox_waits", follower=follower.name, reason=str(error))
            stop.wait(_rest(failures))
        except Exception:
            # A fault of ours, or one fact's: the others of this process go on, and this one is tried again after a long rest.
            log.exception("outbox_failed", follower=follower.name)
            failures += 1
            stop.wait(FAULT_REST_SECONDS)


def _stepped(connection: Connection, follower: Follower, waking: Waking, stop: threading.Event, failures: int) -> bool:
    """One step, or the wait for the next fact; whether it went well."""
    seen = waking.heard()
    try:
        more = follower.step(connection)
    except NotTaken as error:
        level = logging.ERROR if failures == 0 else logging.INFO
        log.log(level, "outbox_not_taken", follower=follower.name, reason=str(error))
        note_trouble(connection, follower.name, str(error))
        stop.wait(_rest(failures))
        return False
    except (psycopg.OperationalError, psycopg.InterfaceError, LedgerError):
        raise
    except Exception as error:
        with suppress(psycopg.Error):
            note_trouble(connection, follower.name, f"{type(error).__name__}: {error}")
        raise
    if not more:
        waking.wait(seen, LOOK_SECONDS)
    return True


def _rest(failures: int) -> float:
    return _RESTS[min(failures, len(_RESTS) - 1)]
