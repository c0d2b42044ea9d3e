"""What was recorded can be decided again, and comes out the same; what was tampered with does not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dealreg.service.deciding_again.decision import decisions
from dealreg.service.deciding_again.walking import decided_again
from dealreg.service.ledger.mapper import decode, encode
from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.ledger.task import digest_of
from dealreg.service.scenario import reading
from dealreg.service.scenario.running import run

FOLDER = reading.folder()
CASES = reading.found([FOLDER])
WORLD = reading.text_of(FOLDER / reading.WORLD)


@pytest.mark.parametrize("path", CASES, ids=[str(path.relative_to(FOLDER)) for path in CASES])
def test_every_decision_of_every_scenario_comes_out_the_same_again(path):
    facts = run(reading.case_of(path), WORLD).world.ledger.facts
    again = list(decided_again(facts))
    assert {one.decision.id: (one.unable, one.differs) for one in again if not one.equal} == {}
    assert sum(len(one.decision.facts) for one in again) == len(facts)


def _facts(name):
    path = next(path for path in CASES if path.stem == name)
    return list(run(reading.case_of(path), WORLD).world.ledger.facts)


def _changed(facts, name, **fields):
    """The log with one fact tampered with; its place."""
    place = next(number for number, fact in enumerate(facts) if fact.event.NAME == name)
    event = facts[place].event.model_copy(update=fields)
    return [*facts[:place], replace(facts[place], event=event), *facts[place + 1 :]], facts[place]


def test_a_fact_that_was_tampered_with_is_found():
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
