"""An account folds to the same state whatever the order in which its messages arrive."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dealreg.account.commands import AccountMessage, FoldAccount
from dealreg.account.decide import fold, repeated, stale
from dealreg.account.events import AccountChanged, Unusable
from dealreg.account.state import ACCOUNT, Account
from dealreg.vocabulary.crm_record import Change, Identifier
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import CustomField

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def message(number, *, order=None, change=Change.UPDATED, **said):
    return AccountMessage(
        source="crm",
        record="001",
        digest=f"{number:064x}",
        order=order or f"{number:05d}",
        change=change,
        changed_at=AT.replace(minute=number % 60),
        **said,
    )


def folded(messages, state=ACCOUNT.initial):
    for one in messages:
        event = stale(state, one) if one.change is Change.GAP else fold(state, one)
        state = state if event is None else ACCOUNT.evolve(state, event)
    return state


def known(state):
    return state.source, state.record, state.values, state.deleted, dict(state.orders), state.stale


def test_only_what_a_message_changed_is_changed():
    state = folded([message(1, name="Acme", place="Bonn", change=Change.CREATED), message(2, place="Köln")])
    assert (state.values.name, state.values.place, state.changed) == ("Acme", "Köln", {"place"})
    assert state.lives


def test_a_late_message_fills_what_nobody_said_and_never_overwrites():
    later = folded([message(2, parent="P2")])
    event = fold(later, message(1, name="Acme", parent="P1"))
    assert isinstance(event, AccountChanged)
    assert (event.name, event.parent, event.late) == ("Acme", None, ("parent",))
    assert fold(later, message(1, parent="P1")) is None
    assert repeated(later, message(2))


def test_a_merge_names_the_survivor_until_the_account_is_back():
    """Whether the loser is deleted too is each CRM's own way."""
    created = message(1, change=Change.CREATED, name="Acme")
    back = message(3, change=Change.UNDELETED)
    for kind in (Change.DELETED, Change.UPDATED):
        merged = message(2, change=kind, merged_into="W")
        for arriving in ([created, merged], [merged, created]):
            assert (folded(arriving).values.merged_into, folded(arriving).lives) == ("W", False)
        for arriving in ([created, merged, back], [created, back, merged], [back, merged, created]):
            assert (folded(arriving).values.merged_into, folded(arriving).lives) == (None, True)
    again = message(4, change=Change.DELETED)
    assert folded([merged, back, again]).values.merged_into is None


def test_what_cannot_be_used_is_told_with_the_field_that_was_taken():
    domain = Identifier(scheme="domain", value="gmail.com")
    why = (Unusable(field="identifier:domain", reason="a mail provider"),)
    event = fold(Account(), message(1, identifiers=(domain,)), why)
    assert isinstance(event, AccountChanged)
    assert (event.identifiers, event.unusable) == ((domain,), why)
    late = fold(folded([message(2, nulled=("identifier:domain",))]), message(1, name="A", identifiers=(domain,)), why)
    assert isinstance(late, AccountChanged)
    assert late.unusable == ()


def test_a_gap_is_stale_until_it_is_read_whole():
    gap, read = message(2, change=Change.GAP), message(3, change=Change.READ, name="Acme")
    assert folded([message(1, change=Change.CREATED, name="Acm"), gap]).stale
    assert not folded([gap, read]).stale
    assert stale(folded([read]), gap) is None
    assert stale(folded([gap]), gap) is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"merged_into": "001"}, "merged into itself"),
        ({"parent": "001"}, "its own parent"),
        ({"name": "Acme", "nulled": ("name",)}, "give it once"),
        ({"change": Change.GAP, "name": "Acme"}, "give no field"),
    ],
)
def test_a_message_that_contradicts_itself_is_refused(said, words):
    with pytest.raises(ValidationError, match=words):
        message(1, **said)


def test_what_is_asked_survives_json():
    asked = FoldAccount(message=message(1, name="Łódź", custom=(CustomField(name="A__c", value="1"),)))
    assert FoldAccount.model_validate_json(asked.model_dump_json()) == asked


def test_a_fact_of_another_kind_leaves_it_as_it_is():
    class Other(Event):
        NAME = "other.v1"
        AGGREGATE = "account"

    assert ACCOUNT.evolve(Account(), Other()) == Account()


RECORDS = st.sampled_from(["P1", "P2", "P3"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Acme", "Acme AG", "株式会社"]),
        "place": st.sampled_from(["Bonn", "Köln"]),
        "parent": RECORDS,
        "merged_into": RECORDS,
        "identifiers": st.lists(st.sampled_from(["duns", "vat"]), unique=True).flatmap(
            lambda schemes: st.tuples(
                *(st.builds(Identifier, scheme=st.just(one), value=st.sampled_from("12")) for one in schemes)
            )
        ),
    },
)


@st.composite
def histories(draw):
    """A source's messages in its own order, some of equal order; and the same as they arrive, with repeats."""
    said = []
    for number in range(1, draw(st.integers(0, 7)) + 1):
        order = f"{draw(st.integers(number - 1, number)):05d}"
        change = draw(st.sampled_from(Change))
        fields = {} if change is Change.GAP else draw(FIELDS)
        given_ = {*fields, *(f"identifier:{one.scheme}" for one in fields.get("identifiers", ()))}
        nulled = set() if change is Change.GAP else draw(st.sets(st.sampled_from(["name", "parent", "identifier:vat"])))
        said.append(message(number, order=order, change=change, nulled=tuple(sorted(nulled - given_)), **fields))
    arriving = draw(st.permutations(said + draw(st.lists(st.sampled_from(said), max_size=4)) if said else said))
    return said, arriving


@settings(max_examples=300, deadline=None)
@given(histories())
def test_every_order_of_arrival_ends_alike(history):
    said, arriving = history
    in_order = sorted(said, key=lambda one: (one.order, one.digest))
    assert known(folded(arriving)) == known(folded(in_order))
