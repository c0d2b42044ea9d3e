"""One look at the log of changes: what is new is judged, what is wrong is said and recorded, and only then is the place confirmed."""

from pathlib import Path
from typing import Any

import psycopg

from dealreg.service.watching import own_state
from dealreg.service.watching.alarming import Alarms
from dealreg.service.watching.changes import Transaction, transactions
from dealreg.service.watching.judging import Judge, named
from dealreg.service.watching.own_state import OwnState
from dealreg.service.watching.slot import MOST_CHANGES, Slot, Standing

_WHICH = "SELECT s.system_identifier::text, d.oid::bigint FROM pg_control_system() AS s, pg_database AS d WHERE d.datname = current_database()"
_FRESH = "SELECT NOT EXISTS (SELECT FROM ledger.events AS e WHERE e.topic <> 'audit.migrated.v1')"


class Watcher:
    """Watches over one connection of the role ``dealreg_watcher``. Killed at any moment it shows the same again, and records it once."""

    def __init__(self, connection: psycopg.Connection[Any], slot: str, path: Path) -> None:
        """``path`` is the watcher's own state; nothing is looked at yet."""
        connection.autocommit = True
        self._connection, self._path = connection, path
        self.slot = Slot(connection, slot)
        which = connection.execute(_WHICH).fetchone()
        self._system, self._database = (str(which[0]), int(which[1])) if which else ("", 0)
        self.alarms = Alarms(connection, f"{self._system} {self._database}")

    def look(self) -> bool:
        """Everything up to now, at most some thousands of changes; whether there is more.

        Raises ``NotPossible`` where nobody can watch, ``NotOurs`` for a foreign state file, and psycopg's errors.
        """
        standing = self.slot.standing()
        heard, migrated = self.slot.heard()
        state = self._remembered()
        if not standing.there or standing.lost:
            self._begin(standing, state, heard, migrated)
            return False
        if state is None:
            state = self._new(standing.seen)
        elif standing.seen > state.seen:
            said = f"the slot {self.slot.name} was moved from {named(state.seen)} to {named(standing.seen)} by somebody else"
            self.alarms.lost(said, since=state.seen)
        if state.heard not in {None, heard} and migrated == state.migrated:
            self.alarms.lost(f"the publication was changed by no migration: now {heard}", since=standing.newest)
        state = state.model_copy(update={"heard": heard, "migrated": migrated})
        return self._catch_up(standing, state)

    def _catch_up(self, standing: Standing, state: OwnState) -> bool:
        if standing.newest <= state.seen and standing.newest <= standing.seen:
            return False
        judge = Judge(state.position, state.recorded_at)
        count = 0
        last: Transaction | None = None

        def counted() -> Any:
            nonlocal count
            for message in self.slot.peek(standing.newest):
                count += 1
                yield message

        found = []
        for last in transactions(counted()):
            if last.lsn >= state.seen:  # Judged before, and killed before that was confirmed.
                found.extend(judge.alarms(last))
        for alarm in found:
            self.alarms.raise_(alarm)
        more = count >= MOST_CHANGES and last is not None
        seen = last.end if more and last is not None else standing.newest
        keeping = {"seen": max(seen, state.seen), "position": judge.position, "recorded_at": judge.recorded_at}
        own_state.write(self._path, state.model_copy(update=keeping))
        self.slot.advance(seen)
        return more

    def _begin(self, standing: Standing, state: OwnState | None, heard: str, migrated: int) -> None:
        """There is no slot: on a ledger that holds anything already, that is an alarm before it is mended."""
        fresh = self._connection.execute(_FRESH).fetchone()
        if state is not None or not (fresh and fresh[0]):
            how = "was lost, the server kept no more of the log for it" if standing.there else "is not there"
            since = "the beginning" if state is None else named(state.seen)
            said = f"the slot {self.slot.name} {how}: nobody saw what was changed since {since}; run `dealreg audit verify`"
            self.alarms.lost(said, since=standing.newest if state is None else state.seen)
        made = self.slot.make()
        own_state.write(self._path, self._new(made).model_copy(update={"heard": heard, "migrated": migrated}))

    def _remembered(self) -> OwnState | None:
        """What it remembers of this very database and slot."""
        state = own_state.read(self._path)
        if state is None or (state.system, state.database, state.slot) != (
            self._system,
            self._database,
            self.slot.name,
        ):
            return None
        return state

    def _new(self, seen: int) -> OwnState:
        return OwnState(system=self._system, database=self._database, slot=self.slot.name, seen=seen)
