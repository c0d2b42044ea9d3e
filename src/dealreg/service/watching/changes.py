"""What the log of changes says: PostgreSQL's `pgoutput` messages, protocol version 1, as transactions.

https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dealreg.service.ledger.audit_facts import Change

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_IGNORED = {b"O", b"Y", b"M"}
"""Where a change came from, names of types, messages of applications: nothing that is changed."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One row that was changed, or a table that was emptied. A value that was too long to be written again is missing."""

    change: Change
    table: str
    old: Mapping[str, str | None] = field(default_factory=dict)
    new: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transaction:
    """What was committed together; ``lsn`` is its place in the log and names it for ever, ``end`` is behind it."""

    lsn: int
    committed_at: datetime
    end: int
    changes: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: tuple[str, ...]


class _Message:
    """The bytes of one message, read from the front."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) != size:
            raise ValueError(f"the log of changes ends inside a message: {self._data[:20]!r}")
        self._at += size
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def text(self) -> str:
        end = self._data.index(0, self._at)
        return self.take(end + 1 - self._at)[:-1].decode()

    def row(self, table: _Table) -> dict[str, str | None]:
        """The values of one row by column."""
        read: dict[str, str | None] = {}
        for column in table.columns[: self.number(2)]:
            kind = self.take(1)
            if kind == b"n":
                read[column] = None
            elif kind == b"t":
                read[column] = self.take(self.number(4)).decode()
        return read


def transactions(messages: Iterable[bytes]) -> Iterator[Transaction]:
    """The transactions in the order of their commits. Raises ``ValueError`` for what is no such message."""
    tables: dict[int, _Table] = {}
    begun: tuple[int, datetime] | None = None
    changes: list[Changed] = []
    for data in messages:
        message = _Message(data)
        kind = message.take(1)
        if kind == b"B":
            begun = (message.number(8), _EPOCH + timedelta(microseconds=message.number(8)))
            changes = []
        elif kind == b"C":
            if begun is None:
                raise ValueError("the log of changes commits what it has not begun")
            message.take(9)
            yield Transaction(*begun, message.number(8), tuple(changes))
            begun = None
        elif kind == b"R":
            relation = message.number(4)
            tables[relation] = _table(message)
        elif kind not in _IGNORED:
            changes.extend(_changed(kind, message, tables))


def _table(message: _Message) -> _Table:
    name = f"{message.text()}.{message.text()}"
    message.take(1)
    columns = []
    for _ in range(message.number(2)):
        message.take(1)
        columns.append(message.text())
        message.take(8)
    return _Table(name, tuple(columns))


def _changed(kind: bytes, message: _Message, tables: Mapping[int, _Table]) -> Iterator[Changed]:
    if kind == b"T":
        count = message.number(4)
        message.take(1)
        yield from (Changed(Change.TRUNCATE, tables[message.number(4)].name) for _ in range(count))
        return
    known = {b"I": Change.INSERT, b"U": Change.UPDATE, b"D": Change.DELETE}
    if kind not in known:
        raise ValueError(f"the log of changes holds a message that is not known: {kind!r}")
    table = tables[message.number(4)]
    old: dict[str, str | None] = {}
    part = message.take(1)
    if part in {b"K", b"O"}:
        old = message.row(table)
        part = message.take(1) if kind == b"U" else b""
    new = message.row(table) if part == b"N" else {}
    yield Changed(known[kind], table.name, old, new)
