"""What the door says of values of a CRM's own fields: their kind, the form in which they are kept, and what the mapping says of each."""

import json
from decimal import Decimal

import pytest

from dealreg.service.intake.building import built
from dealreg.service.intake.heard import Heard
from dealreg.service.intake.mapping import read_mapping
from dealreg.vocabulary.field_types import Audience, Entity, FieldType
from tests.fix_formats import message_in
from tests.fix_intake import NOON

MAPPING = """
source: crm
format: FORMAT
harmless: ["*"]
types: {Closed: day, Called: instant, Size: whole}
dates: ["%d.%m.%Y"]
nothing: ["", "N/A"]
visible_to: {dealer: ["S*"], distributor: [Size]}
account: {harmless: ["*"], types: {Size: number}}
"""


def said(custom, format_="neutral", entity=Entity.OPPORTUNITY, mapping=MAPPING):
    heard = Heard("crm", "006", ("m", json.dumps(sorted(custom))), "1", "updated", NOON, {}, custom, entity)
    return message_in(built(heard, read_mapping(mapping.replace("FORMAT", format_))))


@pytest.mark.parametrize(
    ("format_", "value", "kept", "kind"),
    [
        ("neutral", True, "true", "truth"), ("neutral", "true", "true", "text"), ("hubspot", "true", "true", "truth"),
        ("neutral", 12, "12", "whole"), ("neutral", "12", "12", "text"), ("hubspot", "12", "12", "whole"), ("hubspot", "012", "012", "text"),
        ("neutral", Decimal("1.20E+7"), "12000000", "number"), ("neutral", Decimal("0.000010"), "0.000010", "number"),
        ("neutral", 2**63 - 1, str(2**63 - 1), "whole"), ("neutral", "2026-05-01", "2026-05-01", "day"),
        ("salesforce", "2026-05-01T10:00:00.000Z", "2026-05-01T10:00:00.000Z", "instant"), ("neutral", ["a", 1], '["a",1]', "text"),
    ],
)  # fmt: skip
def test_a_value_is_kept_as_text_with_its_kind(format_, value, kept, kind):
    (field,) = said({"Any": value}, format_).custom
    assert (field.value, field.kind) == (kept, FieldType(kind))


@pytest.mark.parametrize(
    ("name", "value", "kept", "kind"),
    [
        ("Closed", "31.12.2027", "2027-12-31", "day"), ("Closed", 1488758400000, "2017-03-06", "day"),
        ("Closed", "1948-05-14", "1948-05-14", "day"), ("Closed", "9999-12-31", "9999-12-31", "day"), ("Closed", "soon", "soon", "text"),
        ("Called", "/Date(1488838487000)/", "2017-03-06T22:14:47+00:00", "instant"), ("Called", 1488838487000, "2017-03-06T22:14:47+00:00", "instant"),
        ("Other", 1488838487000, "1488838487000", "whole"), ("Size", "a dozen", "a dozen", "text"),
    ],
)  # fmt: skip
def test_a_declared_day_or_instant_is_kept_in_the_usual_form(name, value, kept, kind):
    (field,) = said({name: value}).custom
    assert (field.value, field.kind) == (kept, FieldType(kind))


def test_what_stands_for_nothing_empties_the_field_and_teaches_nothing():
    message = said({"A": "", "B": "N/A", "C": None, "D": 0, "E": False})
    assert set(message.nulled) == {"custom:A", "custom:B", "custom:C"}
    assert [field.name for field in message.custom] == ["D", "E"]


def test_what_the_mapping_says_of_a_field_goes_with_it():
    message = said({"Size": 1, "Stars": 2, "Other": 3, "Long": "x" * 4001})
    treated = {one.name: (one.type, one.shown_to, one.too_long) for one in message.treated}
    assert treated == {
        "Size": (FieldType.WHOLE, (Audience.DEALER, Audience.DISTRIBUTOR), False),
        "Stars": (None, (Audience.DEALER,), False),
        "Long": (None, (), True),
    }
    long = next(field for field in message.custom if field.name == "Long")
    assert (long.value, long.kind, long.sealed is not None) == (None, FieldType.TEXT, True)
    account = said({"Size": 1}, entity=Entity.ACCOUNT)
    assert [(one.type, one.shown_to) for one in account.treated] == [(FieldType.NUMBER, ())], "the account's own words"


def test_of_a_personal_value_the_kind_is_all_that_goes_on():
    (field,) = said({"Phone": "0151 5550100"}, mapping=MAPPING.replace('harmless: ["*"]', "harmless: []", 1)).custom
    assert (field.value, field.kind, field.sealed is not None) == (None, FieldType.TEXT, True)


def test_an_audience_or_a_type_that_there_is_not_is_refused():
    for wrong in ("types: {A: money}", "visible_to: {everybody: [A]}"):
        with pytest.raises(ValueError, match="Input should be"):
            read_mapping(f"source: crm\nformat: neutral\n{wrong}\n")
