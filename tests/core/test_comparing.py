from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealreg.matching.addresses import address
from dealreg.matching.alike import FIGURES_DIFFER, alike
from dealreg.matching.comparing import METHOD, POSSIBLE_NAME, SAME_NAME, Verdict, compare
from dealreg.matching.core_name import LONGEST, core_name
from dealreg.matching.profile import Profile

HOUSE: dict[str, Any] = {"street": "Hauptstraße 12a", "postcode": "89073", "place": "Ulm", "country": "DE"}
DOMAIN, OTHER_DOMAIN = ("domain", "acme.de"), ("domain", "acme-group.com")
DUNS, OTHER_DUNS = ("duns", "150483782"), ("duns", "006924872")
LEI = ("lei", "213800KUD8LAJWSQ9D15")
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)
profiles = st.builds(
    Profile, name=st.none() | names, country=st.sampled_from([None, "", "DE", "de", "AT"]), place=st.none() | names, street=st.none() | names,
    postcode=st.none() | names, identifiers=st.lists(st.sampled_from([DOMAIN, DUNS, OTHER_DUNS, LEI]), unique=True).map(tuple),
)  # fmt: skip


def verdict(one, other):
    return compare(one, other).verdict


def likeness(one, other):
    return alike(core_name(one), core_name(other))


def told(one, other):
    return [(reason.text, reason.speaks_for) for reason in compare(one, other).reasons]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller Maschinenbau GmbH", "MUELLER MASCHINENBAU Gesellschaft mit beschränkter Haftung"),
        ("Møller A/S", "Moller"),
        ("The Boeing Company", "Boeing Co."),
        ("I.B.M. Corp.", "I B M"),
        ("Smith & Sons Pty. Limited", "Smith and Sons Proprietary Limited"),
        ("株式会社日立", "日立"),
        ("Data Base Systems", "Database Systems"),
        ("Kroll's, Inc", "Krolls"),
        ("AB Volvo", "Volvo AB"),
    ],
)
def test_two_spellings_of_one_name_are_equal(one, other):
    assert likeness(one, other) == 1


@pytest.mark.parametrize(
    ("near", "far"),
    [
        (("Rosenbauer Maschinenbau", "Rosenbaur Maschinenbau"), ("Rosenbauer Maschinenbau", "Rosenbauer Immobilien")),
        (("Agilent Technologies Canada", "Agilent"), ("Agilent Technologies Canada", "Prosci Technologies Canada")),
        (("Inter Paper", "International Paper"), ("Inter Paper", "Interior Works Paper")),
        (("Halifax Mechanical", "Halifax Optics"), ("Halifax Mechanical", "Ottawa Mechanical")),
        (("Halifax Mechanical", "Mechanical Halifax"), ("Halifax Mechanical", "Mechanical Ottawa")),
        (("British Petroleum Exploration", "BPE"), ("British Petroleum Exploration", "BTE")),
        (("Penn Construction 2003", "Penn Construction"), ("Penn Construction 2003", "Penn Construction 2004")),
        (("Maplesoft dba Hudson Bay Trading", "Hudson Bay Trading"), ("Maplesoft Hudson Bay Trading", "Hudson Bay Trading")),
        (("Ford (Canada) Motor", "Ford Motor"), ("Ford Canada Motor", "Ford Motor")),
    ],
)  # fmt: skip
def test_the_nearer_name_of_two_scores_higher(near, far):
    assert likeness(*near) > likeness(*far)


def test_figures_of_two_names_must_agree():
    assert likeness("Fund 3 Holding", "Fund 4 Holding") <= FIGURES_DIFFER
    assert likeness("Fund 03 Holding", "Fund 3 Holding") > 0.9
    one, other = Profile("Fund 3 Holding", **HOUSE), Profile("Fund 4 Holding", **HOUSE)
    assert verdict(one, other) is Verdict.DIFFERENT
    assert ("the figures in the names differ", False) in told(one, other)
    assert verdict(one, Profile("Fund Holding", **HOUSE)) is Verdict.POSSIBLE
    assert verdict(one, Profile("Fund 3 Holding", **HOUSE)) is Verdict.SAME
    two_names = Profile("Fund 3 dba Hudson Bay", **HOUSE), Profile("Fund 4 dba Hudson Bay", **HOUSE)
    assert verdict(*two_names) is Verdict.POSSIBLE
    assert verdict(Profile("1032998 Ontario Inc."), Profile("1032999 Ontario Inc.")) is Verdict.DIFFERENT


def test_a_short_word_with_another_letter_is_another_word():
    assert likeness("BBC", "BBD") == likeness("UD", "UF") == 0
    assert likeness("4You Lab", "4Yon Lab") < POSSIBLE_NAME


@pytest.mark.parametrize("name", ["", " ", "!?", "...", None, "\u200b"])
def test_a_name_of_no_letter_is_like_none(name):
    assert core_name(name).words == ()
    assert likeness(name, name) == likeness(name, "Acme") == 0
    assert verdict(Profile(name), Profile(name)) is Verdict.DIFFERENT


@pytest.mark.parametrize("name", ["X", "GmbH", "The", "Limited Company", "12 34", "株", "e", "AG", "🏭 Werk", "de la"])
def test_a_name_of_little_keeps_something_and_is_like_itself(name):
    assert core_name(name).words
    assert likeness(name, name) == 1


def test_a_very_long_name_is_cut_and_still_compared():
    long = "Muster " * 5_000
    assert sum(map(len, core_name(long).words)) <= LONGEST
    assert likeness(long, long + "Ende") == 1
    assert likeness("A / B / C / D / E / F", "B") > 0.9


def test_the_legal_form_stands_apart_from_the_words():
    assert core_name("Rosenbauer & Söhne GmbH & Co. KG").form == "gmbh co kg"
    assert core_name("Acme Ges.m.b.H.").form == core_name("Acme GmbH").form == "gmbh"
    assert core_name("Acme").form == ""


def test_never_the_same_on_name_and_place_alone():
    assert verdict(Profile("Acme GmbH", "DE", "Ulm"), Profile("Acme GmbH", "DE", "Ulm")) is Verdict.POSSIBLE
    near: dict[str, Any] = {"country": "DE", "place": "Ulm", "postcode": "89073"}
    assert verdict(Profile("Acme GmbH", **near), Profile("Acme GmbH", **near)) is Verdict.POSSIBLE
    without_number: dict[str, Any] = HOUSE | {"street": "Hauptstraße"}
    assert verdict(Profile("Acme", **without_number), Profile("Acme", **without_number)) is Verdict.POSSIBLE


@pytest.mark.parametrize("shared", [{"identifiers": (DOMAIN,)}, HOUSE], ids=["a domain", "a house"])
def test_the_same_where_the_name_and_what_names_it_agree(shared: dict[str, Any]):
    one, other = Profile("Müller Bau GmbH", **shared), Profile("Mueller Bau", **shared)
    assert verdict(one, other) is Verdict.SAME
    assert verdict(one, Profile("Müller Immobilien Verwaltung", **shared)) is not Verdict.SAME
    assert verdict(one, Profile("Müller Bau AG", **shared)) is Verdict.POSSIBLE
    assert verdict(one, Profile("Osram", **shared)) is Verdict.DIFFERENT


def test_the_house_agrees_however_it_is_written():
    one = Profile("Acme", **HOUSE)
    written = ["Hauptstr. 12 a", "HAUPTSTRASSE 12A", "Haupt-Straße 12a", "12a Hauptstrasse"]
    assert {verdict(one, Profile("Acme", **HOUSE | {"street": street})) for street in written} == {Verdict.SAME}
    others = [
        {"street": "Hauptstraße 12b"},
        {"street": "Hauptstraße 1"},
        {"postcode": "89075"},
        {"street": "Nebenstraße 12a"},
    ]
    assert {verdict(one, Profile("Acme", **HOUSE | other)) for other in others} == {Verdict.POSSIBLE}
    assert address("350 5th Avenue, Suite 21", "10118", None) == address("350 5th Ave", "10118", None)
    assert address("Suite 21", None, None).street
    assert address("Am Markt", "89073", "Ulm").exact is False


def test_a_number_names_one_company_whatever_it_is_called():
    assert verdict(Profile("Acme", identifiers=(DUNS,)), Profile("Osram", identifiers=(DUNS,))) is Verdict.SAME
    entered = (("registry:GB", "04295593"),)
    assert verdict(Profile("Acme", identifiers=entered), Profile("Osram", identifiers=entered)) is Verdict.SAME
    one, other = Profile("Acme", identifiers=(DUNS, DOMAIN)), Profile("Acme", identifiers=(OTHER_DUNS, DOMAIN))
    assert verdict(one, other) is Verdict.DIFFERENT
    assert compare(one, other).score == 0
    assert told(one, other)[0] == ("one register has a number of its own for each", False)
    torn = Profile("Acme", identifiers=(OTHER_DUNS, LEI))
    assert verdict(Profile("Acme", identifiers=(DUNS, LEI)), torn) is Verdict.POSSIBLE


def test_another_country_is_another_company_unless_they_share_a_domain():
    one, other = Profile("Siemens", "DE"), Profile("Siemens", "at")
    assert verdict(one, other) is Verdict.DIFFERENT
    assert ("they are in different countries", False) in told(one, other)
    shared = Profile("Siemens", "DE", identifiers=(DOMAIN,)), Profile("Siemens", "AT", identifiers=(DOMAIN,))
    assert verdict(*shared) is Verdict.POSSIBLE
    assert verdict(Profile("Siemens", "DE"), Profile("Siemens")) is Verdict.POSSIBLE


def test_what_agrees_brings_the_score_nearer_and_what_does_not_takes_off():
    here = Profile("Acme Bau", "DE", "Ulm", "Hauptstraße 1", "89073", (DOMAIN,))
    told_less = [
        here, Profile("Acme Bau", "DE", "Ulm", None, "89073"), Profile("Acme", "DE", "Ulm"), Profile("Acme", "DE", "Bonn"),
        Profile("Acme AG", "DE", "Bonn", None, "53111"), Profile("Acme", "AT", "Bonn"),
    ]  # fmt: skip
    scores = [compare(here, other).score for other in told_less]
    assert scores == sorted(scores, reverse=True)
    assert compare(here, Profile("Acme Bau", "DE", "Bonn")).score < compare(here, Profile("Acme Bau", "DE")).score


def test_a_reviewer_reads_why():
    one = Profile("Müller Bau GmbH", "DE", "Ulm", "Hauptstr. 1", "89073", (DOMAIN,))
    other = Profile("Mueller Bau AG", "DE", "Ulm", None, "89073", (DOMAIN,))
    assert told(one, other) == [
        ("the same domain acme.de", True),
        ("the names agree to 100%: muller bau / muller bau", True),
        ("the legal forms differ: gmbh / ag", False),
        ("the same postcode 89073", True),
        ("the same place: ulm", True),
    ]
    assert ("they are in different places", False) in told(one, Profile("Müller Bau", "DE", "Bonn"))
    assert ("the names agree to 0% only: muller bau / osram", False) in told(one, Profile("Osram"))
    assert compare(one, other).method == METHOD


@given(profiles, profiles)
def test_which_is_given_first_does_not_matter(one, other):
    first, second = compare(one, other), compare(other, one)
    assert (first.score, first.verdict, len(first.reasons)) == (second.score, second.verdict, len(second.reasons))
    assert 0 <= first.score <= 1


@given(profiles, profiles)
def test_same_needs_an_identifier_or_a_house(one, other):
    if verdict(one, other) is Verdict.SAME and not set(one.identifiers) & set(other.identifiers):
        assert address(one.street, one.postcode, one.place).exact
        assert likeness(one.name, other.name) >= SAME_NAME
