"""The checkpoints of a bundle: the newest that everything is proved by, and earlier ones, seen by witnesses, that date what lies between."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from dealreg.service.evidence.gathering import Known
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.refused import Refused

MOST_ANCHORS = 24
"""Earlier checkpoints in one bundle, of 20 hashes each."""

CLOSE_SECONDS = 1.0
"""Witnesses tell whole seconds."""

_ORIGIN = "SELECT origin FROM seal.standing ORDER BY beat_at DESC LIMIT 1"
_COVERING = "SELECT size, note FROM seal.checkpoints WHERE origin = %s AND size >= %s ORDER BY size LIMIT 1"
_NEWEST_BELOW = "SELECT size, note FROM seal.checkpoints WHERE origin = %s AND size <= %s ORDER BY size DESC LIMIT 1"
_LINES = "SELECT line, cosigned_at FROM seal.cosignatures WHERE origin = %s AND size = %s ORDER BY witness"
_COSIGNED = "SELECT EXISTS (SELECT FROM seal.cosignatures WHERE origin = %s) AS any"
_SEEN_COVERING = """
SELECT c.size, c.note FROM seal.checkpoints AS c
WHERE c.origin = %s AND c.size >= %s AND EXISTS (SELECT FROM seal.cosignatures AS s WHERE s.origin = c.origin AND s.size = c.size)
ORDER BY c.size LIMIT 1
"""
_AROUND = """
SELECT (SELECT max(s.size) FROM seal.cosignatures AS s WHERE s.origin = %(origin)s AND s.size < %(position)s) AS after,
       (SELECT min(s.size) FROM seal.cosignatures AS s WHERE s.origin = %(origin)s AND s.size >= %(position)s) AS before,
       (SELECT max(t.size) FROM seal.tokens AS t WHERE t.origin = %(origin)s AND t.size >= %(position)s AND t.size < %(next)s
            AND (EXISTS (SELECT FROM seal.cosignatures AS s WHERE s.origin = t.origin AND s.size = t.size)
                OR NOT EXISTS (SELECT FROM seal.cosignatures AS s WHERE s.origin = t.origin))) AS stamped
"""
_NOTE = "SELECT note FROM seal.checkpoints WHERE origin = %s AND size = %s"
_TOKENS = "SELECT size, authority, token FROM seal.tokens WHERE origin = %s AND size = ANY (%s::bigint[]) ORDER BY size, authority"


class Sealed(NamedTuple):
    """A checkpoint with every cosignature that it has; ``seen`` are the instants at which its witnesses signed."""

    origin: str
    size: int
    note: str
    seen: tuple[datetime, ...]

    @property
    def body(self) -> str:
        """What was signed."""
        return self.note.partition("\n\n")[0] + "\n"


class Token(NamedTuple):
    """A time stamp of RFC 3161 over a checkpoint's body."""

    size: int
    authority: str
    token: bytes


def origin_of(ledger: Ledger) -> str:
    """The log that is sealed now. Raises ``Refused`` where none is, and ``Unavailable``."""
    found = ledger.run(_ORIGIN)
    if not found:
        raise Refused(
            "nothing of this ledger is sealed yet, so nothing of it can be proved; run `dealreg seal` (or `dealreg up`)"
        )
    return str(found[0]["origin"])


def covering(
    ledger: Ledger, origin: str, position: int, seconds: float, *, tick: Callable[[float], None] = time.sleep
) -> Sealed:
    """The first checkpoint that covers a position; where the log has witnesses, the first that one of them signed, if it comes in time.

    Waits at most so long. Raises ``Refused`` where none comes, and ``Unavailable``.
    """
    until = time.monotonic() + seconds
    witnessed = bool(ledger.run(_COSIGNED, [origin])[0]["any"])
    while True:
        found = ledger.run(_SEEN_COVERING if witnessed else _COVERING, [origin, position])
        if found or time.monotonic() >= until:
            break
        tick(0.05)
    found = found or ledger.run(_COVERING, [origin, position])
    if not found:
        raise Refused(
            f"no checkpoint covered position {position} within {seconds:g} s: the sealer is away or halted; see `dealreg seal`, then export again"
        )
    return sealed(ledger, origin, found[0]["size"], found[0]["note"])


def sealed(ledger: Ledger, origin: str, size: int, note: str | None = None) -> Sealed:
    """A checkpoint of a size that there is, with its cosignatures. Raises ``Unavailable``."""
    text = note if note is not None else str(ledger.run(_NOTE, [origin, size])[0]["note"])
    lines = ledger.run(_LINES, [origin, size])
    given = "".join(row["line"].rstrip("\n") + "\n" for row in lines if row["line"].rstrip("\n") not in text)
    return Sealed(origin, size, text + given, tuple(row["cosigned_at"].astimezone(UTC) for row in lines))


def newest_note(ledger: Ledger, origin: str, up_to: int) -> str | None:
    """The newest checkpoint of at most a size, with its cosignatures. Raises ``Unavailable``."""
    found = ledger.run(_NEWEST_BELOW, [origin, up_to])
    return sealed(ledger, origin, found[0]["size"], found[0]["note"]).note if found else None


def anchors(ledger: Ledger, newest: Sealed, facts: Sequence[Known]) -> list[Sealed]:
    """Earlier checkpoints, seen by witnesses, right before and right after facts: of the first, the last, and some in between.

    Between two facts the newest that a time-stamp authority stamped (RFC 3161) goes along too. One that a witness signed late, when later facts were recorded already and not yet sealed, dates nothing and is left out. Raises
    ``Unavailable``.
    """
    sizes: set[int] = set()
    positions = [one.stored.position for one in facts]
    behind = dict(zip(positions, [*positions[1:], newest.size], strict=True))
    for position in _picked(positions):
        asked = {"origin": newest.origin, "position": position, "next": behind[position]}
        found_around = ledger.run(_AROUND, asked)[0].values()
        sizes |= {size for size in found_around if size is not None and 0 < size < newest.size}
    found = [sealed(ledger, newest.origin, size) for size in sorted(sizes)]
    return _useful([one for one in found if _in_time(one, facts)], facts)


def tokens(ledger: Ledger, origin: str, sizes: Sequence[int]) -> list[Token]:
    """The time stamps over some checkpoints. Raises ``Unavailable``."""
    return [
        Token(row["size"], row["authority"], bytes(row["token"])) for row in ledger.run(_TOKENS, [origin, list(sizes)])
    ]


def _picked(positions: Sequence[int]) -> list[int]:
    """Both ends, and every so many in between."""
    most = MOST_ANCHORS // 2
    if len(positions) <= most:
        return list(positions)
    return sorted({positions[number * (len(positions) - 1) // (most - 1)] for number in range(most)})


def _in_time(anchor: Sealed, facts: Sequence[Known]) -> bool:
    later = [one.stored.recorded_at for one in facts if one.stored.position > anchor.size][:1]
    return all(
        datetime.fromisoformat(at).timestamp() + CLOSE_SECONDS >= seen.timestamp()
        for at in later
        for seen in anchor.seen
    )


def _useful(found: Sequence[Sealed], facts: Sequence[Known]) -> list[Sealed]:
    """Those between which a fact lies: a verifier takes no other."""
    sizes, used = [one.size for one in found], set[int]()
    for one in facts:
        position = one.stored.position
        used.update([size for size in sizes if size < position][-1:] + [size for size in sizes if size >= position][:1])
    return [one for one in found if one.size in used]
