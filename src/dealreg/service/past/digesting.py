"""One digest of everything at a size of the log: every stream folded, every read model built; two replays of one log give the same."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import to_json

from dealreg.process.deciding import AGGREGATES
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Recorded, Row
from dealreg.service.past.moment import Moment
from dealreg.service.projecting.folders import read_models
from dealreg.service.projecting.past import Progress, build_past
from dealreg.vocabulary.fact import Aggregate
from dealreg.vocabulary.values import Digest, Key, Model, Whole

PAGE: Final = 5000
OTHERS: Final = "facts"
"""Streams of which no state is kept (audit): their facts themselves, in order."""


class KindDigest(Model):
    """Every stream of a kind, or every row of a read model."""

    name: Key
    count: Whole
    digest: Digest


class LogDigest(Model):
    """What a size of the log says, folded and projected: ``digest`` is over all the others."""

    at_size: Whole
    final: bool
    aggregates: tuple[KindDigest, ...]
    models: tuple[KindDigest, ...]
    digest: Digest


def digest_at(
    ledger: Ledger,
    projector_url: str,
    moment: Moment,
    *,
    models: bool = True,
    progress: Progress = lambda _what, _done, _head: None,
) -> LogDigest:
    """Fold every stream, and build every read model unless ``models`` is false. A state of each stream is held while it folds.

    Raises ``Unavailable``, ``ValueError`` for a fact that this build cannot read, and ``ModelStopped``.
    """
    folded = tuple(aggregates_at(ledger, moment.position, progress))
    built = tuple(_models(projector_url, moment.position, progress)) if models else ()
    whole = "\n".join(f"{one.name} {one.count} {one.digest}" for one in (*folded, *built))
    return LogDigest(
        at_size=moment.position, final=moment.final, aggregates=folded, models=built, digest=_sha(whole.encode())
    )


def aggregates_at(ledger: Ledger, position: int, progress: Progress) -> Iterator[KindDigest]:
    """Of each kind how many streams, and SHA-256 over stream, version and state in the order of the streams' ids."""
    states: dict[UUID, tuple[str, int, Any]] = {}
    for row in _rows(ledger, position, progress):
        recorded = ledger.read(row)
        kind = recorded.event.AGGREGATE
        aggregate = AGGREGATES.get(kind)
        known = states.get(row.stream)
        before = known[2] if known is not None else aggregate.initial if aggregate is not None else b""
        states[row.stream] = (kind if aggregate else OTHERS, row.version, _after(aggregate, before, recorded, row))
    kinds: dict[str, list[UUID]] = defaultdict(list)
    for stream, (kind, _, _) in states.items():
        kinds[kind].append(stream)
    for kind in sorted(kinds):
        digest = sha256()
        for stream in sorted(kinds[kind]):
            _, version, state = states[stream]
            digest.update(f"{stream} {version} {_sha(to_json(plain(state)))}\n".encode())
        yield KindDigest(name=kind, count=len(kinds[kind]), digest=digest.hexdigest())


def plain(value: Any) -> Any:
    """A state as JSON that is the same for equal states, whatever order their sets and mappings have."""
    if value is None or (isinstance(value, str | int | float | bool) and not isinstance(value, Enum)):
        return value
    match value:
        case Enum():
            return value.value
        case BaseModel():
            return {name: plain(getattr(value, name)) for name in type(value).model_fields}
        case Mapping():
            return sorted(([plain(key), plain(one)] for key, one in value.items()), key=to_json)
        case frozenset() | set():
            return sorted((plain(one) for one in value), key=to_json)
        case list() | tuple():
            return [plain(one) for one in value]
        case bytes():
            return _sha(value)
        case date():
            return value.isoformat()
        case UUID() | Decimal():
            return str(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
        case _:
            raise TypeError(f"a state holds a {type(value).__name__}; say how it is written")


def _after(aggregate: Aggregate[Any] | None, before: Any, recorded: Recorded, row: Row) -> Any:
    """The state, or, where none is kept, a chain over the stored bytes."""
    if aggregate is not None:
        return aggregate.evolve(before, recorded.event)
    return sha256(before + row.topic.encode() + b"\n" + row.state).digest()


def _rows(ledger: Ledger, position: int, progress: Progress) -> Iterator[Row]:
    after = 0
    while after < position:
        rows = ledger.notifications(after, PAGE, up_to=position)
        if not rows:
            return
        yield from rows
        after = rows[-1].position
        progress("streams", after, position)


def _models(projector_url: str, position: int, progress: Progress) -> Iterator[KindDigest]:
    for name, model in sorted(read_models().items()):
        if model.tables is not None:
            built = build_past(projector_url, name, position, progress=progress)
            yield KindDigest(name=name, count=sum(one.rows for one in built.tables), digest=built.digest)


def _sha(value: bytes) -> str:
    return sha256(value).hexdigest()
