"""The read models follow a merge of customers and its undoing: what falls due, whose claims they are, and what must be told (ROE-24)."""

from collections import Counter
from contextlib import closing

import pytest

from dealreg.file.evolve import FILE
from dealreg.process import bring_to_due
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Saved
from dealreg.service.projecting.asking import Reading
from dealreg.service.projecting.projector import Projector
from dealreg.service.projecting.rebuilding import rebuild
from dealreg.service.scenario import reading
from dealreg.service.scenario.running import run
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.ids import desk_reader

FOLDER = reading.folder() / "merging"
CASES = reading.found([FOLDER])
WORLD = reading.text_of(reading.folder() / reading.WORLD)
PROGRAM = "reference"
DESK = desk_reader(PROGRAM)


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_the_read_models_follow(path, projected_url):
    world = run(reading.case_of(path), WORLD).world
    with Ledger(projected_url) as ledger:
        ledger.append([Saved(list(world.ledger.facts), {})])
    Projector(projected_url, strict=True).catch_up()
    files = world.ledger.states.of_kind(FILE.name)
    with closing(Reading(projected_url)) as rows:
        for file in files:
            what_falls_due_moves_with_the_claims(file, rows)
        a_claim_is_the_customers_in_whose_file_it_stands(files, rows)
        a_question_is_open_until_somebody_told(files, rows)
    assert [one.model for one in rebuild(projected_url, check=True) if one.differs] == []


def what_falls_due_moves_with_the_claims(file, rows):
    held = type("Held", (), {"file": file, "situation": type("Situation", (), {"watermarks": {}})})
    core = Counter(due.at for due in bring_to_due.all_due(held()))
    asked = rows.ask("falling_due", "of_subject", None, Role.CLOCK, {"subject": file.customer})
    assert Counter(row["due_at"] for row in asked) == core, file.customer


def a_claim_is_the_customers_in_whose_file_it_stands(files, rows):
    found = rows.ask("protected_customers", "newest", DESK, Role.DEAL_DESK, {"limit": 1000})
    read = {(row["registration"], row["line"]): row["customer"] for row in found}
    for file in files:
        if file.closed_into is None:
            assert {read[key] for key in file.claims} <= {file.customer}


def a_question_is_open_until_somebody_told(files, rows):
    found = rows.ask("identity_review", "open", DESK, Role.DEAL_DESK, {"limit": 1000})
    living = [claim for file in files if file.closed_into is None for claim in file.living()]
    assert bool(found) == any(claim.queue_clause == "ROE-24" for claim in living)
    assert all(row["one_name"] and row["other_name"] for row in found)
