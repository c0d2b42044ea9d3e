"""What every case in `scenarios/` looks like in the read models: to each viewer it names, and rebuilt."""

import pytest

from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Saved
from dealreg.service.projecting.projector import Projector
from dealreg.service.projecting.rebuilding import rebuild
from dealreg.service.scenario import reading
from dealreg.service.scenario.running import run
from dealreg.service.scenario.seeing import seen

FOLDER = reading.folder()
CASES = reading.found([FOLDER])
WORLD = reading.text_of(FOLDER / reading.WORLD)
SEEN = [path for path in CASES if reading.case_of(path).sees]
PARTS = 4
"""All cases at once would be one long test."""


@pytest.mark.parametrize("path", SEEN, ids=[str(path.relative_to(FOLDER)) for path in SEEN])
def test_every_viewer_sees_what_the_case_says_and_nothing_else(path, database_url):
    """Through the real read models of a real PostgreSQL, under row-level security."""
    assert seen(run(reading.case_of(path), WORLD), database_url) == []


@pytest.mark.parametrize("part", range(PARTS))
def test_the_read_models_hold_every_case_and_a_rebuild_gives_the_same(projected_url, part):
    """Each case is a program of its own in one ledger; who a customer is is shared, so the first case says it for all."""
    known = set()
    commands = []
    for number, path in enumerate(CASES[part::PARTS]):
        world = run(reading.case_of(path), WORLD | {"program": f"case-{number}"}).world
        facts = [fact for fact in world.ledger.facts if (fact.originator_id, fact.originator_version) not in known]
        known |= {(fact.originator_id, fact.originator_version) for fact in facts}
        commands.append(Saved(facts, {}))
    with Ledger(projected_url) as ledger:
        assert ledger.append(commands).late == frozenset()
    Projector(projected_url, strict=True).catch_up()
    assert [one.model for one in rebuild(projected_url, check=True) if one.differs] == []
