"""A real sealer over a test's own database, with a key and a memory in the test's own folder."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dealreg.service.embedded.servers import Servers
from dealreg.service.sealing.halting import Halted
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.sealing.own_state import OwnState
from dealreg.service.sealing.running import Sealing
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.sealing.things import Things

ORIGIN = "dealreg.test/log"


@pytest.fixture
def things(tmp_path: Path) -> Things:
    """Where the sealer's own things lie: ``state.json`` and the folder of keys."""
    return Things(state=tmp_path / "sealer" / "state.json", keys=tmp_path / "keys", origin=ORIGIN)


@pytest.fixture
def sealer(database_url: str, things: Things) -> Iterator[Sealer]:
    """The sealer of this test's database, open; it seals when it is asked: ``sealer.seal_all()``."""
    with Sealer(database_url, things) as opened:
        yield opened


@pytest.fixture
def signer(sealer: Sealer, things: Things) -> FileSigner:
    """The key of this test's log."""
    return FileSigner(sealer.own.origin, things.keys / "log")


@pytest.fixture
def seal_now(sealer: Sealer) -> Callable[[], OwnState]:
    """Seal all that is recorded; the checkpoint (origin, size, root in hexadecimal, note) as the sealer remembers it."""
    return sealer.seal_all


class Superuser:
    """Somebody who stands above every grant, trigger and role of one database, and says afterwards that nothing happened."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, *statements: str, parameters: Sequence[Any] = ()) -> None:
        """Run statements with every guard off, and put the guards back."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            guards = [
                row[0] for row in connection.execute("SELECT evtname FROM pg_event_trigger WHERE evtenabled <> 'D'")
            ]
            for guard in guards:
                connection.execute(sql.SQL("ALTER EVENT TRIGGER {} DISABLE").format(sql.Identifier(guard)))
            for table in GUARDED:
                connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(table))
            for statement in statements:
                connection.execute(statement.encode(), parameters or None)
            for table in GUARDED:
                connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER ALL").format(table))
            for guard in guards:
                connection.execute(sql.SQL("ALTER EVENT TRIGGER {} ENABLE").format(sql.Identifier(guard)))


GUARDED = [sql.Identifier("ledger", "events"), sql.Identifier("seal", "checkpoints"), sql.Identifier("seal", "tiles")]


@pytest.fixture
def superuser(servers: Servers, database_url: str) -> Superuser:
    """Tampers with this test's database: ``superuser.run("UPDATE ledger.events …")``."""
    name = conninfo_to_dict(database_url)["dbname"]
    return Superuser(make_conninfo(servers.postgres.superuser_url, dbname=name))


class Role:
    """The role `seal` in a thread of the test, as `dealreg seal` runs it; ``stop()`` is its SIGTERM."""

    def __init__(self, sealer: Sealer, seconds: float) -> None:
        self.sealer = sealer
        self.failed: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(seconds,), daemon=True)
        self._thread.start()

    def _run(self, seconds: float) -> None:
        try:
            Sealing(self.sealer, seconds).run(self._stop)
        except BaseException as error:
            self.failed = error
            if not isinstance(error, Halted):
                raise

    def stop(self) -> None:
        self._stop.set()
        self.join()

    def join(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive(), "the sealer does not stop"


@pytest.fixture
def sealing(database_url: str, things: Things) -> Iterator[Callable[..., Role]]:
    """Start the role over this test's database: ``sealing()``; what was started is stopped."""
    started: list[Role] = []

    def start(*, seconds: float = 0.1, at_once: frozenset[str] = frozenset()) -> Role:
        role = Role(Sealer(database_url, things, at_once=at_once), seconds)
        started.append(role)
        return role

    yield start
    for role in started:
        role.stop()
