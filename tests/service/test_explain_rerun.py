"""What was recorded can be decided again, and comes out the same; what was tampered with does not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dealreg.service.deciding_again.decision import decisions
from dealreg.service.deciding_again.told import decision_told
from dealreg.service.deciding_again.walking import decided_again, walk
from dealreg.service.explaining import CLAUSES
from dealreg.service.ledger.mapper import decode, encode
from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.ledger.task import digest_of
from dealreg.service.scenario import reading
from dealreg.service.scenario.running import run

FOLDER = reading.folder()
CASES = reading.found([FOLDER])
WORLD = reading.text_of(FOLDER / reading.WORLD)


@pytest.mark.parametrize("path", CASES, ids=[str(path.relative_to(FOLDER)) for path in CASES])
def test_requirement_24_every_decision_of_every_scenario_is_told_and_comes_out_the_same_again(path):
    facts = run(reading.case_of(path), WORLD).world.ledger.facts
    told = [decision_told(decision, past, CLAUSES) for decision, past in walk(facts)]
    assert {one.decision: (one.unable, one.differs) for one in told if not one.equal} == {}
    assert sum(len(one.decided) for one in told) == len(facts)
    assert all(one.asked and one.decided for one in told)


def _told(name, command="file registration"):
    """What is told of the last decision of a case that some command made."""
    told = [decision_told(decision, past, CLAUSES) for decision, past in walk(_facts(name))]
    return [one for one in told if one.asked is not None and one.asked.split(":")[0] == command][-1]


def test_the_clauses_are_told_in_the_order_in_which_they_were_tried():
    told = _told("tie_that_the_desk_awards_otherwise")
    tried = [one.clause for one in told.tried]
    assert [clause for clause in tried if clause in {"ROE-2", "ROE-1", "ROE-3", "ROE-28", "ROE-24", "ROE-12", "ROE-20", "ROE-23"}] == [
        "ROE-2", "ROE-1", "ROE-3", "ROE-28", "ROE-24", "ROE-12", "ROE-20", "ROE-23",
    ]  # fmt: skip
    assert [one.clause for one in told.tried if one.outcome == "answered"] == ["ROE-6"]
    assert tried[-1] == "ROE-6"
    assert len(tried) == len(set(tried))


def test_what_was_true_is_told_of_everything_that_was_read():
    told = _told("tie_that_the_desk_awards_otherwise", "rule on conflict")
    said = "\n".join(told.true)
    for words in ("rulebook 2026 was in force", "claim 1 of bauer on drives in DE", "distributor nordwind contested",
                  "claus was premier dealer, standing good", "was proposed: bauer against claus"):  # fmt: skip
        assert words in said
    assert [sentence.split(" departed")[0] for sentence in told.departed] == ["dana"]
    assert told.departed[0].endswith("ruled award_challenger: The customer's engineer confirms the visit of 1 March.")
    assert _told("tie_that_the_desk_awards_otherwise").departed == ()


def test_a_clause_that_is_off_and_one_that_its_guard_sets_aside_are_told_as_such():
    path = next(path for path in CASES if path.stem == "first_complete_claim_is_protected")
    case = reading.case_of(path)
    guarded = {"clauses": {"ROE-3": {"in_force": "false"}, "ROE-12": {"when": "!claim.by_dealer"}}}
    over = case.model_copy(update={"rulebook": reading.merged(case.rulebook, guarded)})
    found = [decision_told(decision, past, CLAUSES) for decision, past in walk(run(over, WORLD).world.ledger.facts)]
    told = next(one for one in found if one.asked is not None and one.asked.startswith("file registration"))
    outcomes = {one.clause: one.outcome for one in told.tried}
    assert outcomes["ROE-3"] == "off in this version"
    assert outcomes["ROE-12"] == "its guard does not hold"
    assert outcomes["ROE-1"] == "let it pass"


def _facts(name):
    path = next(path for path in CASES if path.stem == name)
    return list(run(reading.case_of(path), WORLD).world.ledger.facts)


def _changed(facts, name, **fields):
    """The log with one fact tampered with; its place."""
    place = next(number for number, fact in enumerate(facts) if fact.event.NAME == name)
    event = facts[place].event.model_copy(update=fields)
    return [*facts[:place], replace(facts[place], event=event), *facts[place + 1 :]], facts[place]


def test_requirement_24_a_fact_that_was_tampered_with_is_found():
    facts, tampered = _changed(_facts("first_complete_claim_is_protected"), "line_approved.v1", approved_by="mallory")
    unequal = [one for one in decided_again(facts) if not one.equal]
    assert [type(one.decision.request().command).__name__ for one in unequal] == ["FileRegistration"]
    assert [(one.what, one.recorded, one.again) for one in unequal[0].differs] == [
        (f"line approved on {tampered.event.line}: approved_by", "mallory", "rulebook")
    ]


def test_a_fact_that_was_left_out_is_found_by_the_versions_read():
    facts = _facts("first_complete_claim_is_protected")
    place = next(number for number, fact in enumerate(facts) if fact.event.NAME == "partner_enrolled.v1")
    left_out = facts[place].originator_id
    unequal = [one for one in decided_again([*facts[:place], *facts[place + 1 :]]) if not one.equal]
    assert any(one.what == f"version of {left_out}" for again in unequal for one in again.differs)


def test_an_answer_that_was_tampered_with_is_found():
    facts = _facts("first_complete_claim_is_protected")
    place = next(number for number, fact in enumerate(facts) if fact.event.NAME == "registration_completed.v1")
    meta = facts[place].meta
    answer = {**meta.request.answer, "state": "declined"}
    facts[place] = replace(
        facts[place], meta=meta.model_copy(update={"request": meta.request.model_copy(update={"answer": answer})})
    )
    (unequal,) = [one for one in decided_again(facts) if not one.equal]
    assert [(one.what, one.recorded) for one in unequal.differs] == [("answer: state", "declined")]


def test_another_instant_and_another_command_are_found():
    facts = _facts("first_complete_claim_is_protected")
    place = next(number for number, fact in enumerate(facts) if fact.event.NAME == "registration_completed.v1")
    meta = facts[place].meta
    for update in (
        {"at": meta.request.content.at + timedelta(days=1)},
        {"body": meta.request.content.body | {"value": None}},
    ):
        content = meta.request.content.model_copy(update=update)
        other = meta.model_copy(update={"request": meta.request.model_copy(update={"content": content})})
        assert [
            one.equal for one in decided_again([*facts[:place], replace(facts[place], meta=other), *facts[place + 1 :]])
        ].count(False) == 1


def test_what_was_recorded_before_commands_were_is_told_as_such():
    facts = [
        replace(
            fact,
            meta=fact.meta.model_copy(update={"request": fact.meta.request.model_copy(update={"content": None})}),
        )
        for fact in _facts("first_complete_claim_is_protected")
    ]
    again = list(decided_again(facts))
    assert {one.equal for one in again} == {None}
    assert {one.unable for one in again} == {"what was asked was not recorded with it"}


def test_one_request_that_was_decided_twice_is_two_decisions():
    """A request whose home got no fact has no answer there, so it may be decided again: then it has read more."""
    fact = _facts("first_complete_claim_is_protected")[-1]
    read = {**fact.meta.read, str(fact.originator_id): fact.originator_version}
    again = replace(
        fact, originator_version=fact.originator_version + 1, meta=fact.meta.model_copy(update={"read": read})
    )
    assert [len(one.facts) for one in decisions([fact, again])] == [1, 1]
    assert [len(one.facts) for one in decisions([fact, replace(again, meta=fact.meta)])] == [2]


def _asked(fact):
    assert fact.meta.request is not None
    return fact.meta.request


def test_the_command_is_recorded_once_a_decision_and_survives_its_bytes():
    """Also where the home stream got no fact: what falls due in a file lies in the conflict or the override alone."""
    facts = [fact for path in CASES for fact in run(reading.case_of(path), WORLD).world.ledger.facts]
    for decision in decisions(facts):
        (carrier,) = [fact for fact in decision.facts if _asked(fact).content is not None]
        assert _asked(carrier).answer is not None or carrier is decision.facts[-1]
        meta, _ = decode(stored_names(), carrier.event.NAME, encode(carrier.meta, carrier.event))
        assert meta == carrier.meta
        assert digest_of(decision.request()) == _asked(carrier).digest
