"""Dates, numbers and words in every odd kind, by what a mapping document declares."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from yaml import YAMLError

from dealreg.opportunity.events import Outcome
from dealreg.service.intake.conversions import Conversions
from dealreg.service.intake.formats.dates import day, finer_than_milliseconds, instant
from dealreg.service.intake.formats.fields import converted, flat, number, spoken, whole
from dealreg.service.intake.mapping import load_mappings, read_mapping
from dealreg.service.intake.plain_yaml import plain_yaml
from dealreg.service.intake.unreadable import Unreadable, Why
from tests.fix_formats import reads, refusal, told

PLAIN = Conversions()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1948-02-29", "1948-02-29"),
        ("19480229", "1948-02-29"),
        ("9999-12-31", "9999-12-31"),
        ("2026-03-02T23:30:00Z", "2026-03-02"),
        ("2026-03-02 23:30:00+05:30", "2026-03-02"),
        ("2026-03-02t23:30:00.1234567z", "2026-03-02"),
        ("2019-12-04 12:48:22", "2019-12-04"),
        ("2020-12-30 3:15:52", "2020-12-30"),
        (1653955200000, "2022-05-31"),
        ("1653955200000", "2022-05-31"),
        (-688867200000, "1948-03-04"),
        ("-688867200000", "1948-03-04"),
        ("/Date(1653955200000)/", "2022-05-31"),
        ("/Date(1653955200000-0700)/", "2022-05-30"),
        ("/Date(-688867200000+0100)/", "1948-03-04"),
        (0, "1970-01-01"),
    ],
)
def test_a_day_in_a_way_that_everybody_knows(written, meant):
    assert day(written, "f", PLAIN) == meant


@pytest.mark.parametrize(
    ("written", "ways", "meant"),
    [
        ("31.12.1948", ["%d.%m.%Y"], "1948-12-31"),
        ("12/31/2026", ["%d.%m.%Y", "%m/%d/%Y"], "2026-12-31"),
        ("31.12.2026 23:59", ["%d.%m.%Y %H:%M"], "2026-12-31"),
        ("1653955200", ["seconds"], "2022-05-31"),
        ("45992", ["excel"], "2025-12-01"),
        (45992, ["excel"], "2025-12-01"),
        ("45992.75", ["excel"], "2025-12-01"),
        ("2026-03-02", ["%d.%m.%Y"], "2026-03-02"),
    ],
)
def test_a_day_in_a_way_that_only_the_mapping_can_know(written, ways, meant):
    assert day(written, "f", Conversions(dates=tuple(ways))) == meant


@pytest.mark.parametrize(
    "written",
    [
        "soon",
        "31.12.1948",
        "2026-02-30",
        "2026-13-01",
        "",
        "0000-00-00",
        True,
        None,
        1.5,
        [],
        {},
        10**20,
        "/Date(x)/",
        "12345",
        "2026-3-2",
    ],
)
def test_what_is_no_day_is_refused(written):
    with pytest.raises(Unreadable) as refused:
        day(written, "f", PLAIN)
    assert refused.value.field == "f"


def test_the_day_of_an_instant_is_looked_for_in_the_mappings_zone_unless_it_has_its_own():
    berlin = Conversions(zone="Europe/Berlin")
    assert day("2026-03-02T23:30:00Z", "f", berlin) == "2026-03-03"
    assert day("2026-03-02T23:30:00-05:00", "f", berlin) == "2026-03-02"
    assert day("/Date(1772494200000)/", "f", berlin) == "2026-03-03"
    assert day("2026-03-02T23:30:00", "f", berlin) == "2026-03-02"
    assert day("2026-03-29T01:30:00Z", "f", berlin) == "2026-03-29"
    with pytest.raises(ValueError, match="no time zone"):
        Conversions(zone="Europe/Entenhausen")


@given(st.integers(-2_208_988_800, 7_258_118_399), st.integers(0, 10**9 - 1))
def test_every_way_of_an_instant_is_the_same_instant(seconds, nanoseconds):
    """From 1900 to 2199."""
    iso = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    ways = [seconds * 1000, f"/Date({seconds * 1000})/", f"/Date({seconds * 1000}+0200)/", f"{iso}Z"]
    assert len({instant(one, "f") for one in ways}) == 1
    written = f"{iso}.{nanoseconds:09d}Z"
    assert instant(written, "f").microsecond == nanoseconds // 1000
    assert finer_than_milliseconds(written) == f"{nanoseconds % 10**6:06d}000"


@pytest.mark.parametrize(
    ("written", "mark", "meant"),
    [
        ("48000.50", None, "48000.50"),
        (48000, None, "48000"),
        (Decimal("0.1000"), None, "0.1000"),
        ("1e3", None, "1e3"),
        ("-5", None, "-5"),
        (9223372036854775807, None, "9223372036854775807"),
        ("1,234,567.89", ".", "1234567.89"),
        ("1.234.567,89", ",", "1234567.89"),
        ("1\u202f234,5", ",", "1234.5"),
        ("1'234.5", ".", "1234.5"),
        ("1234,5", ",", "1234.5"),
        ("-1.234,5", ",", "-1234.5"),
        ("1.234", ",", "1234"),
    ],
)
def test_a_number_is_read_exactly(written, mark, meant):
    assert number(written, "f", Conversions(decimal=mark)) == Decimal(meant)


@pytest.mark.parametrize(
    ("written", "mark"),
    [
        ("1,234", None),
        ("1.234,5", None),
        ("12,34,567", "."),
        ("1.234.56", ","),
        ("NaN", None),
        ("Infinity", None),
        ("1_000", None),
        ("٣", None),
        ("", None),
        (True, None),
        ([1], None),
        ("€ 5", None),
        ("1e1000", None),
    ],
)
def test_what_may_mean_two_numbers_or_none_is_refused(written, mark):
    with pytest.raises(Unreadable):
        number(written, "f", Conversions(decimal=mark))


DOCUMENT = """
source: x
format: hubspot
fields: {name: n, stage: s, lines: l, country: c, amount: a, close_on: d, owner: o, street: site.street, partner: p}
identifiers: {vat: v}
stages: {1: {stage: proposal}, lost: {outcome: lost}}
outcomes: {won: {true: won}, closed: {true: lost, false: open}}
words: {country: {Norway: "NO", 5: SE, Nowhere: null}, lines: {a: drives}, owner: {7: direct}}
nothing: ["", N/A, "9999-12-31"]
currency: EUR
"""


def said(**theirs):
    return spoken(theirs, read_mapping(DOCUMENT))[0]


def test_words_of_a_mapping_take_the_place_of_theirs():
    assert said(c="Norway")["country"] == "NO"
    assert said(c=5)["country"] == "SE"
    assert said(c="Nowhere") == {"country": None, "identifiers": {}}
    assert said(c="Peru")["country"] == "Peru"
    assert said(l="a; b;;N/A;a")["lines"] == ["drives", "b"]
    assert said(l=["a", 7])["lines"] == ["drives", "7"]
    assert said(p=332507367156)["partner"] == "332507367156"


def test_what_stands_for_nothing_empties():
    assert said(n="N/A", a=" ", d="9999-12-31T00:00:00Z", v="N/A") == {
        "name": None,
        "amount": None,
        "close_on": None,
        "identifiers": {"vat": None},
    }


def test_how_it_stands_is_said_by_the_stage_and_then_by_the_first_field_that_knows():
    assert said(s=1)["outcome"] is Outcome.OPEN
    assert said(s="lost", won=True)["outcome"] is Outcome.LOST
    assert said(s="unknown", won=True)["outcome"] is Outcome.WON
    assert said(won=False, closed=True)["outcome"] is Outcome.LOST
    assert "outcome" not in said(won=False)


def test_what_holds_for_every_record_is_said_with_every_word_of_it():
    mapping = read_mapping(
        "{source: x, format: hubspot, fields: {name: n}, always: {partner: 7, lines: a;b, country: Norway}, words: {country: {Norway: NO}}}"
    )
    fields, _ = spoken({"n": "x"}, mapping)
    assert (fields["partner"], fields["lines"], fields["country"]) == ("7", ["a", "b"], "NO")
    assert spoken({}, mapping)[0] == {"identifiers": {}}
    with pytest.raises(ValueError, match="under 'fields' and under 'always'"):
        read_mapping("{source: x, format: hubspot, fields: {name: n}, always: {name: y}}")
    with pytest.raises(ValueError, match="no field of an opportunity"):
        read_mapping("{source: x, format: hubspot, always: {colour: y}}")


def test_an_amount_without_a_currency_has_the_organisations():
    assert said(a="5")["currency"] == "EUR"
    assert "currency" not in said(a=None)


def test_an_owner_who_is_neither_stays_a_person():
    fields, custom = spoken({"o": "Ada Lovelace"}, read_mapping(DOCUMENT))
    assert ("owner" in fields, custom) == (False, {"o": "Ada Lovelace"})
    assert said(o=7)["owner"] == "direct"


def test_a_compound_field_that_was_emptied_empties_what_is_inside():
    assert said(site=None)["street"] is None
    assert "street" not in said(other=None)


def test_compound_values_are_taken_apart_and_each_of_a_list_may_be_meant():
    value = {"a": {"b": [{"c": 1}, {"c": 2}], "d": [1, 2]}, "e": {}}
    assert dict(flat(value)) == {"a.b.0.c": 1, "a.b.1.c": 2, "a.d": [1, 2]}
    mapping = read_mapping("{source: x, format: hubspot, fields: {lines: a.b.*.c}}")
    fields, custom = spoken(dict(flat(value)), mapping)
    assert (fields["lines"], custom) == (["1", "2"], {"a.d": [1, 2]})
    assert spoken(whole({}, mapping), mapping)[0]["lines"] is None


@pytest.mark.parametrize(("ours", "value"), [("name", {"a": 1}), ("name", [1]), ("amount", "x"), ("close_on", "x")])
def test_a_value_of_another_shape_is_refused_by_its_own_name(ours, value):
    with pytest.raises(Unreadable) as refused:
        converted(ours, value, "theirs", PLAIN)
    assert refused.value.field == "theirs"


# --- CloudEvents in words of their own

FOREIGN = "https://crm.example.com/in-house"


def event(kind, data, number=1, **more):
    said = {
        "specversion": "1.0",
        "type": f"com.example.{kind}",
        "source": FOREIGN,
        "id": f"e-{number}",
        "time": "2026-03-02T10:00:00Z",
    }
    return {**said, "data": data, **more}


def test_a_cloudevent_with_other_names_is_read_by_the_shipped_example():
    deal = {
        "id": 9007199254740993,
        "title": "Bridge",
        "phase": "offer",
        "value": {"net": "48.000,50", "currency": "eur"},
        "expectedClose": "30.09.2026",
        "company": 17,
        "region": "South",
        "positions": [{"line": "drives"}, {"line": "motors"}],
        "boss": "Ada",
    }
    (one,) = told(event("deal.created", {"deal": deal}), reads())
    assert (one.source, one.record, one.change) == (FOREIGN, "9007199254740993", "created")
    assert (one.name, one.stage, one.outcome, one.territory) == ("Bridge", "proposal", Outcome.OPEN, "DE-S")
    assert (one.amount, one.currency, one.close_on) == (Decimal("48000.50"), "EUR", date(2026, 9, 30))
    assert (one.lines, one.customer_ref) == (("drives", "motors"), "17")
    assert [field.name for field in one.custom if field.sealed] == ["deal.boss"]
    (snapshot,) = told(event("deal.snapshot", {"deal": {"id": 1, "title": "x"}}), reads())
    assert (snapshot.change, "amount" in snapshot.nulled, "stage" in snapshot.nulled) == ("read", True, True)
    (changed,) = told(event("deal.changed", {"deal": {"id": 1, "title": "x"}}), reads())
    assert (changed.change, changed.nulled) == ("updated", ())
    (removed,) = told(event("deal.removed", {"deal": {"id": 1, "title": "x"}}), reads())
    assert (removed.change, removed.given()) == ("deleted", ())


def test_an_account_comes_as_a_cloudevent_in_our_words_and_in_others():
    company = {
        "no": "C1",
        "name": "Mills",
        "address": {"country": "NO", "city": "Oslo"},
        "parentNo": "C0",
        "vatId": "n/a",
    }
    (theirs,) = told(event("company.changed", {"company": company}), reads())
    assert (theirs.record, theirs.name, theirs.place, theirs.parent) == ("C1", "Mills", "Oslo", "C0")
    assert theirs.nulled == ("identifier:vat",)
    own = {
        "record": "C1",
        "name": "Mills",
        "street": "1 Mill Lane",
        "parent": None,
        "identifiers": {"duns": "1"},
        "x": 1,
    }
    for source in (FOREIGN, "//crm.example/any"):
        (ours,) = told(event("x", own) | {"type": "dealreg.account.changed.v1", "source": source}, reads())
        assert (ours.source, ours.record, ours.street, ours.nulled) == (source, "C1", "1 Mill Lane", ("parent",))
        assert [field.name for field in ours.custom] == ["x"]
    bare = reads("{source: '*', format: neutral}")
    assert refusal(event("x", own) | {"type": "dealreg.account.changed.v1"}, bare)[0] is Why.SHAPE


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (event("deal.exploded", {}), "type"),
        (event("deal.created", []), "data"),
        (event("deal.created", {"deal": {}}), "data.deal.id"),
        (event("deal.created", {"deal": {"id": 1, "value": {"net": "1,234.5"}}}), "deal.value.net"),
        (event("deal.created", {"deal": {"id": 1, "expectedClose": "30.02.2026"}}), "deal.expectedClose"),
    ],
)
def test_a_foreign_event_that_cannot_be_relied_on_is_refused(value, field):
    assert refusal(value, reads())[1] == field


@pytest.mark.parametrize(
    ("written", "told_", "kind"),
    [
        ("source: x\nformat: hubspot\nstages: {a: {outcome: sold}}", "stages.a.outcome", ValidationError),
        ("source: x\nformat: hubspot\nfields: {colour: c}", "no field of an opportunity", ValidationError),
        ("source: x\nformat: hubspot\naccount: {fields: {stage: c}}", "no field of an account", ValidationError),
        ("source: [x", "ours.yaml", YAMLError),
    ],
)
def test_a_document_that_is_wrong_is_named_with_the_place(tmp_path, written, told_, kind):
    (tmp_path / "ours.yaml").write_text(written)
    with pytest.raises(kind) as refused:
        load_mappings(tmp_path)
    assert "ours.yaml" in str(refused.value)
    assert told_ in str(refused.value)


def test_yaml_is_read_as_people_mean_it():
    """In YAML 1.1, which PyYAML reads, Norway is false, a day is no text, and 0123 is 83."""
    written = "{a: NO, NO: b, on: y, c: 0123, d: 12:30, e: 9999-12-31, f: true, g: -7, h: 0, i: null, j: 1.5, k: false}"
    assert plain_yaml(written) == {
        "a": "NO",
        "NO": "b",
        "on": "y",
        "c": "0123",
        "d": "12:30",
        "e": "9999-12-31",
        "f": True,
        "g": -7,
        "h": 0,
        "i": None,
        "j": 1.5,
        "k": False,
    }
    document = read_mapping(
        "{source: x, format: hubspot, organisation: 007, fields: {country: c, close_on: d}, words: {country: {Norway: NO}}, nothing: [9999-12-31]}"
    )
    fields, _ = spoken({"c": "Norway", "d": "9999-12-31"}, document)
    assert (fields["country"], fields["close_on"], document.organisation) == ("NO", None, "007")


def test_a_deal_that_was_lost_in_an_open_stage_is_lost_however_much_of_it_is_told():
    """Found by a day of traffic: read whole, stage and state came together, and the stage's silence counted as open."""
    text = "{source: s, format: dataverse, fields: {stage: step}, outcomes: {state: {'0': open, '2': lost}}, stages: {Develop: {stage: qualified}, Over: {outcome: won}}}"
    mapping = read_mapping(text)
    cases: dict[str, dict[str, Any]] = {
        "both": {"step": "Develop", "state": 2},
        "state alone": {"state": 2},
        "stage alone": {"step": "Develop"},
        "a stage that says so": {"step": "Over", "state": 0},
        "neither": {"step": "unknown"},
    }
    said = {name: spoken(theirs, mapping)[0].get("outcome") for name, theirs in cases.items()}
    assert said == {
        "both": "lost",
        "state alone": "lost",
        "stage alone": "open",
        "a stage that says so": "won",
        "neither": None,
    }
