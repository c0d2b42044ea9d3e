"""Every file in `scenarios/` is a test: the rules of engagement are what these cases say."""

import pytest

from dealreg.service.scenario import reading
from dealreg.service.scenario.running import run
from dealreg.service.scenario.seeing import seen

FOLDER = reading.folder()
CASES = reading.found([FOLDER])
WORLD = reading.text_of(FOLDER / reading.WORLD)


@pytest.mark.parametrize("path", CASES, ids=[str(path.relative_to(FOLDER)) for path in CASES])
def test_scenario(path):
    assert run(reading.case_of(path), WORLD).faults == []


SEEN = [path for path in CASES if reading.case_of(path).sees]


@pytest.mark.parametrize("path", SEEN, ids=[str(path.relative_to(FOLDER)) for path in SEEN])
def test_every_viewer_sees_what_the_case_says_and_nothing_else(path, database_url):
    """Through the real read models of a real PostgreSQL, under row-level security."""
    assert seen(run(reading.case_of(path), WORLD), database_url) == []
