"""Rows of the ledger as PostgreSQL sends them in a binary copy: what is sealed of them, and nothing turned into objects that need not be.

A copy streams: the server reads and sends while this process hashes, and neither keeps more than a few rows. It costs 0.6 µs a row
where a cursor costs 2 (docs/figures.md).
"""

import struct
from binascii import b2a_base64 as b64
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql

from dealreg.proof.verify import leaf_hash, leaf_text, payload_digest
from dealreg.service.ledger.errors import Unavailable

Connection = psycopg.Connection[tuple[object, ...]]

COLUMNS = "position, originator_id, originator_version, recorded_at, recorded_by, topic, salt, state"

_FIXED = struct.Struct(">hiqi16siqiqi")
"""Number of columns; then of each column its length and it: position, stream, version, instant; then the length of the login."""

_LENGTH = struct.Struct(">i")
_AFTER = _FIXED.size
_HEADER = 19
"""Bytes before the first row: a signature of 11, and two words of 4 that are zero here."""

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""PostgreSQL counts microseconds from here."""


class SealedRow(NamedTuple):
    """A row as it is stored: ``stream`` 16 bytes, ``recorded_at`` microseconds since 2000; a salt that is not there is empty."""

    position: int
    stream: bytes
    version: int
    recorded_at: int
    recorded_by: bytes
    topic: bytes
    salt: bytes
    state: bytes

    @property
    def stream_id(self) -> str:
        """The stream as it is written."""
        return str(UUID(bytes=self.stream))

    @property
    def instant(self) -> str:
        """When it was recorded, as the leaf says it."""
        return instant_text(self.recorded_at)

    def leaf_text(self) -> bytes:
        """Its leaf, made of the verifier's own parts."""
        return leaf_text(
            self.position, self.stream_id, self.version, self.instant, self.recorded_by.decode("utf-8", "replace"),
            self.topic.decode("utf-8", "replace"), payload_digest(self.salt, self.state),
        )  # fmt: skip

    def leaf(self) -> bytes:
        """The hash of its leaf."""
        return leaf_hash(self.leaf_text())

    def named(self) -> str:
        """Which row it is, for people."""
        topic = self.topic.decode("utf-8", "replace")
        return f"position {self.position}, stream {self.stream_id}, version {self.version}, {topic}"


def copied(connection: Connection, condition: str = "true") -> Generator[bytes]:
    """The rows for which a condition holds, in the order of their positions, each as PostgreSQL packs it.

    ``condition`` is SQL of this program's own. Raises ``Unavailable`` when what arrives is no row.
    """
    asked = sql.SQL("COPY (SELECT {} FROM ledger.events WHERE {} ORDER BY position) TO STDOUT (FORMAT binary)").format(
        sql.SQL(COLUMNS), sql.SQL(condition)
    )
    with connection.cursor() as cursor, cursor.copy(asked) as copy:
        began = False
        for arrived in copy:
            packed = bytes(arrived)
            if not began:
                began, packed = True, packed[_HEADER:]
            if len(packed) > _LENGTH.size:  # The last two bytes say that this was all.
                yield packed


Parts = tuple[int, bytes, int, int, bytes, bytes, bytes, bytes]
"""The columns of a row in the order of ``SealedRow``: a plain tuple is made in a fifth of the time."""


def parts(packed: bytes) -> Parts:
    """The columns out of the bytes of a copy. Raises ``Unavailable`` when they are no row: one was taken out or changed its type."""
    try:
        columns, of_position, position, of_stream, stream, of_version, version, of_instant, at, of_by = (
            _FIXED.unpack_from(packed)
        )
        end = _AFTER + of_by
        by = packed[_AFTER:end]
        start = end + 4
        end = start + _LENGTH.unpack_from(packed, end)[0]
        topic = packed[start:end]
        start = end + 4
        end = start + max(_LENGTH.unpack_from(packed, end)[0], 0)
        salt = packed[start:end]
        state = packed[end + 4 :]
        (of_state,) = _LENGTH.unpack_from(packed, end)
    except struct.error as error:
        raise Unavailable("a row of the ledger does not have the columns that it had") from error
    if (columns, of_position, of_stream, of_version, of_instant, of_state) != (8, 8, 16, 8, 8, len(state)):
        raise Unavailable(
            f"the row of the ledger after the bytes {packed[:16].hex()} does not have the columns that it had"
        )
    return position, stream, version, at, by, topic, salt, state


def unpacked(packed: bytes) -> SealedRow:
    """A row out of the bytes of a copy. Raises ``Unavailable``, as ``parts`` does."""
    return SealedRow._make(parts(packed))


def quick_leaf(row: Parts, stream: bytes) -> bytes:
    """As ``SealedRow.leaf`` with the stream's text at hand, in a third of the time: a test holds the two equal."""
    position, _, version, at, by, topic, salt, state = row
    seconds, micros = divmod(at, 1_000_000)
    digest = b64(sha256(b"dealreg/payload/v1\n%b%b" % (salt, state)).digest())
    return sha256(
        b"\0dealreg/event/v1\n%d\n%b\n%d\n%b.%06dZ\n%b\n%b\n%b"
        % (position, stream, version, _second(seconds), micros, by, topic, digest)
    ).digest()


def instant_text(micros: int) -> str:
    """Microseconds since 2000 as the leaf has them."""
    seconds, rest = divmod(micros, 1_000_000)
    return f"{_second(seconds).decode()}.{rest:06}Z"


def micros_of(moment: datetime) -> int:
    """An instant as microseconds since 2000."""
    return (moment - EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=4096)
def _second(seconds: int) -> bytes:
    """A whole second: facts come in bursts, so it was mostly written just now."""
    try:
        return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S").encode()
    except OverflowError:
        return b"no-instant"
