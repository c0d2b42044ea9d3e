"""Every file in `scenarios/` is a test: the rules of engagement are what these cases say."""

import pytest

from dealreg.service.scenario import reading
from dealreg.service.scenario.running import run

FOLDER = reading.folder()
CASES = reading.found([FOLDER])
WORLD = reading.text_of(FOLDER / reading.WORLD)
PARTS = 4
"""All cases at once would be one long test."""


@pytest.mark.parametrize("path", CASES, ids=[str(path.relative_to(FOLDER)) for path in CASES])
def test_scenario(path):
    assert run(reading.case_of(path), WORLD).faults == []


@pytest.mark.parametrize("part", range(PARTS))
def test_the_outcome_is_the_same_when_the_clock_was_down(part):
    """What is due counts as happened: the clock only makes it visible without a command (rules of engagement, Due)."""
    faults = {path.name: run(reading.case_of(path), WORLD, clock=False).faults for path in CASES[part::PARTS]}
    assert {name: said for name, said in faults.items() if said} == {}
