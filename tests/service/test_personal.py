"""Personal values beside the ledger (architecture D15)."""

from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.personal import digest, may_name, refs, seal
from dealreg.vocabulary.values import Sealed
from tests.fix_golden import example_event


def test_a_sealed_value_says_nothing_and_can_be_checked():
    sealed, row = seal("person-1", "Ada")
    again, _ = seal("person-1", "Ada")
    assert "Ada" not in sealed.model_dump_json()
    assert sealed.digest != again.digest, "two seals of one value do not show that it is one"
    assert digest(row.salt, "Ada") == sealed.digest
    assert digest(row.salt, "Bea") != sealed.digest


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
