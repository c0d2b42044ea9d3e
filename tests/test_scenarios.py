"""Every file in `scenarios/` is a test: the rules of engagement are what these cases say."""

import pytest

from dealreg.service.scenario import reading
from dealreg.service.scenario.running import run

FOLDER = reading.folder()
CASES = reading.found([FOLDER])
WORLD = reading.text_of(FOLDER / reading.WORLD)


@pytest.mark.parametrize("path", CASES, ids=[str(path.relative_to(FOLDER)) for path in CASES])
def test_scenario(path):
    assert run(reading.case_of(path), WORLD).faults == []
