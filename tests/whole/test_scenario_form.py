"""The cases are read by people: each has a title of its own, says what is so and not what should be, and writes its time."""

import re
from collections import Counter

import pytest

from dealreg.service.scenario import reading
from dealreg.service.scenario.filling import Malformed
from dealreg.service.scenario.form import Case
from dealreg.service.scenario.naming import Unnamed
from dealreg.service.scenario.running import run
from tests.given import filing, given, step

FOLDER = reading.folder()
CASES = {str(path.relative_to(FOLDER)): reading.case_of(path) for path in reading.found([FOLDER])}
WORLD = reading.text_of(FOLDER / reading.WORLD)
MODAL = re.compile(r"\b(should|shall|must|may|might|can|could|would|will|ought)\b", re.IGNORECASE)
MOST_WORDS, LEAST_WORDS = 14, 4


def test_no_title_is_used_twice():
    titles = Counter(case.scenario.lower() for case in CASES.values())
    assert [title for title, times in titles.items() if times > 1] == []


@pytest.mark.parametrize("name", CASES)
def test_title_has_four_to_fourteen_words_and_no_modal_verb(name):
    title = CASES[name].scenario
    assert LEAST_WORDS <= len(title.split()) <= MOST_WORDS, title
    assert not MODAL.search(title), title


def test_no_because_says_what_should_be():
    wrong = re.compile(r"\b(should|shall|ought)\b", re.IGNORECASE)
    assert [name for name, case in CASES.items() if wrong.search(case.because)] == []


def test_every_file_is_in_the_folder_of_its_subject():
    subjects = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    assert {name.split("/")[0] for name in CASES} == subjects


def test_steps_are_in_the_order_of_time():
    for name, case in CASES.items():
        runs = [step.at for step in case.steps() if "+" not in step.at]
        assert runs == sorted(runs), name


# --- what is written wrongly is refused where it stands


def a_case(**over):
    said = {
        "scenario": "A case that is written wrongly somewhere",
        "rule": "ROE-30",
        "side": "allows",
        "when": {"at": "2026-03-02 09:00", "as": "R1", "FileRegistration": filing("bauer")},
        "then": {"R1 drives": "protected"},
    }
    return said | over


def a_filing(**over):
    return {"at": "2026-03-02 09:00", "as": "R1", "FileRegistration": filing("bauer") | over}


def refusal_of(said):
    with pytest.raises((Malformed, Unnamed, ValueError)) as refused:
        run(Case.model_validate(said), WORLD)
    return str(refused.value)


def test_a_right_case_is_run():
    assert run(Case.model_validate(a_case()), WORLD).faults == []


def test_a_case_whose_then_is_not_so_fails():
    faults = run(Case.model_validate(a_case(then={"R1 drives": "queued"})), WORLD).faults
    assert faults == ["when: R1 drives: state is 'protected', not 'queued'"]


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (a_case(owner="me"), "owner"),
        (a_case(rule="ROE-99"), "rule"),
        (a_case(case="C53"), "case"),
        (a_case(then={"R1 drives": {"colour": "red"}}), "colour"),
        (a_case(when=a_filing(priority="high")), "when.FileRegistration.priority"),
        (a_case(when=a_filing(customer="nobody")), "when.FileRegistration.customer"),
        (a_case(when=a_filing(value="much")), "when.FileRegistration.value"),
        (a_case(when=a_filing(lines={"drives": {"retailer": "bauer"}})), "when.FileRegistration.lines.drives.retailer"),
        (a_case(when={"at": "2026-03-02 09:00", "FileDeal": {}}), "FileDeal"),
        (a_case(when={"at": "now", "ApproveRegistration": {"registration": "R1"}}), "at"),
        (a_case(when={"at": "2026-03-02 09:00", "ApproveRegistration": {"registration": "R9"}}), "R9"),
        (a_case(when={"at": "2026-03-02 09:00", "by": "eve", "FileRegistration": filing("bauer")}), "eve"),
        (a_case(rulebook={"clauses": {"ROE-99": {}}}), "ROE-99"),
        (a_case(rulebook={"clauses": {"ROE-8": {"days": "3"}}}), "days"),
        (a_case(partners={"bauer": {"colour": "red"}}), "colour"),
        (a_case(story=[a_filing()]), "one of"),
        (a_case(then=None), "then"),
    ],
)
def test_what_nobody_knows_is_refused_with_its_place(said, at):
    assert at in refusal_of(said)


def test_given_when_then_says_the_same_as_a_file():
    first = step("2026-03-02 09:00 FileRegistration", name="R1", **filing("bauer"))
    second = step("2026-03-03 09:00 FileRegistration", name="R2", **filing("claus"))
    given(first).when(second).then("ClaimQueued", R2_drives={"state": "queued", "clause": "ROE-8"})
    given(first).when(first).then_nothing()
    other = step("2026-03-03 09:00 FileRegistration", name="R1", **filing("bauer", customer="brandt"))
    given(first).when(other).then_refused(kind="Reused")
