"""A real sealer over a test's own database, with a key and a memory in the test's own folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dealreg.service.sealing.keys import FileSigner
from dealreg.service.sealing.own_state import OwnState
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
