"""Sealed facts were lost, by a promotion or a restored backup, or the sealer's own disk was: an operator says so, and a new log begins.

Nothing else ends a halt. The new origin's tree is over all positions from the first, so every fact has one leaf under it; the fact that
it was restored names the last that was signed under the old origin, and up to which size that still holds.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import count

from dealreg.proof.tree import Tree
from dealreg.service.ledger.audit_facts import LogRestored
from dealreg.service.ledger.auditing import fact, record
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.sealing.checking import rebuilt
from dealreg.service.sealing.halting import Halted, NotOurs, Occupied
from dealreg.service.sealing.leaves import leaf_of
from dealreg.service.sealing.own_state import Former, Memory, OwnState
from dealreg.service.sealing.signing import FIRST_KEY, RESTORED, begun, checked_name, tell_keys
from dealreg.service.sealing.tables import Tables
from dealreg.service.sealing.things import Things
from dealreg.vocabulary.ids import StreamId, derived
from dealreg.vocabulary.values import Text


@dataclass(frozen=True, slots=True)
class Restored:
    """What stands: the old log was signed up to ``size``, ``kept`` of it still holds, the new origin goes on from there."""

    origin: str
    old_origin: str
    size: int
    kept: int
    recorded: int


class NothingLost(Exception):
    """The database holds all that was signed; there is nothing to restore. A verb leaves with 1."""

    exit_code = 1


def restored_stream(origin: str) -> StreamId:
    """Where the trail says from what an origin goes on."""
    return StreamId(derived("audit", "origin", origin))


def restore(database_url: str, things: Things, *, by: str, reason: Text) -> Restored:
    """Begin a new origin from what stands. Done again after a crash it goes on where it was.

    Raises ``Occupied`` while a sealer is at work, ``NothingLost``, ``NotOurs`` where the positions themselves have a hole.
    """
    with closing(Tables(database_url)) as tables, ExitStack() as turns:
        if not tables.take_turn():
            raise Occupied("a sealer is at work in this database; stop it first")
        memory = Memory(things.state)
        turns.enter_context(memory.held())
        old = memory.read() or _as_published(tables, memory)
        checked_name(things, old)
        _refuse_if_whole(tables, old)
        tree = _over_all(tables)
        kept = max(
            (size for size, root in _signed(tables, old) if size <= tree.size and tree.root(size) == root), default=0
        )
        made = Restored(_next(old.origin), old.origin, old.size, kept, tree.size)
        _record(database_url, made, old, by=by, reason=reason)
        former = Former(origin=old.origin, size=old.size, root=old.root, note=old.note)
        file = old.keys[-1].file if old.keys else _unused(things)
        new = begun(things, made.origin, file).model_copy(update={"formers": (*old.formers, former)})
        memory.keep(new)
        tell_keys(things, new)
        return made


def _as_published(tables: Tables, memory: Memory) -> OwnState:
    """The newest that the database has, where the sealer's own memory is lost."""
    origin = tables.current()
    newest = tables.newest(origin) if origin is not None else None
    if origin is None or newest is None:
        raise NotOurs(f"neither {memory.path} nor the database knows of a log; start `dealreg seal`")
    root = bytes(newest.root).hex()
    return OwnState(
        origin=origin, size=newest.size, root=root, note=newest.note, keys=(), halted=f"{memory.path} was lost"
    )


def _refuse_if_whole(tables: Tables, old: OwnState) -> None:
    if old.halted or tables.halted(old.origin):
        return
    try:
        rebuilt(tables, old)
    except Halted:
        return
    raise NothingLost(f"the database holds all that {old.origin} signed, up to {old.size}; start `dealreg seal`")


def _over_all(tables: Tables) -> Tree:
    head, tree = tables.head(), Tree()
    for entries in tables.walk(1, head):
        if [one.position for one in entries] != list(range(tree.size + 1, tree.size + 1 + len(entries))):
            raise NotOurs(
                f"there is no fact at position {tables.missing(head)}, and there are facts behind it: a log with a hole cannot be sealed; "
                "put the fact back from a backup, then ask again"
            )
        tree.extend(map(leaf_of, entries))
    return tree


def _signed(tables: Tables, old: OwnState) -> Iterator[tuple[int, bytes]]:
    """Every size and root that is known to have been signed: the own last one, and those of the database."""
    yield old.size, bytes.fromhex(old.root)
    with closing(tables.checkpoints(old.origin)) as checkpoints:
        yield from ((one.size, bytes(one.root)) for one in checkpoints)


def _next(origin: str) -> str:
    found = re.fullmatch(rf"(.+){RESTORED}(\d+)", origin)
    return f"{found[1]}{RESTORED}{int(found[2]) + 1}" if found else f"{origin}{RESTORED}2"


def _unused(things: Things) -> str:
    """Without a memory nobody knows which keys were rotated away or revoked, nor whether this name was given before: a key of its own."""
    names = (f"{FIRST_KEY}-{number}" for number in count(2))
    return next(name for name in names if not (things.keys / name).exists())


def _record(database_url: str, made: Restored, old: OwnState, *, by: str, reason: Text) -> None:
    said = LogRestored(origin=made.origin, old_origin=old.origin, size=old.size, root=old.root, kept=made.kept)
    stream = restored_stream(made.origin)
    with Ledger(database_url, role="dealreg_sealer", pool_size=1) as ledger:
        if not ledger.read_many({stream: 0}).rows:
            record(ledger, fact(stream, said, by=by, reason=reason))
