"""Personal values beside the ledger (architecture D15)."""

import pytest

from dealreg.service.ledger.audit_facts import SubjectErased
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.personal import digest, erase, may_name, refs, seal, shown
from dealreg.vocabulary.values import Sealed
from tests import fix_ledger as toy
from tests.fix_golden import example_event


@pytest.fixture
def auditor(database_url):
    with Ledger(database_url, names=toy.TOY_NAMES, role="dealreg_auditor") as ledger:
        yield ledger


def _put(toys, subject, value):
    sealed, row = seal(subject, value)
    toys.decide_batch([toy.ask(toy.Put(shelf="a", sender=sealed), row.ref)], {row.ref: row})
    return sealed


def test_a_sealed_value_says_nothing_and_can_be_checked():
    sealed, row = seal("person-1", "Ada")
    again, _ = seal("person-1", "Ada")
    assert "Ada" not in sealed.model_dump_json()
    assert sealed.digest != again.digest, "two seals of one value do not show that it is one"
    assert digest(row.salt, "Ada") == sealed.digest
    assert digest(row.salt, "Bea") != sealed.digest


def test_an_erased_person_is_gone_and_the_facts_stand(toys, toy_ledger, auditor):
    first, second = _put(toys, "person-1", "Ada"), _put(toys, "person-1", "+49 30 1")
    other = _put(toys, "person-2", "Bea")
    before = toy_ledger.notifications(0)
    assert erase(auditor, "person-1", by="desk:7", reason="asked to be forgotten") == 2
    assert shown(toy_ledger, [first.ref, second.ref, other.ref]) == {other.ref: "Bea"}
    *facts, audit = toy_ledger.notifications(0)
    assert facts == before, "no fact was touched"
    recorded = toy_ledger.read(audit)
    assert recorded.event == SubjectErased(refs=tuple(sorted([first.ref, second.ref])))
    assert recorded.meta.reason == "asked to be forgotten"
    assert b"person-1" not in audit.state
    [outcome] = toys.decide_batch([toy.ask(toy.Put(shelf="a"), "after")])
    assert outcome.answer == {"boxes": 4}, "decisions never need the value"


def test_nobody_is_erased_twice(auditor):
    assert erase(auditor, "nobody", by="desk:7", reason="asked") == 0


def test_nothing_is_erased_without_its_fact(toys, toy_ledger, auditor):
    sealed = _put(toys, "person-1", "Ada")
    with pytest.raises(Unavailable):
        erase(toy_ledger, "person-1", by="desk:7", reason="the app may not record audits")
    assert shown(toy_ledger, [sealed.ref]) == {sealed.ref: "Ada"}


def test_which_facts_may_name_a_personal_value_is_known_by_their_types():
    """Every field of an example is set, so what its bytes name and what its type has room for are the same."""
    for name, kind in stored_names().classes.items():
        event = example_event(kind)
        named = set(Sealed.model_json_schema()["required"]) <= set(_keys(event.model_dump(mode="json")))
        assert may_name(kind) is named, name
        assert bool(list(refs(event))) is named, name


def _keys(value):
    """Every key of every object."""
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(inner)
