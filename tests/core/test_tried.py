"""A decision with tracing notes each clause as it comes to be tried; without, only those that a guard set aside."""

import pytest

from dealreg.service.deciding_again.again import outcome_of
from dealreg.service.deciding_again.walking import walk
from dealreg.service.scenario import reading
from dealreg.service.scenario.running import run
from dealreg.vocabulary.situation import OFF, TRIED

FOLDER = reading.folder()
CASE = FOLDER / "registration" / "first_complete_claim_is_protected.yaml"


@pytest.mark.parametrize("tracing", [True, False])
def test_tracing_notes_what_was_tried_and_changes_nothing(tracing):
    case = reading.case_of(CASE)
    off = case.model_copy(
        update={"rulebook": reading.merged(case.rulebook, {"clauses": {"ROE-24": {"in_force": "false"}}})}
    )
    noted = []
    for decision, past in walk(run(off, reading.text_of(FOLDER / reading.WORLD)).world.ledger.facts):
        content = decision.content
        assert content is not None
        situation = past.situation(decision.meta.program, content.at, content.watermarks)
        situation.tracing = tracing
        outcome = outcome_of(decision.request(), situation)
        assert [fact.event for fact in outcome.facts] == [fact.event for fact in decision.facts]
        noted += [(one.clause, one.outcome) for one in situation.tried]
    assert bool(noted) is tracing
    if tracing:
        assert noted[0] == ("ROE-2", TRIED)
        assert ("ROE-24", OFF) in noted
