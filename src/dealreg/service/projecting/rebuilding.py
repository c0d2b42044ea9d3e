"""Build a read model anew beside the live one, and swap; or only compare the two (style section 4, rules 3 and 6)."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dealreg.service.projecting.applying import Applier
from dealreg.service.projecting.connecting import Connection, connect
from dealreg.service.projecting.errors import UnknownQuestion
from dealreg.service.projecting.folders import ReadModel, read_models
from dealreg.service.projecting.generations import begin, drop_retired, ensure

Progress = Callable[[str, int, int], None]
"""Told after each batch: the model, the position reached, and the last one there is."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A model that was built anew: how many facts, up to which position; ``differs`` names tables whose rows are not the live ones'.

    ``differs`` is ``None`` where nothing was compared.
    """

    model: str
    generation: int
    applied: int
    position: int
    differs: tuple[str, ...] | None = None


def rebuild(
    database_url: str,
    models: Sequence[str] = (),
    *,
    check: bool = False,
    folder: Path | None = None,
    progress: Progress = lambda _model, _done, _head: None,
) -> list[Rebuilt]:
    """Build these models, or all, from the first fact; readers see the old rows until the last batch of the new ones.

    With ``check`` nothing is swapped: the new rows are compared with the live ones at the same position and removed. Raises
    ``UnknownQuestion``, ``BadReadModel`` and ``ModelStopped``.
    """
    found = read_models(folder)
    if unknown := sorted(set(models) - set(found)):
        raise UnknownQuestion(f"no read model {', '.join(unknown)}; there are {', '.join(sorted(found))}")
    chosen = [found[name] for name in models or sorted(found)]
    with closing(connect(database_url)) as connection:
        return [
            (_check if check else _swap)(connection, model, progress) for model in chosen if model.tables is not None
        ]


def _swap(connection: Connection, model: ReadModel, progress: Progress) -> Rebuilt:
    ensure(connection, model)
    number = begin(connection, model)
    applied, position = _fill(connection, model, number, progress, swap=True)
    drop_retired(connection, model.name)
    return Rebuilt(model.name, number, applied, position)


def _check(connection: Connection, model: ReadModel, progress: Progress) -> Rebuilt:
    """Fill beside, then hold the live generation still for a moment and compare."""
    ensure(connection, model)
    _live(connection, model, progress)
    number = begin(connection, model)
    applied, _ = _fill(connection, model, number, progress, swap=False)
    with connection.transaction():
        row = connection.execute(
            "SELECT generation, position FROM projection.generations WHERE model = %s AND state = 'live' FOR UPDATE",
            [model.name],
        ).fetchone()
        live, at = row if row is not None else (number, 0)
        more, position = _fill(connection, model, number, progress, swap=False, up_to=at)
        differs = _differing(connection, model, live, number) if position == at else ("position",)
        connection.execute(
            "UPDATE projection.generations SET state = 'retired' WHERE model = %s AND generation = %s",
            [model.name, number],
        )
    drop_retired(connection, model.name)
    return Rebuilt(model.name, number, applied + more, position, differs)


def _live(connection: Connection, model: ReadModel, progress: Progress) -> None:
    """Bring the live generation to the head, so that the new one does not pass it; finish one that a changed folder began."""
    applier = Applier(connection, model)
    while (step := applier.step()) is not None:
        progress(model.name, step.position, step.head)
        if step.done:
            return


def _fill(
    connection: Connection, model: ReadModel, number: int, progress: Progress, *, swap: bool, up_to: int | None = None
) -> tuple[int, int]:
    """Apply batch after batch to one generation; how many facts, and the position reached."""
    if up_to is None and not swap:
        up_to = _live_position(connection, model)
    applier = Applier(connection, model)
    applied = 0
    while True:
        step = applier.step(number=number, up_to=up_to, swap=swap)
        if step is None:
            raise UnknownQuestion(f"another process began to rebuild {model.name}; let it finish, or start again")
        applied += step.applied
        progress(model.name, step.position, step.head)
        if step.done:
            return applied, step.position


def _live_position(connection: Connection, model: ReadModel) -> int:
    row = connection.execute(
        "SELECT position FROM projection.generations WHERE model = %s AND state = 'live'", [model.name]
    ).fetchone()
    return int(row[0]) if row is not None else 0


def _differing(connection: Connection, model: ReadModel, one: int, other: int) -> tuple[str, ...]:
    tables = sorted({line.table for line in model.readers})
    return tuple(
        table for table in tables if content(connection, model, one, table) != content(connection, model, other, table)
    )


def content(connection: Connection, model: ReadModel, generation: int, table: str) -> tuple[int, str]:
    """How many rows a table has, and a sum over them that does not depend on their order."""
    row = connection.execute(
        "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text || ':' ||"  # noqa: S608  # checked names
        f" coalesce(sum(hashtextextended(t::text, 1)::numeric), 0)::text FROM {model.schema(generation)}.{table} AS t"
    ).fetchone()
    return (int(row[0]), str(row[1])) if row is not None else (0, "")
