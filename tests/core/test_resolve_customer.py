from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealreg.customer.commands import CustomerGiven
from dealreg.customer.events import CustomerOpened, IdentifierAssigned, IdentityQuestioned, NameKeyUsed
from dealreg.customer.state import CUSTOMER, IDENTIFIER, NAME_KEY
from dealreg.process.open_customer import MOST_ASKED
from dealreg.process.resolve_customer import resolve_customer
from dealreg.vocabulary.ids import customer_id, identifier_stream, name_key_stream
from dealreg.vocabulary.refused import Refused, Unknown

OTHER_DUNS = {"scheme": "duns", "value": "006924872"}
T = datetime(2026, 3, 1, 9, tzinfo=UTC)
DUNS, LEI, DOMAIN, VAT = (
    {"scheme": "duns", "value": "150483782"},
    {"scheme": "lei", "value": "213800KUD8LAJWSQ9D15"},
    {"scheme": "domain", "value": "acme.com"},
    {"scheme": "vat", "value": "DE136695976"},
)


def resolved(situation, *, key, named, program="reference"):
    return resolve_customer(situation, program, key, named)


@pytest.fixture
def resolve(streams):
    def ask(key="r-1", program="reference", **given):
        named = CustomerGiven.model_validate(given)
        return streams.decide(partial(resolved, key=key, named=named, program=program), T)

    return ask


def test_an_identifier_that_nobody_used_opens_a_customer(resolve, streams):
    customer = resolve(identifiers=[DUNS], name="Acme GmbH", country="DE", place="Ulm")
    assert customer == customer_id("reference", "r-1")
    assert streams.of(CUSTOMER, customer).name == "Acme GmbH"
    assert streams.of(IDENTIFIER, identifier_stream("duns", "150483782")).customer == customer
    assert streams.of(NAME_KEY, name_key_stream("DE", "acme")).named("acme") == (customer,)


def test_the_same_identifier_however_spelt_is_the_same_customer(resolve, streams):
    first = resolve(identifiers=[DUNS])
    before = len(streams.facts)
    assert (
        resolve("r-2", identifiers=[{"scheme": "DUNS", "value": "15-048-3782"}], name="Another", place="Ulm") == first
    )
    assert len(streams.facts) == before, "what is known is not recorded again"


def test_identity_is_one_for_all_programs(resolve):
    assert resolve(identifiers=[DUNS]) == resolve("r-2", "other", identifiers=[DUNS])


def test_new_identifiers_of_a_known_customer_name_it_from_then_on(resolve, streams):
    first = resolve(identifiers=[DUNS])
    assert resolve("r-2", identifiers=[DOMAIN, DUNS]) == first
    assert resolve("r-3", identifiers=[DOMAIN]) == first
    assert [type(event) for event in streams.events].count(CustomerOpened) == 1


def test_identifiers_of_several_customers_give_the_strongest_and_ask_once(resolve, streams):
    by_duns, by_lei = resolve("r-1", identifiers=[DUNS]), resolve("r-2", identifiers=[LEI])
    before = len(streams.facts)
    assert resolve("r-3", identifiers=[DOMAIN, DUNS, LEI]) == by_lei
    assert resolve("r-4", identifiers=[DUNS, LEI]) == by_lei
    assert [type(event) for event in streams.events[before:]] == [IdentityQuestioned, IdentityQuestioned]
    assert streams.of(CUSTOMER, by_lei).possible == (by_duns,)
    assert streams.of(CUSTOMER, by_duns).possible == (by_lei,)
    assert resolve("r-5", identifiers=[DOMAIN]) not in {by_duns, by_lei}


def test_within_a_scheme_the_first_named_counts(resolve):
    one, other = ({"scheme": "crm:eu", "value": value} for value in ("1", "2"))
    first, second = resolve("r-1", identifiers=[one]), resolve("r-2", identifiers=[other])
    assert resolve("r-3", identifiers=[other, one]) == second
    assert resolve("r-4", identifiers=[one, other]) == first


def test_a_name_with_its_place_opens_a_customer_and_is_never_the_same_on_that(resolve, streams):
    said = {"name": "Müller GmbH", "country": "DE", "place": "Ulm"}
    first, second = resolve("r-1", **said), resolve("r-2", **said)
    third = resolve("r-3", name="MUELLER", country="de", place="Kiel")
    assert len({first, second, third}) == 3
    assert streams.of(CUSTOMER, first).possible == (second, third)
    assert streams.of(CUSTOMER, second).possible == (first, third)
    assert streams.of(CUSTOMER, third).possible == (first, second)


def test_a_candidate_shares_the_whole_name_and_the_country(resolve, streams):
    resolve("r-1", name="Muller Bau", country="DE", place="Ulm")
    resolve("r-2", name="Müller", country="AT", place="Wien")
    third = resolve("r-3", name="Müller", country="DE", place="Ulm")
    assert streams.of(CUSTOMER, third).possible == ()


def test_a_customer_named_by_an_identifier_is_a_candidate_for_its_name(resolve, streams):
    first = resolve("r-1", identifiers=[DUNS], name="Acme", country="DE")
    second = resolve("r-2", identifiers=[DOMAIN], name="ACME Inc.", country="DE")
    assert first != second
    assert streams.of(CUSTOMER, second).possible == (first,)


def test_numbers_of_one_register_tell_two_of_a_name_apart(resolve, streams):
    """Delta the airline and Delta the maker of taps are never asked about (C6); a domain tells nobody apart."""
    first = resolve("r-1", identifiers=[DUNS], name="Delta", country="DE")
    second = resolve("r-2", identifiers=[OTHER_DUNS], name="Delta", country="DE")
    third = resolve("r-3", identifiers=[DOMAIN], name="Delta", country="DE")
    fourth = resolve("r-4", identifiers=[{"scheme": "domain", "value": "delta.com"}], name="Delta", country="DE")
    assert streams.of(CUSTOMER, second).possible == (third, fourth)
    assert streams.of(CUSTOMER, third).possible == (first, second, fourth)


def test_a_name_that_many_carry_is_asked_as_a_whole(resolve, streams):
    """The fact and what a decision reads stay bounded, and the question is not lost: it is who the newcomer is."""
    opened = [resolve(f"r-{n}", name="Stadtwerke", country="DE", place=f"Ort {n}") for n in range(MOST_ASKED + 30)]
    within, beyond = streams.of(CUSTOMER, opened[MOST_ASKED]), streams.of(CUSTOMER, opened[MOST_ASKED + 1])
    assert (len(within.possible), within.alike, within.common_name) == (MOST_ASKED, 0, False)
    assert (len(beyond.possible), beyond.alike, beyond.common_name) == (MOST_ASKED, MOST_ASKED + 1, True)
    assert all(len(streams.of(CUSTOMER, one).possible) <= MOST_ASKED for one in opened)
    assert max(len(event.model_dump_json()) for event in streams.events) < 1_000


def test_an_identifier_learned_later_tells_apart_the_next_of_the_name(resolve, streams):
    first = resolve("r-1", identifiers=[DOMAIN], name="Delta", country="DE")
    assert resolve("r-2", identifiers=[DOMAIN, DUNS]) == first
    third = resolve("r-3", identifiers=[OTHER_DUNS], name="Delta", country="DE")
    assert streams.of(CUSTOMER, third).possible == ()


@pytest.mark.parametrize(
    "name", ["\u202eemcA", "\u0391cme", "ACME", "\u0627\u0644\u0634\u0631\u0643\u0629", "\u00c0cme" * 900, "🏭"],
    ids=["right-to-left mark", "look-alike letter", "capitals", "arabic", "very long", "no letter"],
)  # fmt: skip
def test_strange_names_open_a_customer_and_decide_nothing(resolve, streams, name):
    first = resolve("r-1", name="Acme", country="DE", place="Ulm")
    second = resolve("r-2", name=name, country="DE", place="Ulm")
    assert first != second
    assert set(streams.of(CUSTOMER, second).possible) <= {first}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": "Acme"},
        {"place": "Ulm"},
        {"name": "Acme", "country": "DE"},
        {"name": " ", "place": "Ulm"},
    ],
)
def test_what_names_nobody_opens_nothing(resolve, streams, given):
    assert resolve(**given) is None
    assert streams.facts == []


def test_a_name_without_letters_has_no_key_and_still_opens(resolve, streams):
    assert resolve(name="😀", place="Ulm") is not None
    assert [type(event) for event in streams.events] == [CustomerOpened]


def test_a_customer_id_names_a_customer_that_was_opened(resolve, streams):
    customer = resolve(identifiers=[DUNS])
    before = len(streams.facts)
    assert resolve("r-2", customer=customer, identifiers=[LEI]) == customer
    assert len(streams.facts) == before
    with pytest.raises(Unknown, match="no such customer"):
        resolve("r-3", customer=UUID(int=7))


def test_an_identifier_that_is_none_is_refused_with_its_reason(resolve, streams):
    with pytest.raises(Refused, match="nine digits") as refused:
        resolve(identifiers=[LEI, {"scheme": "duns", "value": "12"}])
    assert refused.value.clause == "ROE-2"
    assert streams.facts == []


def test_a_request_that_is_decided_again_opens_the_same_customer_once(resolve, streams):
    said = {"name": "Acme", "country": "DE", "place": "Ulm"}
    first = resolve("r-1", **said)
    before = len(streams.facts)
    assert resolve("r-1", **said) == first
    assert len(streams.facts) == before


def test_an_identifier_named_twice_is_assigned_once(resolve, streams):
    resolve(identifiers=[DUNS, {"scheme": "duns", "value": "15-048-3782"}])
    assert [type(event) for event in streams.events].count(IdentifierAssigned) == 1


def test_every_stream_that_the_answer_rests_on_is_read(streams):
    """Two newcomers at one instant meet there: the second save finds that one has moved (architecture D13)."""
    given = CustomerGiven.model_validate({"identifiers": [DUNS], "name": "Acme", "country": "DE"})

    def read(situation):
        resolve_customer(situation, "reference", "r-1", given)
        return set(situation.read)

    named = {identifier_stream("duns", "150483782"), name_key_stream("DE", "acme"), customer_id("reference", "r-1")}
    assert streams.decide(read, T) == named


def test_every_fact_survives_its_stored_form(resolve, streams):
    resolve(identifiers=[VAT, DOMAIN], name="Łódź – Süd 東京", country="PL", place="Łódź")
    assert {type(event) for event in streams.events} == {CustomerOpened, IdentifierAssigned, NameKeyUsed}
    for event in streams.events:
        assert type(event).model_validate_json(event.model_dump_json()) == event


@given(st.lists(st.lists(st.sampled_from([DUNS, LEI, DOMAIN, VAT]), min_size=1, max_size=4), min_size=1, max_size=8))
def test_whatever_comes_an_identifier_names_one_customer_for_ever(new_streams, asked):
    streams = new_streams()
    for number, identifiers in enumerate(asked):
        named = CustomerGiven.model_validate({"identifiers": identifiers})
        found = streams.decide(partial(resolved, named=named, key=f"r-{number}"), T)
        assert streams.of(CUSTOMER, found).exists
    assigned = [fact.stream for fact in streams.facts if isinstance(fact.event, IdentifierAssigned)]
    assert len(assigned) == len(set(assigned))
