"""Four shipped programs that differ in data only decide one story in four ways, each with its reasons."""

from itertools import combinations
from pathlib import Path

import pytest

from dealreg.engagement.document import load
from dealreg.service.scenario import reading
from dealreg.service.scenario.comparing import SHIPPED, clauses_of, compared
from dealreg.service.scenario.filling import Malformed

HERE = Path(__file__).parents[2]
STORY = reading.case_of(HERE / "docs" / "example" / "one-customer.yaml")
WORLD = reading.text_of(reading.folder() / reading.WORLD)
PROGRAMS = {one.rulebook: one for one in compared(STORY, WORLD, {name: clauses_of(name) for name in SHIPPED})}


def _document(name):
    return load((HERE / "src" / "dealreg" / "rulebooks" / f"{name}.yaml").read_text())


@pytest.mark.parametrize("name", SHIPPED)
def test_the_programs_differ_from_the_reference_in_their_clauses_alone(name):
    kept = {"program", "version", "title", "clauses"}
    mine, reference = _document(name).model_dump(exclude=kept), _document("reference").model_dump(exclude=kept)
    assert mine == reference
    assert (_document(name).clauses == _document("reference").clauses) == (name == "reference")


def _ends(name):
    return {claim: (one.state, one.clause, one.protected_until) for claim, one in PROGRAMS[name].outcomes.items()}


def test_first_complete_protects_the_first_and_lets_the_others_wait():
    assert _ends("reference") == {
        "R1 drives": ("protected", "ROE-30", "2026-05-31"),
        "R2 drives": ("queued", "ROE-9", None),
        "R3 drives": ("queued", "ROE-8", None),
        "R4 panels": ("protected", "ROE-17", "2026-07-08"),
    }


def test_first_approved_protects_whom_the_manager_approved_first_and_nobody_waits():
    assert _ends("first_approved") == {
        "R1 drives": ("declined", "ROE-9", None),
        "R2 drives": ("protected", "ROE-30", "2026-06-01"),
        "R3 drives": ("declined", "ROE-9", None),
        "R4 panels": ("protected", "ROE-17", "2026-06-08"),
    }


def test_graded_gives_the_second_half_and_the_third_nothing():
    assert _ends("graded") == {
        "R1 drives": ("protected", "ROE-30", "2026-05-31"),
        "R2 drives": ("approved", "ROE-4", None),
        "R3 drives": ("declined", "ROE-4", None),
        "R4 panels": ("protected", "ROE-17", "2026-07-08"),
    }


def test_a_fixed_distributor_is_not_changed_and_the_window_counts_from_submission():
    assert _ends("project_distributor") == {
        "R1 drives": ("protected", "ROE-30", "2026-08-29"),
        "R2 drives": ("queued", "ROE-9", None),
        "R3 drives": ("queued", "ROE-8", None),
        "R4 panels": ("protected", "ROE-30", "2026-08-30"),
    }
    refused = [asked.refused for asked in PROGRAMS["project_distributor"].asked if "ChangeDistributor" in asked.step]
    assert [text for text in refused if text] != []


@pytest.mark.parametrize(("one", "other"), list(combinations(SHIPPED, 2)))
def test_no_two_programs_end_alike(one, other):
    assert _ends(one) != _ends(other)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_outcome_says_why(name):
    assert [claim for claim, outcome in PROGRAMS[name].outcomes.items() if not outcome.why] == []


def test_a_rulebook_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(Malformed, match="project_distributor"):
        clauses_of("unheard_of")
