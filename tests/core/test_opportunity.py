"""An opportunity folds to the same state whatever the order in which its messages arrive."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dealreg.opportunity.commands import FoldOpportunity, OpportunityMessage
from dealreg.opportunity.decide import fold, repeated
from dealreg.opportunity.events import OpportunityChanged, Outcome
from dealreg.opportunity.state import OPPORTUNITY, Opportunity
from dealreg.vocabulary.crm_record import EXISTENCE, Change, Identifier
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import CustomField, Money, Sealed

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def message(number, *, order=None, change=Change.UPDATED, **said):
    return OpportunityMessage(
        source="crm",
        record="006",
        digest=f"{number:064x}",
        order=order or f"{number:05d}",
        change=change,
        changed_at=AT.replace(minute=number % 60),
        **said,
    )


def folded(messages, state=OPPORTUNITY.initial):
    for one in messages:
        event = fold(state, one)
        state = state if event is None else OPPORTUNITY.evolve(state, event)
    return state


def known(state):
    """All that is to be the same; which messages came too late to change anything is not."""
    return state.source, state.record, state.values, state.deleted, dict(state.orders)


def test_only_what_a_message_changed_is_changed():
    state = folded(
        [message(1, name="Bridge", stage="prospecting", change=Change.CREATED), message(2, stage="proposal")]
    )
    assert (state.values.name, state.values.stage) == ("Bridge", "proposal")
    assert state.changed == {"stage"}
    assert state.exists


def test_a_late_message_fills_what_nobody_said_and_never_overwrites():
    early, late = message(2, stage="proposal", partner="acme"), message(1, stage="prospecting", country="DE")
    event = fold(folded([early]), late)
    assert event is not None
    assert (event.stage, event.country, event.late) == (None, "DE", ("stage",))
    assert folded([early, late]).values.stage == "proposal"


def test_a_late_message_that_says_nothing_newer_makes_no_fact():
    assert fold(folded([message(2, stage="proposal")]), message(1, stage="prospecting")) is None


def test_a_repeat_makes_no_fact():
    state = folded([message(1, stage="proposal")])
    assert repeated(state, message(1, stage="proposal"))
    assert fold(state, message(1, stage="proposal")) is None


def test_a_message_that_changes_no_field_makes_no_fact():
    assert fold(OPPORTUNITY.initial, message(1)) is None


def test_an_equal_value_said_later_is_newer_than_what_was_said_in_between():
    first, between, last = message(1, amount="10"), message(2, amount="20"), message(3, amount="10")
    assert folded([first, last, between]).values.amount == Decimal(10)


def test_null_empties_and_is_ordered_like_a_value():
    said = message(1, stage="proposal", custom=(CustomField(name="A__c", value="1"),))
    emptied = message(3, nulled=("stage", "custom:A__c"))
    between = message(2, stage="negotiation", custom=(CustomField(name="A__c", value="2"),))
    state = folded([said, emptied, between])
    assert (state.values.stage, state.values.custom) == (None, ())
    assert folded([said, emptied]).changed == {"stage", "custom:A__c"}


def test_identifiers_and_custom_fields_change_each_by_itself():
    duns, vat = Identifier(scheme="duns", value="15048"), Identifier(scheme="vat", value="DE1")
    a, b = CustomField(name="A__c", value="1"), CustomField(name="B__c", value="2")
    state = folded([message(1, identifiers=(duns,), custom=(b,)), message(2, identifiers=(vat,), custom=(a,))])
    assert (state.values.identifiers, state.values.custom) == ((duns, vat), (a, b))
    assert state.changed == {"identifier:vat", "custom:A__c"}
    assert folded([message(3, nulled=("identifier:duns",))], state).values.identifiers == (vat,)


def test_deletion_folds_in_order_and_keeps_the_values():
    created = message(1, change=Change.CREATED, name="Bridge")
    deleted, undeleted = message(2, change=Change.DELETED), message(3, change=Change.UNDELETED)
    gone = folded([created, deleted])
    assert (gone.deleted, gone.exists, gone.values.name, gone.changed) == (True, False, "Bridge", {EXISTENCE})
    back = folded([created, undeleted, deleted])
    assert (back.deleted, back.exists) == (False, True)


def test_a_late_creation_fills_in_without_bringing_the_record_back():
    deleted, created = message(2, change=Change.DELETED), message(1, change=Change.CREATED, name="Bridge")
    state = folded([deleted, created])
    assert (state.deleted, state.values.name) == (True, "Bridge")


def test_the_value_needs_amount_and_currency():
    state = folded([message(1, amount="40000")])
    assert state.value is None
    assert folded([message(2, currency="EUR")]).value is None
    assert folded([message(2, currency="EUR")], state).value == Money(amount=Decimal(40000), currency="EUR")


def test_the_newest_commit_stays_the_newest():
    assert folded([message(5, stage="a"), message(1, country="DE")]).changed_at == AT.replace(minute=5)


def test_a_message_says_each_field_once():
    for said in (
        {"stage": "a", "nulled": ("stage",)},
        {"custom": (CustomField(name="A__c", value="1"), CustomField(name="A__c", value="2"))},
        {"identifiers": (Identifier(scheme="vat", value="1"),), "nulled": ("identifier:vat",)},
    ):
        with pytest.raises(ValidationError, match="give it once"):
            message(1, **said)


def test_what_is_asked_survives_json():
    sealed = Sealed(ref="11111111-2222-5333-8444-555555555555", digest="a" * 64)
    asked = FoldOpportunity(message=message(1, contact=sealed, custom=(CustomField(name="A__c", sealed=sealed),)))
    assert FoldOpportunity.model_validate_json(asked.model_dump_json()) == asked


def test_a_fact_of_another_kind_leaves_it_as_it_is():
    class Other(Event):
        NAME = "other.v1"
        AGGREGATE = "opportunity"

    assert OPPORTUNITY.evolve(Opportunity(), Other()) == Opportunity()


STAGES = st.sampled_from(["prospecting", "proposal", "negotiation"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "stage": STAGES,
        "amount": st.integers(0, 3).map(str),
        "outcome": st.sampled_from(Outcome),
        "lines": st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(tuple),
        "custom": st.lists(st.sampled_from("XY"), unique=True).flatmap(
            lambda names: st.tuples(
                *(st.builds(CustomField, name=st.just(name), value=st.sampled_from("12")) for name in names)
            )
        ),
    },
)
CHANGES = st.tuples(
    FIELDS,
    st.sampled_from([one for one in Change if one is not Change.GAP]),
    st.sets(st.sampled_from(["stage", "amount", "custom:X", "partner"])),
)


@st.composite
def histories(draw):
    """A source's messages in its own order, some of equal order; and the same as they arrive, with repeats."""
    changes = draw(st.lists(CHANGES, max_size=7))
    said = []
    for number, (fields, change, nulled) in enumerate(changes, 1):
        given = {*fields, *(f"custom:{field.name}" for field in fields.get("custom", ()))}
        order = f"{draw(st.integers(number - 1, number)):05d}"
        said.append(message(number, order=order, change=change, nulled=tuple(sorted(nulled - given)), **fields))
    arriving = draw(st.permutations(said + draw(st.lists(st.sampled_from(said), max_size=4)) if said else said))
    return said, arriving


@settings(max_examples=300, deadline=None)
@given(histories())
def test_every_order_of_arrival_ends_alike(history):
    said, arriving = history
    in_order = sorted(said, key=lambda one: (one.order, one.digest))
    assert known(folded(arriving)) == known(folded(in_order))


@settings(max_examples=100, deadline=None)
@given(histories())
def test_a_fact_names_what_it_took_and_what_came_late(history):
    _, arriving = history
    state = OPPORTUNITY.initial
    for one in arriving:
        event = fold(state, one)
        if event is None:
            continue
        assert isinstance(event, OpportunityChanged)
        taken = set(event.model_dump(exclude_none=True)) & set(one.given())
        assert taken.isdisjoint(event.late)
        after = OPPORTUNITY.evolve(state, event)
        assert not {name for name in after.changed if name in event.late}
        state = after
