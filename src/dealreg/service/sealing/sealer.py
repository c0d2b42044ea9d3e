"""The sealer: reads what is new in the ledger, extends its tree, signs, remembers, publishes; and halts where anything does not fit.

The order makes every crash harmless. What is signed is remembered on the sealer's own disk before anybody can read it, so nothing is
ever signed twice in two ways; what the database lacks of it after a crash is published when the sealer starts again.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO, Final, Self

import psycopg
import structlog

from dealreg.proof.note import checkpoint_body, signed_note
from dealreg.proof.tree import Tree
from dealreg.service.sealing.checking import newly_full, rebuilt, told
from dealreg.service.sealing.halting import Halted, Occupied
from dealreg.service.sealing.leaves import Entry, leaf_of
from dealreg.service.sealing.own_state import Memory, OwnState
from dealreg.service.sealing.signing import checked_name, first_state, signers, tell_keys
from dealreg.service.sealing.tables import Published, Tables
from dealreg.service.sealing.things import Things

TURN_SECONDS: Final = 1.0
"""How long a turn that is had is waited for before it counts as another sealer's."""
BATCH: Final = 8192
"""Facts under one checkpoint at most, when there is a backlog."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sealer:
    """One database's sealer. Use it as a context; not for several threads."""

    database_url: str
    things: Things
    at_once: frozenset[str] = frozenset()
    batch: int = BATCH
    urgent: bool = field(default=False, init=False)
    _tables: Tables | None = field(default=None, init=False)
    _tree: Tree = field(default_factory=Tree, init=False)
    _own: OwnState | None = field(default=None, init=False)
    _held: BinaryIO | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def memory(self) -> Memory:
        """Its own state's file."""
        return Memory(self.things.state)

    @property
    def own(self) -> OwnState:
        """The last that was signed."""
        if self._own is None:
            raise RuntimeError("the sealer is not open")
        return self._own

    @property
    def tables(self) -> Tables:
        """Its side of the database."""
        if self._tables is None:
            raise RuntimeError("the sealer is not open")
        return self._tables

    @property
    def tree(self) -> Tree:
        """The log as far as it was read; beyond ``own.size`` nothing of it is signed."""
        return self._tree

    def _had_the_turn(self, tables: Tables) -> bool:
        """The server needs a moment to notice that the sealer before has gone; a living one keeps the turn."""
        until = time.monotonic() + TURN_SECONDS
        while not tables.take_turn():
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def open(self) -> None:
        """Take the turn, and check that the database still holds what was signed.

        Raises ``Occupied``, ``Halted``, ``NotOurs``, ``BadKey``, ``OSError`` and what psycopg raises.
        """
        self.close()
        self._tables = Tables(self.database_url)
        try:
            if not self._had_the_turn(self._tables):
                raise Occupied("another sealer is at work in this database; it holds the turn as long as it lives")
            self._held = self.memory.held()
            self._own = self.memory.read() or first_state(self.things, self.memory, self._tables)
            checked_name(self.things, self._own)
            self._check()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give back the turn."""
        if self._tables is not None:
            self._tables.close()
            self._tables = None
        if self._held is not None:
            self._held.close()
            self._held = None

    def look(self) -> int:
        """Read what is new, at most a batch; how many facts wait for their checkpoint now. Raises ``Halted``."""
        with self._halting():
            size = self._tree.size
            found = self.tables.entries(max(size, 1), self.batch + bool(size))
            fresh = _behind(found, self._tree)
            self._tree.extend(map(leaf_of, fresh))
            self.urgent = self.urgent or any(entry.topic in self.at_once for entry in fresh)
        return self._tree.size - self.own.size

    def seal(self) -> OwnState:
        """Sign and publish what was read; the last checkpoint. Raises ``Halted``, ``OSError`` where the own disk does not take it."""
        with self._halting():
            before, tree = self.own, self._tree
            if tree.size == before.size:
                return before
            self._nobody_else_signed(before)
            if tree.root(before.size).hex() != before.root:
                raise Halted(f"the tree does not begin with the one of size {before.size} that was signed")
            root = tree.root()
            body = checkpoint_body(before.origin, tree.size, root)
            note = signed_note(body, signers(self.things, before, datetime.now(UTC)))
            self.remember(before.model_copy(update={"size": tree.size, "root": root.hex(), "note": note}))
            self.tables.publish(before.origin, Published(tree.size, root, note), newly_full(tree, before.size))
            self.urgent = False
        return self.own

    def seal_all(self) -> OwnState:
        """Read and seal until nothing is left; the last checkpoint."""
        while self.look():
            self.seal()
        return self.own

    def beat(self) -> None:
        """Say that the sealer lives."""
        self.tables.beat(self.own.origin, self.own.size)

    def remember(self, state: OwnState) -> None:
        """Keep a state on the own disk, then go by it."""
        self.memory.keep(state)
        self._own = state

    def halt(self, why: str) -> None:
        """Write down why it goes no further: on the own disk, and in the database for everybody."""
        own = self.own
        log.critical("sealer_halted", origin=own.origin, size=own.size, why=why)
        with suppress(OSError):
            self.remember(own.model_copy(update={"halted": own.halted or why}))
        with suppress(psycopg.Error):
            newest = self.tables.newest(
                own.origin
            )  # What a restore lost is not there, and what is recorded in its place is not sealed.
            self.tables.beat(own.origin, min(own.size, newest.size if newest else 0), halted=why)

    def _check(self) -> None:
        halted = self.own.halted or self.tables.halted(self.own.origin)
        if halted is not None:
            self.halt(halted)
            raise Halted(f"{self.own.origin} is halted: {halted}; find out why, then `dealreg seal --restored REASON`")
        signers(self.things, self.own, datetime.now(UTC))
        tell_keys(self.things, self.own)
        with self._halting():
            self._tree, sealed = rebuilt(self.tables, self.own)
            if sealed < self.own.size:  # It died between remembering and publishing.
                made = Published(self.own.size, bytes.fromhex(self.own.root), self.own.note)
                self.tables.publish(self.own.origin, made, newly_full(self._tree, sealed))
            else:
                self.beat()

    def _nobody_else_signed(self, own: OwnState) -> None:
        newest = self.tables.newest(own.origin)
        size, root = (newest.size, bytes(newest.root).hex()) if newest is not None else (0, own.root)
        if (size, root) != (own.size, own.root):
            raise Halted(
                f"the newest checkpoint in the database is of size {size}; the last one signed here is of {own.size}"
            )

    @contextmanager
    def _halting(self) -> Iterator[None]:
        try:
            yield
        except Halted as halted:
            self.halt(str(halted))
            raise


def _behind(found: Sequence[Entry], tree: Tree) -> Sequence[Entry]:
    """The facts beyond the tree, when they follow it. Raises ``Halted``."""
    size = tree.size
    if size:
        if not found or found[0].position != size:
            raise Halted(f"{told(size)} was sealed; the next one there is {found[0].position if found else 'none'}")
        if leaf_of(found[0]) != tree.leaf(size - 1):
            raise Halted(f"{told(found[0])} is not what was sealed")
    for number, entry in enumerate(found):
        expected = max(size, 1) + number
        if entry.position != expected:
            raise Halted(f"position {expected} is empty, and position {entry.position} is not: positions have no gaps")
        if number and entry.recorded_at < found[number - 1].recorded_at:
            raise Halted(
                f"{told(entry)} is dated {entry.recorded_at}, before the one at {expected - 1}: recorded time never falls"
            )
    return found[1:] if size else found
