"""Dead letters: messages that could not be decided, as rows with their bytes and the reason (architecture D11).

A row is named by the message's place in the broker, so that a second delivery adds nothing. One that was replayed is settled by what
becomes of the replay.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dealreg.service.intake.delivery import Delivery, Verdict
from dealreg.service.intake.unreadable import Unreadable
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Statement

REPLAY_HEADER = "dealreg-replay-of"
"""The id of the dead letter whose bytes a message carries again."""

_INSERT = """
INSERT INTO intake.dead_letters (stream, sequence, subject, source, bytes, headers, reason, detail, received_at, attempts)
SELECT d->>'stream', (d->>'sequence')::bigint, d->>'subject', d->>'source', b, d->'headers', d->>'reason', d->'detail',
    (d->>'received_at')::timestamptz, (d->>'attempts')::int
FROM unnest(%s::jsonb[], %s::bytea[]) AS u (d, b)
ON CONFLICT (stream, sequence) DO NOTHING
"""
_FIRST = """
SELECT id, received_at FROM intake.dead_letters AS l
JOIN unnest(%s::bigint[], %s::text[]) AS r (id, digest) USING (id) WHERE l.redacted_at IS NULL AND encode(sha256(l.bytes), 'hex') = r.digest
"""
_SETTLE = """
UPDATE intake.dead_letters AS l SET resolved_at = clock_timestamp(), resolution = r.resolution
FROM unnest(%s::bigint[], %s::text[]) AS r (id, resolution) WHERE l.id = r.id AND l.resolved_at IS NULL
"""
_LIST = """
SELECT id, stream, sequence, subject, source, reason, detail, received_at, recorded_at, attempts, replayed_at, resolved_at, resolution,
    length(bytes) AS size, redacted_at
FROM intake.dead_letters
WHERE (%(all)s OR resolved_at IS NULL) AND (%(reason)s::text IS NULL OR reason = %(reason)s) AND id > %(after)s
ORDER BY id LIMIT %(limit)s
"""
_ONE = "SELECT *, length(bytes) AS size FROM intake.dead_letters WHERE id = %s"
_REPLAYED = """
UPDATE intake.dead_letters SET replayed_at = clock_timestamp(), attempts = attempts + 1 WHERE id = %s RETURNING attempts
"""


@dataclass(frozen=True, slots=True)
class Dead:
    """A delivery that is set aside: why, whose it was if that could be told, and since when the door has had it."""

    delivery: Delivery
    because: Unreadable
    received_at: datetime
    source: str | None = None
    attempts: int = 1


def insertion(dead: Sequence[Dead]) -> Statement:
    """The statement that keeps them, for the transaction of a save."""
    return _INSERT, [[_described(one) for one in dead], [one.delivery.body for one in dead]]


def _described(dead: Dead) -> str:
    delivery, because = dead.delivery, dead.because
    described = {
        "stream": delivery.stream,
        "sequence": delivery.sequence,
        "subject": delivery.subject,
        "source": dead.source,
        "headers": dict(delivery.headers),
        "reason": because.why.value,
        "detail": {"field": because.field, "words": because.words},
        "received_at": dead.received_at.isoformat(),
        "attempts": dead.attempts,
    }
    # What JSON can spell and jsonb cannot hold: the whole row must not fail for a header or a field's name.
    return json.dumps(storable(described), ensure_ascii=False)


def storable(value: Any) -> Any:
    """Text without NUL and half surrogate pairs, which are spelt out instead; the bytes themselves are kept as they are."""
    if isinstance(value, str):
        return value.replace("\x00", "\\u0000").encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {storable(key): storable(inner) for key, inner in value.items()}
    return value


def replayed(delivery: Delivery) -> int | None:
    """The dead letter that a delivery says it is a replay of."""
    header = delivery.header(REPLAY_HEADER) or ""
    return int(header) if header.isascii() and header.isdigit() and len(header) < 19 else None  # noqa: PLR2004 - digits of a bigint


def first_received(ledger: Ledger, deliveries: Iterable[Delivery]) -> dict[tuple[str, int], datetime]:
    """For replays of a dead letter with the very same bytes: when our door first had it, which is its priority time.

    Raises ``Unavailable``.
    """
    claims = {
        delivery.key: (number, delivery.digest) for delivery in deliveries if (number := replayed(delivery)) is not None
    }
    if not claims:
        return {}
    ids, digests = zip(*claims.values(), strict=True)
    known = {row["id"]: row["received_at"] for row in ledger.run(_FIRST, [list(ids), list(digests)])}
    return {key: known[number] for key, (number, _) in claims.items() if number in known}


def keep(ledger: Ledger, dead: Sequence[Dead]) -> None:
    """Keep them in a transaction of their own. Raises ``Unavailable`` and ``Unstorable``."""
    if dead:
        ledger.run(*insertion(dead))


def settle(ledger: Ledger, ended: Iterable[tuple[Delivery, Verdict]]) -> None:
    """Close the dead letters that these deliveries replay, each with what became of it. Raises ``Unavailable``."""
    became = {
        number: "decided" if verdict is Verdict.DONE else f"dead again as {delivery.stream}:{delivery.sequence}"
        for delivery, verdict in ended
        if (number := replayed(delivery)) is not None
    }
    if became:
        ledger.run(_SETTLE, [list(became), list(became.values())])


def listed(
    ledger: Ledger, *, reason: str | None = None, closed: bool = False, after: int = 0, limit: int = 1000
) -> list[dict[str, Any]]:
    """The open ones, or all with ``closed``, of one reason or any, by id. Raises ``Unavailable``."""
    return ledger.run(_LIST, {"all": closed, "reason": reason, "after": after, "limit": limit})


def shown(ledger: Ledger, number: int) -> dict[str, Any] | None:
    """One with its bytes; ``None`` where there is none of that id. Raises ``Unavailable``."""
    rows = ledger.run(_ONE, [number])
    return rows[0] if rows else None


def mark_replayed(ledger: Ledger, number: int) -> int:
    """Say that its bytes are about to be published again; the number of its attempts. Raises ``Unavailable``."""
    return int(ledger.run(_REPLAYED, [number])[0]["attempts"])
