"""What messages teach of a CRM's own fields: the same in every order, and nothing that was readable becomes unreadable."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealreg.mirror import events as facts
from dealreg.mirror import lessons as taught
from dealreg.mirror.commands import DeclareFieldType
from dealreg.mirror.lessons import Brought, lessons
from dealreg.mirror.state import CRM_SCHEMA
from dealreg.process.mirror_fields import declare, learn
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.field_types import Audience, Entity, FieldType, kind_of, parsed, wider
from dealreg.vocabulary.ids import ProgramId
from dealreg.vocabulary.refused import NotAllowed
from dealreg.vocabulary.situation import Situation, Unread
from dealreg.vocabulary.values import CustomField, Sealed, Treatment

DESK = UUID(int=1)
SEALED = Sealed(ref="11111111-2222-5333-8444-555555555555", digest="ab" * 32)
TEXT, WHOLE, NUMBER, TRUTH, INSTANT, DAY = FieldType


def learned(messages, state=CRM_SCHEMA.initial):
    """The state after messages, each a list of fields or a pair of that and treatments; and the facts."""
    made = []
    for number, one in enumerate(messages):
        said, treated = one if isinstance(one, tuple) else (one, [])
        brought = Brought("crm", Entity.OPPORTUNITY, DESK, "006", f"{number:064x}")
        for event in tuple(lessons(state, brought, said, {one.name: one for one in treated})):
            made.append(event)
            state = CRM_SCHEMA.evolve(state, event)
    return state, made


def field(value, name="Grade__c", **said):
    return CustomField(
        name=name, value=str(value).lower() if isinstance(value, bool) else str(value), kind=kind_of(value), **said
    )


@pytest.mark.parametrize(
    ("value", "kind", "as_text"),
    [
        (True, TRUTH, TRUTH), (0, WHOLE, WHOLE), (2**63 - 1, WHOLE, WHOLE), (-(2**63), WHOLE, WHOLE), (2**63, NUMBER, NUMBER),
        (Decimal("1.50"), NUMBER, NUMBER), (Decimal("3.0"), NUMBER, NUMBER), ("12", TEXT, WHOLE), ("-12.5", TEXT, NUMBER),
        ("012", TEXT, TEXT), ("+1", TEXT, TEXT), ("1.", TEXT, TEXT), ("1,5", TEXT, TEXT), ("1e3", TEXT, TEXT), ("-", TEXT, TEXT),
        ("9" * 19, TEXT, NUMBER), ("9" * 41, TEXT, TEXT), ("true", TEXT, TRUTH), ("True", TEXT, TEXT), ("yes", TEXT, TEXT), ("", TEXT, TEXT),
        ("2026-03-01", DAY, DAY), ("1948-05-14", DAY, DAY), ("9999-12-31", DAY, DAY), ("2026-02-30", TEXT, TEXT), ("20260301", TEXT, WHOLE),
        ("03/04/2026", TEXT, TEXT), ("2026-03-01T10:00:00.000Z", INSTANT, INSTANT), ("2026-03-01T10:00:00.000+0000", INSTANT, INSTANT),
        ("2026-03-01T10:00:00", TEXT, TEXT), ("/Date(1488838487000)/", INSTANT, INSTANT), ("/Date(-62135596800000)/", INSTANT, INSTANT),
        ("1488838487000", TEXT, WHOLE), (["a"], TEXT, TEXT), ({"a": 1}, TEXT, TEXT), ("٣", TEXT, TEXT), ("1\n", TEXT, TEXT),
    ],
)  # fmt: skip
def test_a_value_is_of_the_kind_that_its_form_says(value, kind, as_text):
    assert kind_of(value) is kind
    assert (
        kind_of(
            str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value, all_texts=True
        )
        is as_text
    )


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (WHOLE, str(2**63 - 1), 2**63 - 1), (WHOLE, str(2**63), None), (WHOLE, "3.0", 3), (WHOLE, "3.5", None),
        (NUMBER, "0.1000000000000000055", Decimal("0.1000000000000000055")), (TRUTH, "1", True), (TRUTH, "2", None),
        (DAY, "1488758400000", parsed(DAY, "2017-03-06")), (DAY, "1488838487000", None), (DAY, "/Date(1488758400000)/", parsed(DAY, "2017-03-06")),
        (INSTANT, "1488838487000", parsed(INSTANT, "2017-03-06T22:14:47Z")), (INSTANT, "2017-03-06", None), (TEXT, "", ""),
        (INSTANT, "/Date(999999999999999)/", None), (NUMBER, "nan", None),
    ],
)  # fmt: skip
def test_a_text_is_read_under_a_type_or_not_at_all(kind, text, value):
    assert parsed(kind, text) == value


KINDS = st.sampled_from(list(FieldType))


@given(KINDS, KINDS, KINDS)
def test_the_widest_type_is_the_same_in_every_order(a, b, c):
    assert wider(wider(a, b), c) is wider(a, wider(b, c)) is wider(wider(c, b), a)
    assert wider(a, a) is a


VALUES = st.one_of(
    st.booleans(), st.integers(-(2**70), 2**70), st.decimals(allow_nan=False, allow_infinity=False, places=2, max_value=10**9, min_value=0),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8), st.dates().map(str),
    st.sampled_from(["2026-03-01T10:00:00Z", "/Date(0)/", "true", "0", "9" * 19, "9" * 30, "-0", "0.5"]),
)  # fmt: skip


@given(VALUES, st.booleans())
def test_every_value_is_readable_as_its_kind_and_as_every_wider_one(value, all_texts):
    kind = kind_of(value, all_texts=all_texts)
    written = ("true" if value else "false") if isinstance(value, bool) else str(value)
    for other in FieldType:
        assert parsed(wider(kind, other), written) is not None


@given(
    st.lists(st.lists(st.tuples(st.sampled_from("ABC"), VALUES), max_size=3, unique_by=lambda one: one[0]), max_size=6),
    st.randoms(),
)
def test_messages_in_any_order_teach_the_same(messages, random):
    said = [[field(value, name) for name, value in one] for one in messages]
    shuffled = random.sample(said, len(said))
    one, _ = learned(said)
    assert one == learned(shuffled)[0]
    assert learned(said, one)[1] == [], "what is known makes no fact"


def test_a_type_that_changes_is_told_with_what_changed_it():
    state, made = learned([[field(12)], [field(13)], [field(Decimal("1.5"))], [field("A")], [field(14)]])
    assert [type(one).__name__ for one in made] == [
        "CustomFieldLearned",
        "CustomFieldTypeChanged",
        "CustomFieldTypeChanged",
    ]
    assert [(one.before, one.after, one.because, one.message[-1]) for one in made[1:]] == [
        (WHOLE, NUMBER, NUMBER, "2"), (NUMBER, TEXT, TEXT, "3"),
    ]  # fmt: skip
    assert state.fields["Grade__c"].type is TEXT


@pytest.mark.parametrize("order", list(permutations([12, "A", True])))
def test_unlike_values_end_as_text_whatever_came_first(order):
    assert learned([[field(value)] for value in order])[0].fields["Grade__c"].type is TEXT


def test_a_value_without_a_kind_teaches_nothing():
    assert learned([[CustomField(name="A", value="1")]])[1] == []


def test_a_declared_type_stands_against_what_comes_and_can_be_taken_back():
    declared = [Treatment(name="Grade__c", type=WHOLE)]
    state, made = learned([([field(1)], declared), ([field("A")], declared), ([field("B")], declared)])
    known = state.fields["Grade__c"]
    assert (known.type, known.learned, known.misread) == (WHOLE, TEXT, {TEXT})
    assert [type(one).__name__.removeprefix("CustomField") for one in made] == [
        "Learned", "TypeDeclared", "TypeChanged", "Misread",
    ], "a value that does not fit is told once"  # fmt: skip
    assert made[2].effective is WHOLE
    state, made = learned([[field("C")]], state)
    assert [(one.type, one.by_mapping, one.before, one.effective) for one in made] == [(None, True, WHOLE, TEXT)]
    assert state.fields["Grade__c"].misread == set(), "declared anew, what does not fit is told anew"


def test_the_desks_word_stands_over_the_mappings():
    state, _ = learned([([field("2017-03-06")], [Treatment(name="Grade__c", type=TEXT)])])
    of: dict[str, Any] = {"source": "crm", "entity": Entity.OPPORTUNITY, "name": "Grade__c", "desk": DESK}
    said = facts.CustomFieldTypeDeclared(**of, type=DAY, by_mapping=False, before=TEXT, effective=DAY)
    state = CRM_SCHEMA.evolve(state, said)
    assert (state.fields["Grade__c"].type, state.fields["Grade__c"].by_mapping) == (DAY, TEXT)
    state = CRM_SCHEMA.evolve(state, said.model_copy(update={"type": None}))
    assert state.fields["Grade__c"].type is TEXT


def test_of_a_sealed_value_only_its_kind_is_known():
    sealed = CustomField(name="Grade__c", sealed=SEALED, kind=TEXT)
    declared = [Treatment(name="Grade__c", type=DAY)]
    state, made = learned([([sealed], declared)])
    assert (made[0].personal, state.fields["Grade__c"].personal) == (True, True)
    assert type(made[-1]) is facts.CustomFieldMisread
    number = sealed.model_copy(update={"kind": WHOLE})
    assert [type(one) for one in learned([([number], declared)])[1]] == [
        facts.CustomFieldLearned,
        facts.CustomFieldTypeDeclared,
    ]


def test_a_treatment_that_changes_is_a_fact_and_a_long_value_is_no_change():
    shown = [Treatment(name="Grade__c", shown_to=(Audience.DEALER,))]
    state, made = learned([[field(1)], ([field(1)], shown), ([field(2)], shown)])
    assert [type(one) for one in made] == [facts.CustomFieldLearned, facts.CustomFieldTreated]
    assert state.fields["Grade__c"].shown_to == (Audience.DEALER,)
    long = CustomField(name="Grade__c", sealed=SEALED, kind=WHOLE)
    too_long = [Treatment(name="Grade__c", shown_to=(Audience.DEALER,), too_long=True)]
    assert learned([([long], too_long)], state)[1] == []
    (sealed,) = learned([([long], shown)], state)[1]
    assert (type(sealed), sealed.personal) == (facts.CustomFieldTreated, True)


def test_so_many_fields_are_mirrored_and_that_there_are_more_is_told_once(monkeypatch):
    monkeypatch.setattr(taught, "MOST_FIELDS", 3)
    names = ["A", "B", "C", "D", "E"]
    state, made = learned([[field(1, name) for name in names], [field(1, name) for name in names], [field("x", "A")]])
    assert [type(one).__name__ for one in made] == [
        *["CustomFieldLearned"] * 3,
        "CustomFieldsFull",
        "CustomFieldTypeChanged",
    ]
    assert (set(state.fields), state.full) == ({"A", "B", "C"}, True)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.DEAL_DESK])
def test_only_the_desk_declares(role):
    """The door refuses too; a rule of the core holds whoever forgets the door."""
    situation = Situation("p", datetime(2026, 3, 2, tzinfo=UTC), {})
    actor = Actor(role=role, subject="u")
    command = DeclareFieldType(source="crm", name="Grade__c", type=TEXT)
    with pytest.raises(NotAllowed, match="only the deal desk may declare the type of a field"):
        declare(situation, Request(id="1", program=ProgramId("p"), actor=actor, command=command), command)


def test_a_message_without_fields_of_its_own_does_not_look_at_the_schema():
    """A stream that is looked at is one that a decision may come too late for."""
    situation = Situation("p", datetime(2026, 3, 2, tzinfo=UTC), {})
    learn(situation, Entity.OPPORTUNITY, ("crm", "006", "0" * 64), [CustomField(name="A", value="1")])
    assert (situation.read, situation.facts) == ({}, [])
    with pytest.raises(Unread):
        learn(situation, Entity.OPPORTUNITY, ("crm", "006", "0" * 64), [field(1)])
