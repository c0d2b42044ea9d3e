"""What every bench works on: the embedded servers, a migrated database with a program in it, and a place for the figures."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dealreg.service.composition import House
from dealreg.service.embedded.servers import Servers
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.logs import configure_logging
from dealreg.service.settings import Settings
from tests.bench.measuring import Meter, Report
from tests.bench.measuring import Servers as Processes
from tests.bench.peer import Peer
from tests.bench.program import PROGRAM, founding


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--json FILE``: write the figures there too. ``--accounts N,N``: among how many ``bench_identity`` searches."""
    parser.addoption("--json", dest="figures", type=Path, default=None, help="write the figures to this file")
    parser.addoption("--accounts", default="100000", help="among how many end customers to search, by commas")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Nobody keeps a second copy of each log line."""
    session.config.pluginmanager.unregister(name="logging-plugin")


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Report:
    return Report(request.config.getoption("figures"))


@pytest.fixture
def meter(servers: Servers, database_url: str) -> Meter:
    pid = servers.postgres.pid
    assert pid is not None
    return Meter(Processes(pid))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(DEALREG_DATA=tmp_path / "dealreg", DATABASE_URL=database_url, PROGRAM=PROGRAM)


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    """The parts of one process with a program founded; its log is written as in production, to nowhere."""
    with Path(os.devnull).open("w") as nowhere, House(settings) as opened:
        configure_logging(settings, nowhere)
        outcomes = opened.dispatch.decide_batch(founding())
        assert all(isinstance(outcome, Decided) for outcome in outcomes), outcomes
        yield opened
        configure_logging(settings)


@pytest.fixture
def peer(database_url: str) -> Iterator[Peer]:
    with Peer(database_url) as opened:
        yield opened
