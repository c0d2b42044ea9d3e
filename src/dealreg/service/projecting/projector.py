"""The projector: every read model follows the ledger by itself, in a thread of its own (architecture D7, D11).

A model's advisory lock makes one process its leader. The lock saves work and protects nothing: the row that holds a model's position is
locked in the transaction that moves it, so two runners apply each fact once.
"""

import threading
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import structlog

from dealreg.service.projecting.applying import BATCH, Applier, Step
from dealreg.service.projecting.connecting import Connection, connect
from dealreg.service.projecting.errors import ModelStopped, NothingTouched, UnknownQuestion
from dealreg.service.projecting.folders import ReadModel, read_models
from dealreg.service.projecting.generations import drop_retired, ensure
from dealreg.service.projecting.past import drop_expired
from dealreg.service.projecting.standing import Standing, standings
from dealreg.service.projecting.waking import Waking

POLL_SECONDS = 1.0
"""A lost notification costs at most this."""

BEAT_SECONDS = 5.0
"""How often a leader that has nothing to do says that it is there."""

_BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger()


class Projector:
    """Keeps the read models of a folder at the ledger's head."""

    def __init__(
        self,
        database_url: str,
        *,
        folder: Path | None = None,
        models: Sequence[str] = (),
        batch: int = BATCH,
        strict: bool = False,
    ) -> None:
        """``models``: these alone, else all. Raises ``BadReadModel`` and ``UnknownQuestion``; nothing is opened yet."""
        found = read_models(folder)
        if unknown := sorted(set(models) - set(found)):
            raise UnknownQuestion(f"no read model {', '.join(unknown)}; there are {', '.join(sorted(found))}")
        chosen = models or [name for name, model in found.items() if model.tables is not None]
        self.models = [found[name] for name in chosen if found[name].tables is not None]
        self._url, self._batch, self._strict = database_url, batch, strict

    def run(self, stop: threading.Event) -> None:
        """Follow the ledger until ``stop`` is set. A server that goes away is waited for; a model that fails stands still alone."""
        with Waking(self._url, stop) as waking:
            threads = [
                threading.Thread(
                    target=self._follow, args=(model, waking, stop), name=f"project-{model.name}", daemon=True
                )
                for model in self.models
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def catch_up(self) -> dict[str, int]:
        """Apply everything recorded so far, and swap what was built beside; the position of each model.

        Raises ``ModelStopped`` of the first model that fails, after the others have caught up.
        """
        failed: list[ModelStopped | NothingTouched] = []
        reached: dict[str, int] = {}
        with closing(connect(self._url)) as connection:
            for model in self.models:
                try:
                    ensure(connection, model)
                    reached[model.name] = self._to_head(connection, model)
                except (ModelStopped, NothingTouched) as error:
                    failed.append(error)
            drop_expired(connection)
        if failed:
            raise failed[0]
        return reached

    def positions(self) -> list[Standing]:
        """How far each model is, how far behind, whether anybody moves it, and what stopped it."""
        names = {model.name for model in self.models}
        with closing(connect(self._url)) as connection:
            return [one for one in standings(connection) if one.model in names]

    def _to_head(self, connection: Connection, model: ReadModel) -> int:
        applier = Applier(connection, model, strict=self._strict, batch=self._batch)
        while True:
            step = applier.step()
            if step is None or step.done:
                drop_retired(connection, model.name)
                return step.position if step is not None else 0

    def _follow(self, model: ReadModel, waking: Waking, stop: threading.Event) -> None:
        """One model's thread: lead or wait, through every loss of the server, until it is stopped or fails."""
        failures = 0
        while not stop.is_set():
            try:
                with ExitStack() as stack:
                    connection = stack.enter_context(closing(connect(self._url)))
                    ensure(connection, model)
                    failures = 0
                    self._lead(connection, model, waking, stop)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                pause = _BACK_OFF_SECONDS[min(failures, len(_BACK_OFF_SECONDS) - 1)]
                failures += 1
                log.warning("projector_waits", model=model.name, seconds=pause, reason=str(error).splitlines()[:1])
                stop.wait(pause)
            except Exception as error:  # One model's failure stops that model alone.
                told = {"event_name": error.event, "file": error.file} if isinstance(error, ModelStopped) else {}
                log.exception("projection_stopped", model=model.name, reason=str(error), **told)
                return

    def _lead(self, connection: Connection, model: ReadModel, waking: Waking, stop: threading.Event) -> None:
        applier = Applier(connection, model, strict=self._strict, batch=self._batch)
        seen, leading, idle = waking.heard(), False, 0.0
        while not stop.is_set():
            leading = leading or _try_lock(connection, model)
            step = applier.step() if leading else None
            if step is not None and not step.done:
                continue
            if _is_quiet(step):
                idle += POLL_SECONDS
            if leading and (idle >= BEAT_SECONDS or not _is_quiet(step)):
                idle = 0.0
                _beat(connection, model)
                drop_expired(connection)
            drop_retired(connection, model.name)
            seen = waking.wait(seen, POLL_SECONDS)


def _is_quiet(step: Step | None) -> bool:
    return step is None or step.applied == 0


def _try_lock(connection: Connection, model: ReadModel) -> bool:
    row = connection.execute(
        "SELECT pg_try_advisory_lock(hashtext('projection.leader'), hashtext(%s))", [model.name]
    ).fetchone()
    return bool(row and row[0])


def _beat(connection: Connection, model: ReadModel) -> None:
    connection.execute(
        "UPDATE projection.generations SET beat_at = now() WHERE model = %s AND digest = %s AND state <> 'retired'",
        [model.name, model.digest],
    )
