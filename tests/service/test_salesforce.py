"""Salesforce's change events in both forms, its gaps, and the records of its API, from real payloads."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dealreg.account.commands import FoldAccount
from dealreg.feed.commands import ReportFeedGap
from dealreg.service.intake.formats.salesforce.adapter import SALESFORCE
from dealreg.service.intake.formats.salesforce.schemas import NotOfThisSchema, Schema
from dealreg.service.intake.heard import Entity, FeedGap, Heard
from dealreg.service.intake.mapping import Format, Mappings, load_mappings, read_mapping
from dealreg.service.intake.reading import Reading
from dealreg.service.intake.strict_json import strict_json
from dealreg.service.intake.unreadable import Unreadable
from tests.fix_intake import delivered

REAL = Path(__file__).parents[3] / "shared" / "data" / "crm_change_events" / "salesforce_cdc_pubsub_documented.jsonl"
EVENTS = [json.loads(line) for line in REAL.read_text().splitlines()]
OPPORTUNITY, CREATED, UPDATED, ENRICHED, DELETED, GAP, OVERFLOW = range(7)


def avro(payload):
    """The schema that a decoded event was written by: Avro writes every field, and in the schema's order."""
    return {"type": "record", "name": "AccountChangeEvent", "fields": [_field(*item) for item in payload.items()]}


def _field(name, value):
    if not isinstance(value, dict) or name == "ChangeEventHeader":
        return {"name": name, "type": ["null", "string"]}
    inner = {"type": "record", "name": f"{name}_", "fields": [_field(*one) for one in value.items()]}
    return {"name": name, "type": ["null", inner]}


SCHEMA = avro(EVENTS[UPDATED])


def read(more):
    return read_mapping(f"{{source: org, format: salesforce, {more}}}")


def _mapping():
    """The shipped mapping, with the schema of the documented update and our own connected app."""
    shipped = load_mappings().of(Format.SALESFORCE)
    assert shipped is not None
    schemas = read(f"schemas: {{ours: {json.dumps(SCHEMA)}}}").schemas
    return shipped.model_copy(update={"client": "dealreg", "schemas": schemas})


MAPPING = _mapping()


@pytest.fixture
def mapping():
    return MAPPING


def changed(number=UPDATED, *, of="ours", header=None, **fields):
    """A documented event with something else in it."""
    event = json.loads(json.dumps(EVENTS[number])) | fields
    event["ChangeEventHeader"] |= header or {}
    return {"schema": of, "payload": event}


def heard(value, mapping):
    return list(SALESFORCE.heard(value, delivered(b"", 1), mapping))


def known(one):
    return {name: value for name, value in {**one.said, **one.custom}.items() if value not in (None, {})}


def test_the_documented_account_is_read(mapping):
    (one,) = heard(EVENTS[CREATED], mapping)
    assert (one.entity, one.change, one.record) == (Entity.ACCOUNT, "created", "0015f00002JUXA8AAP")
    assert {name: one.said[name] for name in ("name", "street", "postcode", "place", "country")} == {
        "name": "Acme",
        "street": "415 Mission Street",
        "postcode": "94105",
        "place": "San Francisco",
        "country": "US",
    }
    assert one.changed_at == datetime(2024, 4, 26, 18, 38, 5, tzinfo=UTC)
    assert None not in one.said.values()  # A null of a new record says nothing that could come too early.


def test_bits_name_the_fields_that_changed_and_what_else_is_there_is_enrichment(mapping):
    (one,) = heard(changed(), mapping)
    assert (one.change, known(one)) == (
        "updated",
        {"street": "415 Mission Street Suite B", "LastModifiedDate": 1714156703000},
    )
    enriched = changed(ENRICHED)
    enriched["payload"] = {name: enriched["payload"].get(name) for name in EVENTS[UPDATED]}
    assert known(heard(enriched, mapping)[0]) == {"Fax": "4155551212", "LastModifiedDate": 1714172795000}


def test_bits_empty_exactly_the_fields_that_they_name(mapping):
    """Phone is number 6, the city number 1 of the address that is number 4."""
    (one,) = heard(
        changed(header={"changedFields": ["0x400040", "4-0x03"], "nulledFields": ["0x40", "4-0x02"]}), mapping
    )
    assert {name for name, value in {**one.said, **one.custom}.items() if value is None} == {"place", "Phone"}
    assert one.said["street"] == "415 Mission Street Suite B"
    (whole,) = heard(
        changed(BillingAddress=None, header={"changedFields": ["0x10"], "nulledFields": ["0x10"]}), mapping
    )
    assert {name: whole.said[name] for name in ("street", "place", "country")} == dict.fromkeys(
        ("street", "place", "country")
    )


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (changed(of="another", header={"nulledFields": ["0x40"]}), "a schema that the mapping does not have"),
        (changed(header={"nulledFields": ["0x02", "4-0x01"]}), "BillingAddress.Street would be emptied and has a value"),
        (changed(header={"changedFields": ["0x40"]}), "Phone would be changed and has no value"),
        (changed(header={"changedFields": ["0x" + "f" * 40]}), "more fields than"),
        (changed(header={"nulledFields": ["6-0x01"]}), "number 6, which has none"),
        (changed(header={"nulledFields": ["900-0x01"]}), "number 900, which has none"),
        (changed(header={"diffFields": ["4-0x01"]}), "only what differs in BillingAddress.Street"),
        (changed(of="another", header={"diffFields": ["0x10000"]}), "a schema that the mapping does not have"),
    ],
)  # fmt: skip
def test_what_cannot_be_decoded_is_a_gap_of_the_record_and_never_a_null(mapping, value, why):
    found = heard(value, mapping)
    gap = found[-1]
    assert (gap.change, gap.record, gap.said, gap.custom) == ("gap", "0015f00002JUXA8AAP", {}, {})
    assert why in gap.why
    assert all(one.order < gap.order and one.identity != gap.identity for one in found[:-1])
    assert not any(value is None for one in found[:-1] for value in {**one.said, **one.custom}.values())


def test_the_difference_of_a_long_text_is_not_taken_for_the_text(mapping):
    for of, marks in (("ours", ["4-0x01"]), ("another", ["BillingAddress.Street"])):
        value = changed(of=of, header={"changedFields": ["LastModifiedDate", *marks], "diffFields": marks})
        told, gap = heard(value, mapping)
        assert (told.said.get("street"), known(told)["LastModifiedDate"], gap.change) == (None, 1714156703000, "gap")
        assert "street" not in told.said


def test_without_a_schema_a_value_that_is_there_is_right(mapping):
    (one,) = heard(EVENTS[ENRICHED], mapping)
    assert known(one)["Fax"] == "4155551212"
    assert (known(one)["Industry"], one.said["place"]) == ("Biotechnology", "San Francisco")
    told, gap = heard(changed(of="another", header={"nulledFields": ["0x40"]}), mapping)
    assert known(told)["street"] == "415 Mission Street Suite B"
    assert gap.change == "gap"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([f"0x{1 << bit:X}" for bit in range(60)] + [f"{p}-0x{b}" for p in range(8) for b in "0137F"]), max_size=4),
    st.lists(st.sampled_from([f"0x{1 << bit:X}" for bit in range(60)] + ["4-0x01", "4-0x7F", "4-0xFF"]), max_size=4),
)  # fmt: skip
def test_no_bits_ever_empty_a_field_that_has_a_value(changed_fields, nulled):
    """Whatever the bits: a field that the event itself gives a value is not emptied."""
    value = changed(header={"changedFields": changed_fields, "nulledFields": nulled})
    for one in heard(value, MAPPING):
        assert one.said.get("street", "x") is not None
        assert one.custom.get("LastModifiedDate", "x") is not None


def test_a_deletion_says_nothing_but_where_the_account_lives_on(mapping):
    (plain,) = heard(EVENTS[DELETED], mapping)
    assert (plain.change, known(plain)) == ("deleted", {})
    (merged,) = heard(changed(DELETED, MasterRecordId="0015f00002JUXA8"), mapping)
    assert (merged.change, known(merged)) == ("deleted", {"merged_into": "0015f00002JUXA8AAP"})


def test_where_the_api_can_be_asked_a_deleted_account_is_read_again_for_where_it_lives_on(mapping):
    api = read("api: {url: 'https://acme.my.salesforce.com', token: TOKEN}").api
    gone, gap = heard(EVENTS[DELETED], mapping.model_copy(update={"api": api}))
    assert (gone.change, gap.change, gap.order > gone.order) == ("deleted", "gap", True)
    row = {"Id": gone.record, "IsDeleted": True, "MasterRecordId": "0015f00002JUXA8", "SystemModstamp": "2024-04-26T23:08:31Z"}  # fmt: skip
    found = SALESFORCE.read(Entity.ACCOUNT, gone.record, row, mapping)
    assert found.said["merged_into"] == "0015f00002JUXA8AAP"
    assert not {"Id", "IsDeleted", "MasterRecordId"} & set(found.custom)


def test_a_gap_names_its_record_and_an_overflow_or_a_wildcard_holds_the_feed(mapping):
    (gap,) = heard(EVENTS[GAP], mapping)
    assert (gap.change, gap.entity, gap.record) == ("gap", Entity.ACCOUNT, "001ZM000001n4n5YAA")
    for value in (EVENTS[OVERFLOW], changed(header={"recordIds": ["001*"], "changeType": "GAP_UPDATE"})):
        (feed,) = heard(value, mapping)
        assert isinstance(feed, FeedGap)
        assert feed.entity is Entity.ACCOUNT
        header = value.get("payload", value)["ChangeEventHeader"]
        assert feed.since.timestamp() * 1000 == header["commitTimestamp"]


def test_what_holds_the_feed_becomes_a_command_and_no_dead_letter():
    parsed = Reading(load_mappings(), "acme").parse(delivered(json.dumps(EVENTS[OVERFLOW]).encode(), 1))
    assert [type(one.command) for one in parsed.commands] == [ReportFeedGap]
    account = Reading(load_mappings(), "acme").parse(delivered(json.dumps(EVENTS[CREATED]).encode(), 1))
    assert [type(one.command) for one in account.commands] == [FoldAccount]


def test_one_transaction_of_many_records_in_bits_says_the_same_of_each(mapping):
    records = ["0015f00002JUZPDAA5", "0015f00002JUZPXAA5", "0015f00002JUZPcAAP", "0015f00002JUZPD"]
    found = heard(changed(header={"recordIds": records}), mapping)
    assert [one.record for one in found] == records[:3]
    assert len({one.identity for one in found}) == 3
    assert {one.said["street"] for one in found} == {"415 Mission Street Suite B"}


def test_our_own_write_is_an_echo_in_either_form(mapping):
    (one,) = heard(changed(header={"changeOrigin": "com/salesforce/api/rest/60.0;client=dealreg"}), mapping)
    assert not isinstance(one, Heard)
    assert len(heard(changed(header={"changeOrigin": "com/salesforce/api/rest/60.0;client=dealreg2"}), mapping)) == 1


def test_the_order_is_of_64_bits_and_a_later_commit_comes_after_all_of_an_earlier_one(mapping):
    def order(at, commit, sequence):
        header = {"commitTimestamp": at, "commitNumber": commit, "sequenceNumber": sequence}
        (one,) = heard(strict_json(json.dumps(changed(header=header)).encode()), mapping)
        return one.order

    orders = [
        order(1714156703000, 999, 10), order(1714156703000, 1000, 9), order(1714156703000, 1000, 10),
        order(1714156703000, 2**53 + 1, 2), order(1714156703000, 2**53 + 2, 1), order(1714156703000, 2**53 + 2, 10),
        order(1714156703000, 2**63 - 1, 1), order(1714156703001, 5, 1),
    ]  # fmt: skip
    assert orders == sorted(orders)
    assert len(set(orders)) == 8


RECORD = {
    "attributes": {"type": "Account", "url": "/services/data/v60.0/sobjects/Account/0015f00002JUXA8AAP"},
    "Id": "0015f00002JUXA8AAP",
    "IsDeleted": False,
    "MasterRecordId": None,
    "Name": "Acme",
    "ParentId": "001ZM000001QkdO",
    "BillingAddress": {"city": "Łódź", "country": "Poland", "postalCode": "90-001", "street": "Piotrkowska 1", "geocodeAccuracy": None},
    "ShippingAddress": None,
    "Website": None,
    "DunsNumber": "150483782",
    "LastModifiedDate": "2024-04-26T18:38:23.000+0000",
    "SystemModstamp": "2024-04-26T18:38:25.000+0000",
}  # fmt: skip


def test_a_record_of_the_api_is_read_whole_and_stands_behind_what_was_committed_before_it(mapping):
    one = SALESFORCE.read(Entity.ACCOUNT, "0015f00002JUXA8", RECORD, mapping)
    assert (one.change, one.record, one.entity) == ("read", "0015f00002JUXA8AAP", Entity.ACCOUNT)
    assert {name: one.said[name] for name in ("name", "place", "country", "postcode", "parent")} == {
        "name": "Acme",
        "place": "Łódź",
        "country": "PL",
        "postcode": "90-001",
        "parent": "001ZM000001QkdOYAS",
    }
    assert one.said["identifiers"] == {"duns": "150483782", "domain": None}
    assert one.said["merged_into"] is None
    (event,) = heard(EVENTS[UPDATED], mapping)
    (later,) = heard(changed(header={"commitTimestamp": 1714156706000}), mapping)
    assert event.order < one.order < later.order
    emptied = SALESFORCE.read(Entity.ACCOUNT, "0015f00002JUXA8", {**RECORD, "BillingAddress": None}, mapping)
    assert emptied.said["street"] is None


def test_an_account_that_was_read_again_comes_through_the_broker_and_closes_its_gap(mapping):
    (gap,) = heard(EVENTS[GAP], mapping)
    data = {"entity": "account", "record": gap.record, "covers": gap.order, "gone": False, "value": {**RECORD, "Id": gap.record}}  # fmt: skip
    event = {
        "specversion": "1.0", "type": "dealreg.record.read.v1", "source": "salesforce", "id": "r1",
        "time": "2026-03-02T10:00:00Z", "datacontenttype": "application/json", "data": data,
    }  # fmt: skip
    parsed = Reading(load_mappings(), "acme").parse(delivered(json.dumps(event).encode(), 1))
    (one,) = parsed.commands
    assert isinstance(one.command, FoldAccount)
    said = one.command.message
    assert (said.change, said.record, said.name, said.parent) == ("read", gap.record, "Acme", "001ZM000001QkdOYAS")
    assert said.order > gap.order
    assert "merged_into" in said.nulled


def test_an_opportunity_of_the_api_says_how_it_stands(mapping):
    value = {"Id": "006SM0000001Tb3YAE", "StageName": "Own", "IsClosed": True, "IsWon": False, "Amount": 5, "CloseDate": "2026-05-31", "SystemModstamp": "2024-04-26T18:38:25Z"}  # fmt: skip
    one = SALESFORCE.read(Entity.OPPORTUNITY, "006SM0000001Tb3YAE", value, mapping)
    assert (one.said["outcome"], one.said["close_on"]) == ("lost", "2026-05-31")
    with pytest.raises(Unreadable):
        SALESFORCE.read(Entity.OPPORTUNITY, "006SM0000001Tb3YAE", {"Name": "x"}, mapping)


def test_a_schema_is_a_file_beside_the_mapping_or_stands_in_it(tmp_path):
    (tmp_path / "account.avsc").write_text(json.dumps(SCHEMA))
    (tmp_path / "ours.yaml").write_text("{source: org, format: salesforce, schemas: {abc: account.avsc}}")
    found = load_mappings(tmp_path).of(Format.SALESFORCE)
    assert found is not None
    assert found.schemas["abc"].named(["0x400000", "4-0x01"]) == ["BillingAddress.Street", "LastModifiedDate"][::-1]
    assert found == Mappings([read(f"schemas: {{abc: '{json.dumps(SCHEMA)}'}}")]).of(Format.SALESFORCE)
    for wrong in ("account.avsc", "{}", "{fields: [{type: string}]}", "7"):
        with pytest.raises(ValidationError):
            read(f"schemas: {{abc: {wrong}}}")
    (tmp_path / "ours.yaml").write_text("{source: org, format: salesforce, schemas: {abc: gone.avsc}}")
    with pytest.raises(ValidationError, match="cannot be read"):
        load_mappings(tmp_path)


def test_a_bitmap_is_read_from_its_lowest_bit():
    """The example of the Pub/Sub API's own documentation, 0x650004E0, has eight bits set."""
    schema = Schema(names=tuple(f"f{place}" for place in range(32)))
    places = [int(name[1:]) for name in schema.named(["0x650004E0"])]
    assert places == [5, 6, 7, 10, 24, 26, 29, 30]
    with pytest.raises(NotOfThisSchema):
        Schema(names=("f0",)).named(["0x2"])
