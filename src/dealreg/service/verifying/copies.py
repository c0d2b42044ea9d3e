"""What read models still say of a fact: a hint at what was changed in it. It proves nothing, the hash does."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from psycopg import sql
from pydantic_core import from_json

from dealreg.service.verifying.rows import Connection, SealedRow

MODEL = "registration_history"
"""The read model that keeps each fact of a registration word for word."""

MOST = 8
"""Fields that are named."""

LONGEST = 60


def copies(connection: Connection, positions: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """What the live generation of the model says of these positions, as the projector; nothing where it is not there."""
    live = connection.execute(
        "SELECT model || '_g' || generation FROM projection.generations WHERE model = %s AND state = 'live'", [MODEL]
    ).fetchone()
    if live is None:
        return {}
    asked = sql.SQL(
        "SELECT DISTINCT ON (position) position, stream::text, version, event, recorded_at, data FROM {}.registration_history"
        " WHERE position = ANY (%s) ORDER BY position"
    ).format(sql.Identifier(str(live[0])))
    names = ("stream", "version", "event", "recorded_at", "data")
    return {
        int(str(row[0])): dict(zip(names, row[1:], strict=True)) for row in connection.execute(asked, [list(positions)])
    }


def told_by(copy: Mapping[str, Any], row: SealedRow) -> str | None:
    """In which fields a row differs from what a read model still says of it."""
    if (copy["stream"], copy["version"]) != (row.stream_id, row.version):
        return f"the read model {MODEL} has there version {copy['version']} of stream {copy['stream']}, {copy['event']}"
    try:
        data = from_json(row.state)["data"]
    except (ValueError, KeyError, TypeError):
        return f"the read model {MODEL} still has its content: {_short(copy['data'])}"
    fields = differing(copy["data"], data, "data")
    return f"the read model {MODEL} says of it {fields}" if fields else None


def differing(then: Any, now: Any, path: str) -> str:
    """The fields in which two values of JSON differ, in words; nothing where none does."""
    found = [f"{at}: {_short(was)} there, {_short(here)} here" for at, was, here in _different(path, then, now)]
    more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
    return f"{'; '.join(found[:MOST])}{more}"


def _different(path: str, then: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(then, dict) and isinstance(now, dict):
        for name in [*then, *(name for name in now if name not in then)]:
            yield from _different(f"{path}.{name}" if path else name, then.get(name), now.get(name))
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for at, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _different(f"{path}[{at}]", one, other)
    elif then != now:
        yield path, then, now


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
