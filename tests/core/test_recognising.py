"""Three verdicts on descriptions of customers, whatever the order in which they come (ROE-24; decision record 29)."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealreg.customer.commands import CustomerGiven, QuestionIdentity
from dealreg.customer.events import (
    CustomerOpened,
    CustomerRecognised,
    CustomersMerged,
    CustomersToldApart,
    IdentifierAssigned,
    IdentifierShared,
    IdentityQuestioned,
    KnownIdentifier,
    MergeUndone,
    NameKeyUsed,
    ParentCompanyNamed,
)
from dealreg.customer.state import CUSTOMER, IDENTIFIER, LIKENESS_GROUND
from dealreg.matching.apart import told_apart_in_public
from dealreg.matching.blocking import keys
from dealreg.matching.comparing import METHOD
from dealreg.matching.identifiers import canonical
from dealreg.process.compare_customers import MOST_SHARING, known_as
from dealreg.process.open_customer import MOST_ASKED
from dealreg.process.question_identity import question_late
from dealreg.process.resolve_customer import resolve_customer
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import ProgramId, identifier_stream
from dealreg.vocabulary.refused import NotAllowed, Unknown

T = datetime(2026, 3, 1, 9, tzinfo=UTC)
DUNS, OTHER_DUNS = {"scheme": "duns", "value": "150483782"}, {"scheme": "duns", "value": "006924872"}
VAT, OTHER_VAT = {"scheme": "vat", "value": "DE811907980"}, {"scheme": "vat", "value": "DE136695976"}
DOMAIN = {"scheme": "domain", "value": "kranhaus.example"}
CRM = {"scheme": "crm:eu", "value": "7"}
HOUSE = {"country": "DE", "place": "Kiel", "street": "Hafenstraße 12", "postcode": "24103"}
NAMED = {"name": "Hansen Pumpen GmbH", **HOUSE}


class Search:
    """Finds as the table of keys does: whoever shares a key, unless it lags behind."""

    def __init__(self, streams):
        self.streams, self.lags = streams, False

    def customers(self):
        opened = [fact.event.customer for fact in self.streams.facts if isinstance(fact.event, CustomerOpened)]
        return [(one, self.streams.of(CUSTOMER, one)) for one in opened]

    def __call__(self, profile):
        if self.lags:
            return ()
        wanted = set(keys(profile))
        return tuple(one for one, state in self.customers() if wanted & {k for p in known_as(state) for k in keys(p)})


def asking(streams):
    streams.search = Search(streams)

    def ask(key, **said):
        named = CustomerGiven.model_validate(said)
        return streams.decide(lambda s: resolve_customer(s, "reference", key, named), T)

    return ask


@pytest.fixture
def resolve(streams):
    return asking(streams)


def kinds(streams, before=0):
    return [type(event) for event in streams.events[before:]]


def likenesses(streams):
    """What the comparison said with every question: here each has it."""
    said = []
    for event in streams.events:
        if isinstance(event, IdentityQuestioned):
            assert event.likeness is not None
            said.append(event.likeness)
    return said


def test_the_same_house_and_name_is_the_same_and_says_why(resolve, streams):
    first = resolve("r-1", identifiers=[DUNS], **NAMED)
    assert resolve("r-2", identifiers=[VAT], **{**NAMED, "street": "Hafenstr. 12", "name": "Hansen Pumpen"}) == first
    (fact,) = [event for event in streams.events if isinstance(event, CustomerRecognised)]
    assert (fact.likeness.other, fact.likeness.method, fact.street) == (first, METHOD, "Hafenstr. 12")
    assert any("same house" in one.text and one.speaks_for for one in fact.likeness.reasons)
    assert streams.of(CUSTOMER, first).identifiers == (("duns", "150483782"), ("vat", "DE811907980"))


def test_what_was_recognised_once_is_not_recorded_again_and_is_found_under_its_other_name(resolve, streams):
    first = resolve("r-1", identifiers=[DOMAIN], **NAMED)
    moved = {"name": "Hansen Pumpen", "country": "DE", "place": "Husum", "street": "Am Deich 1", "postcode": "25813"}
    assert resolve("r-2", identifiers=[DOMAIN], **moved) == first
    before = len(streams.facts)
    assert resolve("r-3", identifiers=[DOMAIN], **moved) == first
    assert len(streams.facts) == before
    assert resolve("r-4", identifiers=[VAT], **{**moved, "name": "HANSEN PUMPEN Ges.m.b.H."}) == first, (
        "by its other house"
    )


@pytest.mark.parametrize("lacking", ["street", "postcode"])
def test_without_a_whole_house_a_person_is_asked(resolve, streams, lacking):
    first = resolve("r-1", identifiers=[DUNS], **NAMED)
    second = resolve("r-2", identifiers=[VAT], **{**NAMED, lacking: None})
    assert first != second
    assert streams.of(CUSTOMER, second).possible == (first,)


def test_a_house_with_another_number_of_one_register_is_another_company_and_nobody_is_asked(resolve, streams):
    first = resolve("r-1", identifiers=[DUNS], **NAMED)
    second = resolve("r-2", identifiers=[OTHER_DUNS], **NAMED)
    assert first != second
    assert IdentityQuestioned not in kinds(streams)


def test_two_that_are_both_the_same_are_asked_about_instead(resolve, streams):
    """They should be one themselves; which of them is meant nobody can tell yet."""
    streams.search.lags = True
    first = resolve("r-1", identifiers=[DUNS], **{**NAMED, "name": "Hansen Pumpenwerke Kiel"})
    second = resolve("r-2", identifiers=[VAT], **{**NAMED, "name": "Hansen Pumpenwerk Kiel"})
    assert first != second
    streams.search.lags = False
    third = resolve("r-3", **{**NAMED, "name": "Hansen Pumpenwerkes Kiel"})
    assert third not in {first, second}
    assert set(streams.of(CUSTOMER, third).possible) == {first, second}


def test_a_question_carries_what_the_comparison_said_on_both_sides(resolve, streams):
    first = resolve("r-1", identifiers=[DUNS], name="Nordlicht Windkraftanlagen GmbH", country="DE", place="Husum")
    second = resolve("r-2", name="Nordlicht Windkraftanlage", country="DE", place="Husum")
    asked = [event for event in streams.events if isinstance(event, IdentityQuestioned)]
    assert {(event.customer, event.other, event.ground) for event in asked} == {
        (first, second, LIKENESS_GROUND),
        (second, first, LIKENESS_GROUND),
    }
    said = likenesses(streams)
    assert [one.other for one in said] == [event.other for event in asked]
    assert len({one.score for one in said}) == 1
    assert 0 < said[0].score < 1000


def test_a_register_answers_what_a_likeness_asked(resolve, streams):
    first = resolve("r-1", identifiers=[DUNS], name="Nordlicht Windkraftanlagen GmbH", country="DE", place="Husum")
    second = resolve("r-2", identifiers=[CRM], name="Nordlicht Windkraftanlage", country="DE", place="Husum")
    assert streams.of(CUSTOMER, second).possible == (first,)
    assert resolve("r-3", identifiers=[CRM, OTHER_DUNS]) == second
    assert streams.of(CUSTOMER, second).possible == streams.of(CUSTOMER, first).possible == ()


def test_the_domain_of_a_group_makes_no_company_another(resolve, streams):
    group = resolve("r-1", identifiers=[DUNS, DOMAIN], name="Kranhaus AG", country="DE", place="Köln")
    below = resolve("r-2", identifiers=[OTHER_DUNS, DOMAIN], name="Kranhaus AG", country="DE", place="Köln")
    assert group != below
    assert kinds(streams).count(IdentifierShared) == 1
    assert streams.of(IDENTIFIER, identifier_stream("domain", "kranhaus.example")).named == (group, below)
    assert streams.of(CUSTOMER, below).possible == ()
    alone = resolve("r-3", identifiers=[DOMAIN], name="Kranhaus Kran", country="DE", place="Köln")
    assert alone not in {group, below}
    reasons = [reason for one in likenesses(streams) for reason in one.reasons]
    assert not any("domain" in reason.text for reason in reasons), "it speaks for none of them"
    alone = resolve("r-6", identifiers=[DOMAIN], name="Kranhaus AG", country="DE", place="Köln")
    assert alone not in {group, below}
    assert set(streams.of(CUSTOMER, alone).possible) >= {group, below}
    assert resolve("r-4", identifiers=[OTHER_DUNS, DOMAIN]) == below
    assert resolve("r-5", identifiers=[DOMAIN]) not in {group, below}, "by itself it says nothing"


def test_a_company_known_by_its_number_that_gives_the_domain_of_its_group_raises_no_question(resolve, streams):
    group = resolve("r-1", identifiers=[DUNS, DOMAIN], name="Kranhaus AG", country="DE", place="Köln")
    below = resolve("r-2", identifiers=[OTHER_DUNS], name="Kranhaus Service GmbH", country="DE", place="Bonn")
    before = len(streams.facts)
    assert resolve("r-3", identifiers=[OTHER_DUNS, DOMAIN], name="Kranhaus Service GmbH", country="DE") == below
    assert kinds(streams, before) == [IdentifierShared]
    assert resolve("r-4", identifiers=[OTHER_DUNS, DOMAIN]) == below
    assert len(streams.facts) == before + 1, "said once"
    assert streams.of(CUSTOMER, group).possible == ()


def test_who_was_told_apart_is_not_asked_about_again(resolve, streams):
    first = resolve("r-1", identifiers=[DUNS], **NAMED)
    second = resolve("r-2", identifiers=[CRM, VAT], name="Rheinische Hebezeuge", country="DE")
    resolve("r-3", identifiers=[DUNS, VAT])
    assert streams.of(CUSTOMER, first).possible == (second,)
    for one, other in ((first, second), (second, first)):
        told = CustomersToldApart(customer=one, other=other, reason="two", told_by="dana", told_at=T)
        streams.decide(lambda s, one=one, told=told: s.record(CUSTOMER, one, told), T)
    before = len(streams.facts)
    resolve("r-4", identifiers=[DUNS, VAT])
    assert len(streams.facts) == before


def test_a_domain_of_nobody_else_names_whom_it_named_before(resolve, streams):
    first = resolve("r-1", identifiers=[DOMAIN], name="Kranhaus AG", country="DE")
    assert resolve("r-2", identifiers=[DOMAIN]) == first
    assert resolve("r-3", identifiers=[DOMAIN], name="KRANHAUS", country="DE") == first
    other = resolve("r-4", identifiers=[DOMAIN], name="Rheinische Hebezeuge", country="DE")
    assert other != first
    assert streams.of(CUSTOMER, other).possible == (first,)
    assert resolve("r-5", identifiers=[DOMAIN], name="Rheinische Hebezeuge", country="DE") == other, "under its name"


def test_a_number_that_a_register_contradicts_decides_nothing(resolve, streams):
    first = resolve("r-1", identifiers=[DUNS, VAT], **NAMED)
    second = resolve("r-2", identifiers=[DUNS, OTHER_VAT], **NAMED)
    assert first != second
    assert streams.of(CUSTOMER, first).identifiers == (("duns", "150483782"), ("vat", "DE811907980"))
    assert streams.of(CUSTOMER, second).identifiers == (("vat", "DE136695976"),)
    assert streams.of(CUSTOMER, second).possible == (first,)
    assert resolve("r-3", identifiers=[CRM, DUNS]) == first
    assert resolve("r-4", identifiers=[CRM, OTHER_VAT]) in {first, second}, "the account stays the account"


def late(streams, one, other, role=Role.CLOCK):
    command = QuestionIdentity(customer=one, other=other)
    request = Request(
        id="q", program=ProgramId("reference"), actor=Actor(role=role, subject="identity"), command=command
    )
    return streams.decide(lambda s: question_late(s, request, command), T)


def test_what_the_search_did_not_know_is_asked_later_and_once(resolve, streams):
    streams.search.lags = True
    first = resolve("r-1", identifiers=[DUNS], name="Nordlicht Windkraftanlagen GmbH", country="DE", place="Husum")
    second = resolve("r-2", identifiers=[VAT], name="Nordlicht Windkraftanlage", country="DE", place="Husum")
    third = resolve("r-3", identifiers=[OTHER_DUNS], name="Bestattungen Ruhe", country="DE")
    before = len(streams.facts)
    late(streams, first, third)
    assert len(streams.facts) == before, "no question"
    late(streams, second, first)
    assert kinds(streams, before) == [IdentityQuestioned, IdentityQuestioned]
    late(streams, first, second)
    assert len(streams.facts) == before + 2, "asked once"
    with pytest.raises(NotAllowed):
        late(streams, first, second, Role.DEALER)
    with pytest.raises(Unknown):
        late(streams, first, identifier_stream("duns", "1"))


def test_a_parent_and_its_company_are_not_asked_about(resolve, streams):
    streams.search.lags = True
    first = resolve("r-1", identifiers=[DUNS], name="Nordlicht Windkraftanlagen GmbH", country="DE", place="Husum")
    second = resolve("r-2", identifiers=[VAT], name="Nordlicht Windkraftanlage", country="DE", place="Husum")
    named = ParentCompanyNamed(customer=second, parent=first, held_from=T)
    for one in (first, second):
        streams.decide(lambda s, one=one: s.record(CUSTOMER, one, named), T)
    before = len(streams.facts)
    late(streams, first, second)
    late(streams, second, first)
    assert len(streams.facts) == before
    ended = ParentCompanyNamed(customer=second, parent=None, held_from=T)
    streams.decide(lambda s: s.record(CUSTOMER, second, ended), T)
    late(streams, first, second)
    assert len(streams.facts) == before + 3


def test_nobody_is_asked_about_more_than_a_person_can_tell(resolve, streams):
    opened = [
        resolve(f"r-{n}", name=f"Nordlicht Windkraft {'abcdefghijklmnop'[n]}", country="DE", place="Husum")
        for n in range(14)
    ]
    late_comers = [streams.of(CUSTOMER, one) for one in opened]
    questions = [event for event in streams.events if isinstance(event, IdentityQuestioned)]
    for place, state in enumerate(late_comers):
        own = [event for event in questions if event.customer == state.customer and event.other in opened[:place]]
        assert len({event.other for event in own} | set()) <= MOST_ASKED


COMPANIES = [
    {"identifiers": [DUNS, DOMAIN], **NAMED},
    {"identifiers": [OTHER_DUNS, DOMAIN], **NAMED},
    {"identifiers": [VAT], **NAMED},
    {"identifiers": [DOMAIN], "name": "Hansen Pumpen", "country": "DE"},
    {"identifiers": [OTHER_VAT, DOMAIN], "name": "Rheinische Hebezeuge", "country": "DE"},
    {"name": "Hansen Pumpen", "country": "DE", "place": "Kiel"},
]


def numbers_of(said):
    pairs = [canonical(one["scheme"], one["value"]) for one in said.get("identifiers", ())]
    return [pair for pair in pairs if pair[0] != "domain"]


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(len(COMPANIES))), st.booleans())
def test_in_whatever_order_they_come_no_two_numbers_of_one_register_are_one_customer(new_streams, order, lags):
    streams = new_streams()
    ask = asking(streams)
    streams.search.lags = lags
    found = {n: ask(f"r-{n}", **COMPANIES[n]) for n in order}
    for one, other in permutations(range(len(COMPANIES)), 2):
        if told_apart_in_public(numbers_of(COMPANIES[one]), numbers_of(COMPANIES[other])):
            assert found[one] != found[other], (order, one, other)
    for customer, state in streams.search.customers():
        registers = [scheme for scheme, _ in state.identifiers if scheme in {"duns", "vat"}]
        assert len(registers) == len(set(registers)), (order, customer, state.identifiers)
        assert all(customer in streams.of(CUSTOMER, other).asked for other in state.asked), "asked on both"
        assert all(streams.of(IDENTIFIER, identifier_stream(*pair)).customer == customer for pair in state.identifiers)
    by_name_only = found[5]
    assert [
        event for event in streams.events if isinstance(event, CustomerOpened) and event.customer == by_name_only
    ], "never the same on a name and a place"
    assigned = [fact.stream for fact in streams.facts if isinstance(fact.event, IdentifierAssigned)]
    assert len(assigned) == len(set(assigned))


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(4)), st.sampled_from(["name", "street", "postcode"]))
def test_one_company_described_four_ways_is_one_in_whatever_order(new_streams, order, varied):
    """Every pair agrees beyond doubt, so nothing depends on which of them came first."""
    ways = {
        "name": ["Hansen Pumpen GmbH", "Hansen Pumpen", "HANSEN PUMPEN Ges.m.b.H.", "hansen pumpen gmbh"],
        "street": ["Hafenstraße 12", "Hafenstr. 12", "HAFENSTRASSE 12", "Hafen Str 12"],
        "postcode": ["24103", "24 103", "24103 ", "24-103"],
    }
    streams = new_streams()
    ask = asking(streams)
    said = [
        {"identifiers": [{"scheme": "crm:eu", "value": str(n)}], **NAMED, varied: ways[varied][n]} for n in range(4)
    ]
    del said[0]["identifiers"], said[1]["identifiers"], said[2]["identifiers"]
    found = {ask(f"r-{n}", **said[n]) for n in order}
    assert len(found) == 1, [event.model_dump() for event in streams.events if isinstance(event, IdentityQuestioned)]


def test_late_questions_end_where_nobody_could_tell_any_more(resolve, streams):
    streams.search.lags = True
    names = [f"Nordlicht Windkraftanlage{'n' * n}" for n in range(MOST_ASKED + 3)]
    opened = [resolve(f"r-{n}", name=name, country="DE", place="Husum") for n, name in enumerate(names)]
    for other in opened[1:]:
        late(streams, opened[0], other)
    assert 0 < len(streams.of(CUSTOMER, opened[0]).asked) <= MOST_ASKED
    assert kinds(streams).count(IdentityQuestioned) == 2 * len(streams.of(CUSTOMER, opened[0]).asked)


def test_a_domain_that_many_share_says_nothing_and_is_not_read_one_by_one(resolve, streams):
    """A group of two hundred companies without numbers: a decision read them all, and compared each with each for each."""
    streams.search.lags = True
    sees: list[int] = []
    held = streams._held
    for place in range(MOST_SHARING + 15):
        looked: list[object] = []
        streams._held = lambda stream, kind, looked=looked: looked.append(stream) or held(stream, kind)
        name = f"{chr(97 + place // 6) * 4}{chr(97 + place % 6) * 5} Werk"
        before = len(streams.facts)
        resolve(f"r-{place}", identifiers=[DOMAIN], name=name, country="DE", place="Kiel")
        sees.append(len(looked))
        assert len(streams.facts) - before <= 3 + 2 * MOST_ASKED
    assert max(sees) <= MOST_SHARING + 5
    stream = identifier_stream("domain", "kranhaus.example")
    assert len(streams.of(IDENTIFIER, stream).named) == MOST_SHARING + 1, "said until it says nothing"
    assert kinds(streams, before) == [CustomerOpened, NameKeyUsed], "and nobody is asked about"
    known = resolve("r-known", identifiers=[VAT], name="Zander Rohre", country="DE", place="Bonn")
    before = len(streams.facts)
    assert resolve("r-more", identifiers=[VAT, DOMAIN]) == known
    assert kinds(streams, before) == []
    assert resolve("r-alone", identifiers=[DOMAIN]) != known


def test_a_merge_takes_no_description_away_and_its_undoing_takes_them_along(resolve, streams):
    """What was recognised by its house before was opened anew after the merge, with a question, again and again."""
    taken = resolve("r-1", identifiers=[DUNS], **NAMED)
    other = {
        "name": "Nordwerk Holding SE",
        "country": "DE",
        "place": "Hamburg",
        "street": "Elbweg 3",
        "postcode": "20457",
    }
    into = resolve("r-2", identifiers=[VAT], **other)
    number = (KnownIdentifier(scheme="duns", value="150483782"),)
    told = {"absorbed": taken, "into": into, "identifiers": number, "reason": "one company"}
    merged = CustomersMerged(customer=into, possible=(), steps=1, merged_by="dana", merged_at=T, **told)
    undone = MergeUndone(customer=into, undone_by="dana", undone_at=T, **told)

    def on_both(event):
        def record(situation):
            situation.record(CUSTOMER, into, event)
            situation.record(CUSTOMER, taken, event.model_copy(update={"customer": taken}))

        streams.decide(record, T)

    on_both(merged)
    before = len(streams.facts)
    assert resolve("r-3", **{**NAMED, "name": "Hansen Pumpen"}) == into
    assert resolve("r-4", **{**NAMED, "street": "Hafenstr. 12"}) == into
    assert resolve("r-5", **other) == into
    assert IdentityQuestioned not in kinds(streams, before)
    on_both(undone)
    assert resolve("r-7", **{**NAMED, "name": "Hansen Pumpen"}) == taken
    assert resolve("r-8", **other) == into
    on_both(merged)
    assert resolve("r-9", identifiers=[OTHER_DUNS], **NAMED) not in {into, taken}, "numbers of the merged one count too"
