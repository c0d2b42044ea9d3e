"""The policy by which others check evidence: which keys of the log count for which sizes, which witnesses, how many of them.

It is made of the trail, and whoever takes it compares the fingerprints with somebody he trusts: a database that lies would name keys of
its own. A key that the trail says replaced another counts only where a checkpoint shows both signatures.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dealreg.proof.note import vkey
from dealreg.proof.verify import Key, Note, Refused, parse_checkpoint, parse_vkey, signed_by
from dealreg.service.ledger.audit_facts import LogKeyRevoked, LogKeyRotated
from dealreg.service.ledger.ledger import Ledger

MOST_FACTS = 10_000
"""Changes of keys that are read: one a day for 27 years."""

SKEW_SECONDS = 5

_FIRST_BEHIND = "SELECT note FROM seal.checkpoints WHERE origin = %s AND size > %s ORDER BY size LIMIT 1"
_NEWEST = "SELECT size, note FROM seal.checkpoints WHERE origin = %s ORDER BY size DESC LIMIT 1"
_ORIGINS = "SELECT origin FROM seal.standing ORDER BY beat_at"


@dataclass(slots=True)
class Counting:
    """A key of a log, and for which sizes of its checkpoints it counts: from ``from_size`` on, below ``to_size``."""

    vkey: str
    from_size: int = 0
    to_size: int | None = None

    @property
    def key(self) -> Key:
        """Read."""
        return parse_vkey(self.vkey)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a policy is made of, and what was left out of it and why."""

    logs: dict[str, list[Counting]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def document(self, witnesses: Sequence[str], quorum: int) -> dict[str, Any]:
        """As `verify.py` reads it."""
        logs = [
            {
                "origin": origin,
                "keys": [{"vkey": one.vkey, "from_size": one.from_size, "to_size": one.to_size} for one in keys],
            }
            for origin, keys in self.logs.items()
        ]
        return {
            "logs": logs,
            "witnesses": [{"vkey": one} for one in witnesses],
            "quorum": quorum,
            "skew_seconds": SKEW_SECONDS,
            "require_completeness": True,
        }

    def counts(self, origin: str, vkey_: str) -> Counting | None:
        """A key of a log, as it counts."""
        return next((one for one in self.logs.get(origin, []) if one.vkey == vkey_), None)


@dataclass(frozen=True, slots=True)
class _Named:
    """A key by its name and its 32 bytes alone, to write it as a verifier key."""

    name: str
    public: bytes


def trust(ledger: Ledger, named: Iterable[str] = ()) -> Trust:
    """The keys of every origin that was sealed. ``named``: verifier keys that are known beside the trail, such as the first.

    Raises ``Unavailable``, and ``Refused`` of `dealreg.proof` for a key that is none.
    """
    found = Trust()
    for text in named:
        found.logs.setdefault(parse_vkey(text).name, []).append(Counting(text))
    facts = [
        ledger.read(row).event for row in ledger.notifications(0, MOST_FACTS, [LogKeyRotated.NAME, LogKeyRevoked.NAME])
    ]
    for fact in facts:
        if isinstance(fact, LogKeyRotated):
            _rotated(ledger, found, fact)
    for origin in [row["origin"] for row in ledger.run(_ORIGINS)]:
        _known_by_its_signature(ledger, found, origin)
    for fact in facts:
        if isinstance(fact, LogKeyRevoked):
            _revoked(found, fact)
    return found


def newest(ledger: Ledger, origin: str) -> tuple[int, Note] | None:
    """The newest checkpoint of an origin: its size, and its note."""
    rows = ledger.run(_NEWEST, [origin])
    return (rows[0]["size"], parse_checkpoint(rows[0]["note"]).note) if rows else None


def _rotated(ledger: Ledger, found: Trust, fact: LogKeyRotated) -> None:
    keys = found.logs.setdefault(fact.origin, [])
    if fact.old and found.counts(fact.origin, fact.old) is None:
        keys.append(Counting(fact.old))
    known = found.counts(fact.origin, fact.new)
    if known is not None:
        known.from_size = max(known.from_size, fact.from_size)
        return
    rows = ledger.run(_FIRST_BEHIND, [fact.origin, fact.from_size])
    note = parse_checkpoint(rows[0]["note"]).note if rows else None
    if fact.old and (note is None or not all(signed_by(note, parse_vkey(one)) for one in (fact.old, fact.new))):
        found.left_out.append(
            f"{fact.new}: no checkpoint behind size {fact.from_size} is signed by it and by the one before"
        )
        return
    keys.append(Counting(fact.new, fact.from_size))


def _known_by_its_signature(ledger: Ledger, found: Trust, origin: str) -> None:
    """An origin that went on from a restore signs with the key of the one before, under its own name."""
    last = newest(ledger, origin)
    if last is None or found.logs.get(origin):
        return
    publics = {one.key.public: None for keys in found.logs.values() for one in keys}
    own = [
        text for text in (vkey(_Named(origin, public)) for public in publics) if signed_by(last[1], parse_vkey(text))
    ]
    if own:
        found.logs[origin] = [Counting(text) for text in own]
    else:
        found.left_out.append(f"{origin}: no key is known that signed its newest checkpoint; name it with --key")


def _revoked(found: Trust, fact: LogKeyRevoked) -> None:
    known = found.counts(fact.origin, fact.key)
    if known is not None:
        known.to_size = fact.from_size if known.to_size is None else min(known.to_size, fact.from_size)


def shown(found: Trust) -> Iterator[tuple[str, Counting]]:
    """Every key with its log."""
    for origin, keys in found.logs.items():
        yield from ((origin, one) for one in keys)


def refuse_bad(keys: Iterable[str], kind: int) -> list[str]:
    """Verifier keys of one kind. Raises ``Refused``."""
    texts = list(keys)
    for text in texts:
        if parse_vkey(text).kind != kind:
            raise Refused(f"{parse_vkey(text).name} is a key of another kind")
    return texts
