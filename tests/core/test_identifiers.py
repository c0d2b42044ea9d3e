import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealreg.matching.identifiers import STRENGTH, NotAnIdentifier, canonical, salesforce_18, strength
from dealreg.matching.names import comparable, country_key, folded, name_key

SAME = {
    "duns": [["150483782", "15-048-3782", " 150 483 782 ", "15.048.3782"]],
    "vat": [
        ["DE136695976", "de 136 695 976", "DE-136.695.976"],
        ["EL094259216", "GR094259216", "GR 094259216"],
        ["CHE-107.787.577 MWST", "CHE107787577IVA", "CHE-107.787.577", "che 107 787 577 tva"],
        ["NO 995 525 828 MVA", "NO995525828"],
        ["GB 980 7806 84", "XI980780684"],
        ["ATU13585627", "AT U13585627"],
        ["BE0428759497", "BE 428 759 497"],
        ["NL004495445B01", "NL4495445B01"],
    ],
    "lei": [["213800KUD8LAJWSQ9D15", "213800kud8lajwsq9d15", " 213800KUD8LAJWSQ9D15 "]],
    "domain": [
        [
            "example.com",
            "WWW.Example.com.",
            "https://www.example.com:443/a?b#c",
            "sales@example.com",
            "http://example.com",
        ],
        ["bücher.example", "xn--bcher-kva.example", "BÜCHER.example", "www.bu\u0308cher.example"],
        ["www.com", "WWW.COM"],
        ["acme.co.uk"],
        ["食狮.com.cn", "xn--85x722f.com.cn"],
    ],
    "registry:GB": [["04295593", "4295593", " 0429 5593"], ["SC123456", "sc 123456"]],
    "registry:DE": [["Aachen HRA 11223", "HRA 11223 Aachen", "Aachen, HRA 11223"]],
    "registry:FR": [["552008443", "552 008 443"]],
    "registry:AT": [["122119m", "FN 122119m", "FN122119m"]],
    "registry:CH": [["CHE-100.155.212", "CHE100155212"]],
    "registry:RO": [["J52/750/2012"]],
    "tax:US": [["91-1144442", "911144442"]],
    "tax:IN": [["27AAPFU0939F1ZV"]],
    "crm:acme-eu": [["001D000000IqhSL", "001D000000IqhSLIAZ"], ["12345"], ["acc/7"], ["001000000000001"]],
}


@pytest.mark.parametrize(
    ("scheme", "spellings"), [(scheme, spellings) for scheme, groups in SAME.items() for spellings in groups]
)
def test_spellings_of_one_identifier_are_one_value(scheme, spellings):
    assert len({canonical(scheme, spelling) for spelling in spellings}) == 1
    assert canonical(*canonical(scheme, spellings[0])) == canonical(scheme, spellings[0])


@pytest.mark.parametrize(
    ("scheme", "value", "word"),
    [
        ("duns", "12345678", "nine digits"),
        ("duns", "1234567890", "nine digits"),
        ("duns", "١٢٣٤٥٦٧٨٩", "nine digits"),
        ("duns", "", "nine digits"),
        ("vat", "DE136695977", "check digit"),
        ("vat", "136695976", "letters of its country"),
        ("vat", "US123456789", "letters of its country"),
        ("vat", "", "letters of its country"),
        ("vat", "../etc", "letters of its country"),
        ("vat", "ÄÖ123", "letters of its country"),
        ("vat", "CHE107787578MWST", "check digit"),
        ("lei", "213800KUD8LAJWSQ9D16", "check digits"),
        ("lei", "", "check digits"),
        ("domain", "gmail.com", "mail provider"),
        ("domain", "Somebody@GoogleMail.com", "mail provider"),
        ("domain", "www.web.de", "mail provider"),
        ("domain", "localhost", "such as example.com"),
        ("domain", "10.0.0.1", "such as example.com"),
        ("domain", "", "such as example.com"),
        ("domain", "a b.com", "such as example.com"),
        ("domain", "a" * 64 + ".com", "such as example.com"),
        ("domain", ("a." * 130) + "com", "such as example.com"),
        ("domain", "\ud800.com", "such as example.com"),
        ("crm:", "1", "organisation"),
        ("crm", "1", "organisation"),
        ("crm:a b", "1", "organisation"),
        ("crm:eu", " ", "empty"),
        ("crm:eu", "a\x00", "empty"),
        ("isin", "DE0007236101", "use one of"),
        ("registry:XX", "1", "the countries are AT"),
        ("registry:GB", "1234", "eight digits"),
        ("registry:GB", "ABC12345", "eight digits"),
        ("registry:FR", "552008444", "check digit"),
        ("registry", "552008443", "the countries are"),
        ("tax:DE", "1", "the countries are"),
        ("tax:US", "12", "check digit"),
        ("duns:x", "150483782", "use one of"),
        ("", "1", "use one of"),
    ],
)
def test_what_is_none_is_refused_with_what_to_do(scheme, value, word):
    with pytest.raises(NotAnIdentifier, match=word):
        canonical(scheme, value)


def test_schemes_are_read_in_any_case():
    assert canonical(" DUNS ", "150483782") == ("duns", "150483782")
    assert canonical("CRM:acme", "7") == ("crm:acme", "7")
    assert canonical("crm://crm.example/acme?org=1", "7") == ("crm://crm.example/acme?org=1", "7")


def test_every_scheme_has_a_strength():
    names = ["lei", "registry:GB", "duns", "vat", "tax:US", "crm:acme", "domain"]
    assert [strength(name) for name in names] == list(range(len(STRENGTH)))


@given(st.text("".join(map(chr, range(48, 58))) + "ABCDEFabcdef", min_size=15, max_size=15))
def test_records_that_differ_in_case_only_differ_without_case_when_18_long(record):
    other = record.swapcase()
    assert len(salesforce_18(record)) == 18
    assert salesforce_18(record).startswith(record)
    if other != record:
        assert salesforce_18(record).lower() != salesforce_18(other).lower()


def test_other_lengths_stay():
    assert salesforce_18("001D000000IqhSLIAZ") == "001D000000IqhSLIAZ"
    assert salesforce_18("") == ""


@given(
    st.sampled_from(["duns", "vat", "lei", "domain", "crm:x", "registry:GB", "registry:DE", "tax:US", "other"]),
    st.text(max_size=60),
)
def test_any_text_is_canonical_or_refused_and_canonical_is_settled(scheme, value):
    try:
        found = canonical(scheme, value)
    except NotAnIdentifier:
        return
    assert canonical(*found) == found


@pytest.mark.parametrize(
    "names",
    [
        ["Müller GmbH & Co. KG", "MUELLER GMBH", "Mu\u0308ller", "müller"],
        ["Łódź Systems Sp. z o.o.", "Lodz Systems"],
        ["Ørsted A/S", "Orsted", "Oersted"],
        ["株式会社東芝", "㈱東芝", "東芝"],
        ["S.A.P. SE", "SAP SE", "Sap"],
        ["O’Neil Ltd", "O'Neil Limited", "ONEIL"],
        ["Straße AG", "STRASSE"],
        ["AB Volvo", "Volvo AB"],
        ["Acme,  Inc.", "acme inc"],
    ],
)
def test_names_that_may_be_one_compare_equal_and_share_a_key(names):
    assert len({comparable(name) for name in names}) == 1
    assert len({name_key(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("Bauer", "Brauer"), ("Acme North", "Acme South"), ("3M", "4M"), ("Aero", "Arlo")]
)
def test_other_names_do_not(one, other):
    assert comparable(one) != comparable(other)


@pytest.mark.parametrize("name", ["GmbH", "SE", "The Co", "AG", "株式会社"])
def test_a_name_that_is_only_a_legal_form_stays_a_name(name):
    assert comparable(name)


@pytest.mark.parametrize("name", ["", "!!!", "😀", " \t", "---"])
def test_what_has_no_letter_has_no_key(name):
    assert comparable(name) == name_key(name) == ""


@given(st.text(max_size=200))
def test_any_name_has_one_comparable_form_however_it_is_spaced(name):
    assert comparable(name) == comparable(f"  {name}\t")
    assert "\x00" not in comparable(name)
    assert len(name_key(name)) <= 4


def test_a_huge_name_is_compared_in_time():
    assert comparable("Ä" * 4000)
    assert comparable("!" * 4000) == ""


def test_a_country_is_two_letters_or_the_code_for_none():
    assert country_key(" de ") == "DE"
    assert country_key(None) == country_key("  ") == "ZZ"


def test_folded_is_what_a_person_reads_as_equal():
    assert folded("  Werk\u00a01 ") == folded("WERK 1")
    assert folded("ﬁne") == "fine"


def test_an_account_of_another_crm_is_kept_as_it_is():
    """Fifteen digits are a number of somebody else's; a Salesforce record has letters."""
    for record in ("001000000000001", "12345", "acc/7", "001D000000IqhSLIAZ"):
        assert canonical("crm:hub", record) == ("crm:hub", record)


def test_every_capital_of_a_record_id_counts():
    """Five capitals in each group give the last sign; an A at the edge of the alphabet is one of them."""
    assert salesforce_18("AAAAAZZZZZAZAZA") == "AAAAAZZZZZAZAZA555"


def test_a_web_address_gives_its_host_and_a_sharp_s_stays_one():
    assert canonical("domain", "https://example.com/path?query#part") == ("domain", "example.com")
    assert canonical("domain", "faß.example") == ("domain", "xn--fa-hia.example")
