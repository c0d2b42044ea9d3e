"""What an answer says of a decision against a claim, and what it never says (rules.md section 3, What an answer reveals)."""

from dealreg.service.scenario.form import Case
from dealreg.service.scenario.running import run
from tests.given import WORLD, filing, step


def _answers(*steps, rulebook=None):
    """What the last step answered, in the words of who asked."""
    *before, last = steps
    written = {
        "scenario": "An answer that is looked at", "rule": "ROE-9", "side": "both", "rulebook": rulebook or {},
        "given": list(before), "when": last, "then": {"facts": []},
    }  # fmt: skip
    result = run(Case.model_validate(written), WORLD)
    assert result.faults == []
    asked = [fact.meta.request for fact in result.played[-1].facts if fact.meta.request is not None]
    return next(request.answer for request in asked if request.answer is not None)


HELD = step("2026-03-02 09:00 FileRegistration", name="R1", **filing("bauer"))
RIVAL = step("2026-03-10 09:00 FileRegistration", name="R2", **filing("dorn", "suedkraft"))
NO_QUEUE = {"queue": {"in_use": "false"}, "ROE-5": {"while_pending": "refuses"}}


def test_the_end_of_anothers_protection_is_shown_only_where_the_program_says_so():
    hidden = _answers(HELD, RIVAL)["lines"][0]
    assert hidden == {"line": "drives", "state": "waiting"}
    shown = _answers(HELD, RIVAL, rulebook={"clauses": {"conflicts": {"end_date_shown": "true"}}})["lines"][0]
    # The dealer's window is shorter than its distributor's, which holds the line against outsiders.
    assert shown == {"line": "drives", "state": "waiting", "line_protected_until": "2026-05-31"}


def test_a_decline_says_up_to_when_it_may_be_appealed_whoever_decided_it():
    ruled = _answers(HELD, RIVAL, rulebook={"clauses": NO_QUEUE})["lines"][0]
    assert ruled == {
        "line": "drives", "state": "declined", "clause": "ROE-9", "appeal_by": "2026-03-20T23:00:00+00:00",
    }  # fmt: skip
    alone = step("2026-03-10 09:00 FileRegistration", name="R2", **filing("dorn", "suedkraft", value="10 EUR"))
    assert _answers(HELD, alone)["lines"][0]["appeal_by"] == "2026-03-20T23:00:00+00:00"


def test_without_appeals_no_limit_is_named():
    told = _answers(HELD, RIVAL, rulebook={"clauses": {**NO_QUEUE, "ROE-29": {"in_force": "false"}}})["lines"][0]
    assert told == {"line": "drives", "state": "declined", "clause": "ROE-9"}
