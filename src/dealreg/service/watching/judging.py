"""Which changes nobody may make: pure, over what the log of changes says.

Legitimate are: a fact at the next position, of now; anything new in the seal, and its standing; a personal value that is new, or deleted
by the very transaction whose fact says so; a legal hold beside the fact that places or lifts it; a change of `personal.held` by a migration
that records itself.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dealreg.service.ledger.audit_facts import Change, HoldLifted, HoldPlaced, Migrated, RetentionApplied, SubjectErased
from dealreg.service.verifying.finding import listed
from dealreg.service.watching.changes import Changed, Transaction

EVENTS, HELD, HOLDS, STANDING = "ledger.events", "personal.held", "personal.holds", "seal.standing"
HOLDING = {Change.INSERT: HoldPlaced.NAME, Change.DELETE: HoldLifted.NAME}
"""Without the fact a hold that stands could be taken away, and then erasing would look right."""
DELETING = (SubjectErased.NAME, RetentionApplied.NAME)
"""The facts that say of personal values that they were deleted."""
LONGEST_SAVE = timedelta(seconds=60)
"""No save of ours is open so long; a row that says it is older was not entered now."""
AHEAD = timedelta(seconds=2)
"""How far the ledger's instants may be ahead of the server's clock (migration 0001)."""
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Alarm:
    """Changes of one kind of one table in one transaction that nobody may make; ``number`` tells a transaction's alarms apart."""

    change: Change
    table: str
    where: str
    lsn: int
    number: int


@dataclass(slots=True)
class Judge:
    """Knows the newest fact that it saw; ``None`` before the first."""

    position: int | None = None
    recorded_at: datetime | None = None

    def alarms(self, transaction: Transaction) -> list[Alarm]:
        """What is wrong with a transaction, one alarm a kind and table."""
        grouped: dict[tuple[Change, str], list[str]] = {}
        facts = [one for one in transaction.changes if one.table == EVENTS and one.change is Change.INSERT]
        for changed in transaction.changes:
            why = self._why(changed, facts, transaction.committed_at)
            if why is not None:
                grouped.setdefault((changed.change, changed.table), []).append(why)
        when = f"committed {transaction.committed_at.isoformat()}, {named(transaction.lsn)}"
        return [
            Alarm(change, table, f"{_summed(reasons)}; {when}", transaction.lsn, number)
            for number, ((change, table), reasons) in enumerate(grouped.items())
        ]

    def _why(self, changed: Changed, facts: Sequence[Changed], committed_at: datetime) -> str | None:
        """Where it was and what is wrong with it; nothing when it is legitimate."""
        if changed.table == EVENTS and changed.change is Change.INSERT:
            return self._entered(changed, migrating=_has(facts, (Migrated.NAME,)), committed_at=committed_at)
        if changed.table == HOLDS:
            return None if _has(facts, (HOLDING.get(changed.change, ""),)) else _key(changed)
        if changed.change is Change.INSERT or (changed.table == STANDING and changed.change is Change.UPDATE):
            return None
        if changed.table == HELD and changed.change is Change.UPDATE and _has(facts, (Migrated.NAME,)):
            return None
        if changed.table == HELD and changed.change is Change.DELETE and _said(changed.old.get("ref"), facts):
            return None
        return _key(changed)

    def _entered(self, fact: Changed, *, migrating: bool, committed_at: datetime) -> str | None:
        position, at = int(fact.new["position"] or 0), _instant(fact.new["recorded_at"])
        wrong = None
        if self.position is not None and position != self.position + 1:
            wrong = f"position {position} after {self.position}"
        elif self.recorded_at is not None and at < self.recorded_at:
            wrong = f"position {position} dated {at.isoformat()}, before the one before it"
        elif at > committed_at + AHEAD or (at < committed_at - LONGEST_SAVE and not migrating):
            wrong = f"position {position} dated {at.isoformat()}"
        if self.position is None or position > self.position:
            self.position, self.recorded_at = position, max(at, self.recorded_at or at)
        return wrong


def named(lsn: int) -> str:
    """A place in the write-ahead log as PostgreSQL writes it."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def _has(facts: Sequence[Changed], topics: Sequence[str]) -> bool:
    return any(fact.new.get("topic") in topics for fact in facts)


def _said(ref: str | None, facts: Sequence[Changed]) -> bool:
    """Whether a fact of the transaction says that this value was deleted."""
    for fact in facts:
        if fact.new.get("topic") in DELETING:
            refs = _data(fact).get("refs")
            if refs is None or ref in refs:
                return True
    return False


def _data(fact: Changed) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads(bytes.fromhex((fact.new.get("state") or "")[2:]))["data"]
    except (ValueError, KeyError, TypeError):
        return {"refs": []}
    return read


def _instant(text: str | None) -> datetime:
    return datetime.fromisoformat(text or "").astimezone(UTC)


def _key(changed: Changed) -> str:
    """What names the row: its key, as far as the log carries it. No other value is told, some are personal."""
    row = {**changed.new, **changed.old}
    if changed.change is Change.TRUNCATE:
        return "all rows"
    if changed.table == EVENTS:
        moved = changed.new.get("position")
        was = changed.old.get("position") or moved
        return f"position {was}" if moved in {None, was} else f"position {was} to {moved}"
    named_by = {HELD: ("ref",), HOLDS: ("hold",)}
    keys = named_by.get(changed.table) or ("origin", "size", "level", "tile", "witness", "authority")
    return ", ".join(f"{key} {row[key]}" for key in keys if row.get(key) is not None) or "a row"


def _summed(reasons: Sequence[str]) -> str:
    """Many positions as spans; anything else by its first few."""
    positions = sorted(set(_plain(reasons)))
    if len(positions) == len(set(reasons)):
        return f"position {listed(positions)}" if positions[1:] else reasons[0]
    rest = len(reasons) - SHOWN
    return "; ".join(reasons[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _plain(reasons: Sequence[str]) -> Iterator[int]:
    for reason in reasons:
        word, _, number = reason.partition(" ")
        if word == "position" and number.isdigit():
            yield int(number)
