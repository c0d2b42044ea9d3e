"""One batch of one read model: its rows and its position in one transaction, so that nothing counts twice (style section 4, rule 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import psycopg
from psycopg import RawCursor

from dealreg.service.ledger.stored_names import StoredNames, stored_names
from dealreg.service.projecting.binding import Row, bind, open_row
from dealreg.service.projecting.connecting import Connection
from dealreg.service.projecting.errors import ModelStopped, NothingTouched
from dealreg.service.projecting.folders import ReadModel
from dealreg.service.projecting.generations import Generation, go_live, take
from dealreg.service.projecting.statements import Statement

BATCH = 500
"""Facts in one transaction: measured to be where more gains nothing (eventsourcing.md section 3)."""

REACH = 20_000
"""Positions that one look covers: a model that listens to little moves on in long steps, and no look is a long one."""

# Positions have no gaps and become visible in order, so that nothing can appear later behind the last row read.
_LOOK = """
SELECT last.head, last.position, e.position, e.originator_id::text, e.originator_version, e.topic, e.state, e.recorded_at::text
FROM (
    SELECT h.head, least(h.head, $1::bigint + $4::bigint) AS position
    FROM (SELECT least(coalesce(max(position), 0), $5::bigint) AS head FROM ledger.events) AS h
) AS last
LEFT JOIN LATERAL (
    SELECT * FROM ledger.events AS x
    WHERE x.position > $1::bigint AND x.position <= last.position AND x.topic = ANY ($2::text[])
    ORDER BY x.position LIMIT $3::int
) AS e ON true ORDER BY e.position
"""

_ADVANCE = """
UPDATE projection.generations SET position = $3::bigint, untouched = untouched + $4::bigint, stopped = NULL, beat_at = now()
WHERE model = $1 AND generation = $2::int
"""

_TRANSIENT = (psycopg.OperationalError, psycopg.InterfaceError)


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch did. ``done``: there is no more to read now; ``live``: this generation is the one that readers see.

    ``head`` is the last position that there was to read.
    """

    applied: int
    position: int
    head: int
    done: bool
    live: bool


@dataclass(frozen=True, slots=True)
class Applier:
    """Applies batches of one model over one connection of the projector's role.

    ``strict`` makes a statement that changes no row an error unless its file allows it: for tests.
    """

    connection: Connection
    model: ReadModel
    strict: bool = False
    batch: int = BATCH
    names: StoredNames | None = None

    def step(self, *, number: int | None = None, up_to: int | None = None, swap: bool = True) -> Step | None:
        """Apply the next batch to the newest generation of this folder, or to generation ``number``; ``None`` when there is none.

        A generation that was built beside the live one becomes the live one in the transaction of its last batch, unless ``swap``
        is false. Raises ``ModelStopped`` when a statement fails, with everything before it applied, and psycopg's
        ``OperationalError`` when the server went away.
        """
        with self.connection.transaction():
            held = take(self.connection, self.model, number)
            if held is None:
                return None
            self._enter(held)
            rows, last, head = self._look(held.position, up_to)
            try:
                with self.connection.transaction():
                    untouched = self._apply(held, rows)
            except _TRANSIENT:
                raise
            except Exception as error:  # noqa: BLE001 - it is looked at, and raised below
                failed = error
            else:
                done = len(rows) < self.batch and last >= head
                return self._advanced(
                    held, Step(len(rows), last, head, done, live=held.state == "live"), untouched, swap=swap
                )
        raise self._stopped(rows, number, failed)

    def _enter(self, held: Generation) -> None:
        self.connection.execute(
            "SELECT set_config('search_path', %s, true)", [f"{self.model.schema(held.number)}, pg_catalog"]
        )

    def _look(self, after: int, up_to: int | None) -> tuple[list[Row], int, int]:
        """The rows behind a position, the position that is reached when they are applied, and the last one there is."""
        cursor = RawCursor(self.connection)
        cursor.execute(
            _LOOK,
            [after, self.model.topics, self.batch, REACH, up_to if up_to is not None else 2**62],
            prepare=True,
            binary=True,
        )
        found = cursor.fetchall()
        rows = [Row(*row[2:]) for row in found if row[2] is not None]
        head, reached = found[0][:2]
        return rows, rows[-1].position if len(rows) == self.batch else max(after, reached), head

    def _apply(self, held: Generation, rows: Sequence[Row]) -> int:
        """Send a run of the same fact as one; how many statements surely changed nothing that should have."""
        names = self.names or stored_names()
        mark = f"/* g{held.number} */ "
        sent: list[tuple[Statement, int, psycopg.Cursor[tuple[object, ...]]]] = []
        with self.connection.pipeline():
            for topic, run in groupby(rows, lambda row: row.topic):
                statement = self.model.on[topic]
                values = [bind(open_row(row, names), statement.names) for row in run]
                for part in [values] if not self.strict else [[one] for one in values]:
                    cursor: psycopg.Cursor[tuple[object, ...]] = RawCursor(self.connection)
                    if len(part) == 1:
                        cursor.execute(mark + statement.text, part[0], prepare=True)
                    else:
                        cursor.executemany(mark + statement.text, part)
                    sent.append((statement, len(part), cursor))
        missing = [(one, count - cursor.rowcount) for one, count, cursor in sent if not one.may_touch_nothing]
        untouched = [(statement, count) for statement, count in missing if count > 0]
        if untouched and self.strict:
            raise NothingTouched(
                f"{untouched[0][0].file} changed no row; if that may be, say why: -- may touch no row: …"
            )
        return sum(count for _, count in untouched)

    def _advanced(self, held: Generation, step: Step, untouched: int, *, swap: bool) -> Step:
        """Write the new position, in the transaction that applied the rows; swap where that was the last batch."""
        if step.position > held.position:
            RawCursor(self.connection).execute(
                _ADVANCE, [self.model.name, held.number, step.position, untouched], prepare=True
            )
        if step.live or not step.done or not swap:
            return step
        go_live(self.connection, self.model, held.number)
        return replace(step, live=True)

    def _stopped(self, rows: Sequence[Row], number: int | None, failed: Exception) -> Exception:
        """Find the fact at which it fails, apply everything before it, and write down which one it is.

        The batch is repeated one by one: in a pipeline the server does not say which statement it was.
        """
        for row in rows:
            if (error := self._alone(row, number)) is not None:
                statement = self.model.on[row.topic]
                stopped = ModelStopped(
                    self.model.name,
                    event=row.topic,
                    file=statement.file,
                    position=row.position,
                    reason=_first_line(error),
                )
                self._write_down(stopped, number)
                return stopped
        return failed

    def _alone(self, row: Row, number: int | None) -> Exception | None:
        """Apply one fact in a transaction of its own; why it cannot be, if it cannot."""
        try:
            with self.connection.transaction():
                held = take(self.connection, self.model, number)
                if held is None or held.position >= row.position:
                    return None
                self._enter(held)
                untouched = self._apply(held, [row])
                RawCursor(self.connection).execute(_ADVANCE, [self.model.name, held.number, row.position, untouched])
        except _TRANSIENT:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the model stands still and says so
            return error
        return None

    def _write_down(self, stopped: ModelStopped, number: int | None) -> None:
        with self.connection.transaction():
            held = take(self.connection, self.model, number)
            if held is not None:
                self.connection.execute(
                    "UPDATE projection.generations SET stopped = jsonb_build_object('event', %s::text, 'file', %s::text,"
                    " 'position', %s::bigint, 'reason', %s::text) WHERE model = %s AND generation = %s",
                    [stopped.event, stopped.file, stopped.position, stopped.reason, self.model.name, held.number],
                )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
