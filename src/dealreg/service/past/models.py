"""Whole read models as of two sizes of the log: what was there, and what differs row by row; for auditors."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from pydantic import JsonValue

from dealreg.service.past.moment import Moment
from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.past import Built, Progress, build_past, differing, key_of, rows_of
from dealreg.service.tokens import Claims
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.refused import NotAllowed
from dealreg.vocabulary.values import Instant, Key, Model, Whole


class TableTold(Model):
    """A table: how many rows, and SHA-256 over them."""

    table: Key
    rows: Whole
    digest: Key


class ModelTold(Model):
    """A read model as of a size of the log; it stands in ``stands_in`` for the role of auditors up to ``kept_to``."""

    model: Key
    at_size: Whole
    final: bool
    digest: Key
    stands_in: Key
    kept_to: Instant
    tables: tuple[TableTold, ...]


class FieldChanged(Model):
    """A column that differs."""

    field: Key
    before: JsonValue
    after: JsonValue


class RowChanged(Model):
    """A row that came, went or differs: by its key."""

    table: Key
    change: Key
    key: dict[str, JsonValue]
    fields: tuple[FieldChanged, ...]


class Models:
    """Read models of the past by one caller. Raises ``NotAllowed`` for anybody but auditors."""

    def __init__(
        self, projector_url: str, claims: Claims, progress: Progress = lambda _model, _done, _head: None
    ) -> None:
        """``projector_url``: the login that makes schemas of read models."""
        if claims.role is not Role.AUDITOR:
            raise NotAllowed("whole read models of the past hold every reader's rows; they are for auditors")
        self._url, self._progress = projector_url, progress

    def at(self, name: str, moment: Moment) -> ModelTold:
        """The model as of a moment, built if it does not stand. Raises ``UnknownQuestion``."""
        return _told(self._built(name, moment), moment)

    def rows(self, name: str, moment: Moment, table: str) -> Iterator[dict[str, Any]]:
        """The rows of one of its tables. Raises ``UnknownQuestion``."""
        built = self._built(name, moment)
        with closing(connect(self._url)) as connection:
            yield from rows_of(connection, built, table)

    def diff(self, name: str, before: Moment, after: Moment) -> Iterator[RowChanged]:
        """Row by row, table by table. Raises ``UnknownQuestion``."""
        one, other = self._built(name, before), self._built(name, after)
        with closing(connect(self._url)) as connection:
            for table in one.tables:
                key = key_of(connection, one, table.table)
                for was, now in differing(connection, one, other, table.table):
                    yield _changed(table.table, key, was, now)

    def _built(self, name: str, moment: Moment) -> Built:
        return build_past(self._url, name, moment.position, progress=self._progress)


def _told(built: Built, moment: Moment) -> ModelTold:
    return ModelTold(
        model=built.model,
        at_size=built.position,
        final=moment.final,
        digest=built.digest,
        stands_in=built.schema,
        kept_to=built.kept_to,
        tables=tuple(TableTold(table=one.table, rows=one.rows, digest=one.digest) for one in built.tables),
    )


def _changed(table: str, key: list[str], was: dict[str, Any] | None, now: dict[str, Any] | None) -> RowChanged:
    change = "came" if was is None else "went" if now is None else "changed"
    before, after = was or {}, now or {}
    fields = sorted(name for name in {**before, **after} if name not in key and before.get(name) != after.get(name))
    return RowChanged(
        table=table,
        change=change,
        key={name: (after or before)[name] for name in key},
        fields=tuple(FieldChanged(field=name, before=before.get(name), after=after.get(name)) for name in fields),
    )
