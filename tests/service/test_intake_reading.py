"""What is read from a message, and at which field one that cannot be read is wrong."""

import base64
import json
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dealreg.opportunity.events import Outcome
from dealreg.service.intake import cloudevents
from dealreg.service.intake.formats.salesforce import record_ids as salesforce_ids
from dealreg.service.intake.mapping import Format, Mappings, load_mappings, read_mapping
from dealreg.service.intake.reading import Reading
from dealreg.service.intake.strict_json import MAX_BYTES, strict_json
from dealreg.service.intake.unreadable import Unreadable, Why
from dealreg.service.personal import digest
from dealreg.vocabulary.crm_record import Change
from tests.fix_intake import SOURCE, delivered, event

SHIPPED = load_mappings()
REAL = Path(__file__).parents[3] / "shared" / "data"
CAPTURED = REAL / "crm_change_events" / "salesforce_cdc_cometd_captured.jsonl"
DOCUMENTED = REAL / "crm_change_events" / "salesforce_cdc_pubsub_documented.jsonl"
CONFORMANCE = REAL / "cloudevents_conformance"


def read(body, reading, **headers):
    return reading.parse(delivered(body, 1, headers))


def message(body, reading, **headers):
    (one,) = read(body, reading, **headers).commands
    return one.command.message


def refusal(body, reading, **headers):
    with pytest.raises(Unreadable) as caught:
        read(body, reading, **headers)
    return caught.value.why, caught.value.field


# --- CloudEvents around the neutral opportunity


def test_a_neutral_opportunity_is_read_field_by_field(reading):
    data = {
        "record": "006",
        "change": "created",
        "name": "Łódź bridge",
        "stage": "proposal",
        "outcome": "won",
        "identifiers": {"duns": "150483782", "vat": None},
        "partner": "acme",
        "lines": ["drives", "motors"],
        "amount": "40000.1250",
        "currency": "EUR",
        "close_on": "1948-02-29",
        "distributor": None,
    }
    said = message(event(7, data), reading)
    assert (said.source, said.record, said.change, said.order) == (SOURCE, "006", Change.CREATED, "1:000000007")
    assert (said.amount, said.close_on, said.lines) == (Decimal("40000.1250"), date(1948, 2, 29), ("drives", "motors"))
    assert (said.outcome, said.nulled) == (Outcome.WON, ("distributor", "identifier:vat"))


def test_an_owner_is_the_direct_team_or_a_partner_and_else_a_person(reading):
    """A person's name never enters the ledger in the clear, whatever key it comes under (architecture D15)."""
    said = {owner: message(event(1, {"record": "006", "owner": owner}), reading) for owner in ("direct", "partner")}
    assert [one.owner for one in said.values()] == ["direct", "partner"]
    for person in ("Ada Lovelace", {"name": "Ada Lovelace"}, ["Ada Lovelace"]):
        (one,) = read(event(1, {"record": "006", "owner": person}), reading).commands
        assert one.command.message.owner is None
        assert [field.name for field in one.command.message.custom] == ["owner"]
        assert b"Ada" not in one.command.model_dump_json().encode()


def test_unknown_keys_are_kept_beside_the_ledger_unless_they_are_harmless():
    mapping = read_mapping(f"{{source: '{SOURCE}', format: neutral, harmless: ['region_*'], ignored: [noise]}}")
    reading = Reading(Mappings([mapping]), "acme")
    (one,) = read(
        event(1, {"record": "006", "region_code": 7, "boss": "Ada", "noise": 1, "tree": {"a": [1]}}), reading
    ).commands
    custom = {field.name: field for field in one.command.message.custom}
    assert custom["region_code"].value == "7"
    assert set(custom) == {"region_code", "boss", "tree"}
    kept = {row.ref: row for row in one.personal}
    sealed = custom["boss"].sealed
    assert sealed is not None
    assert custom["boss"].value is None
    assert kept[sealed.ref].value == "Ada"
    assert digest(kept[sealed.ref].salt, "Ada") == sealed.digest
    assert b"Ada" not in one.command.model_dump_json().encode()
    tree = custom["tree"].sealed
    assert tree is not None
    assert kept[tree.ref].value == '{"a":[1]}'


def test_a_contact_is_sealed_and_its_ref_is_the_same_at_every_delivery(reading):
    body = event(1, {"record": "006", "contact": "Ada Lovelace, ada@example.com"})
    first, second = message(body, reading).contact, message(body, reading).contact
    assert first is not None
    assert second is not None
    assert first.ref == second.ref
    assert first.digest != second.digest


def test_source_and_id_name_a_message_and_nothing_else_does(reading):
    def name(**attributes):
        return message(event(1, {"record": "006", "stage": "a"}, **attributes), reading).digest

    assert name() == name(time="2026-01-01T00:00:00Z", sequence="2")
    assert len({name(), name(id="other"), name(source="//crm.example/other")}) == 3


def test_without_a_sequence_the_commit_time_orders_and_with_one_it_does_not(reading):
    def order(**attributes):
        return message(event(1, {"record": "006", "stage": "a"}, **attributes), reading).order

    assert order(sequence=None, time="2026-01-01T00:00:00Z") < order(sequence=None, time="2026-01-01T01:30:00.5+01:00")
    assert order(sequence=None) < order(sequence="0")
    assert order(sequence="9") > order(sequence="10")
    assert order(sequence="9", sequencetype="Integer") < order(sequence="10", sequencetype="Integer")


def test_the_program_is_named_by_mapping_then_message_then_header_then_installation(reading):
    body = event(1, {"record": "006"})
    assert read(body, reading).program == "acme"
    assert read(body, reading, **{"Dealreg-Program": "beta"}).program == "beta"
    named = event(1, {"record": "006"}, dealregprogram="gamma")
    assert read(named, reading, **{"Dealreg-Program": "beta"}).program == "gamma"
    fixed = Reading(Mappings([read_mapping("{source: '*', format: neutral, program: delta}")]), "acme")
    assert read(named, fixed).program == "delta"
    assert refusal(event(1, {"record": "006"}, dealregprogram="no good"), reading) == (Why.INVALID, "dealreg-program")


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": None}, "id"),
        ({"id": 7}, "id"),
        ({"source": "not a reference"}, "source"),
        ({"specversion": "0.3"}, "specversion"),
        ({"time": "2026-03-02"}, "time"),
        ({"time": "2026-02-30T00:00:00Z"}, "time"),
        ({"time": None}, "time"),
        ({"sequence": ""}, "sequence"),
        ({"sequence": 7}, "sequence"),
        ({"sequence": "x", "sequencetype": "Integer"}, "sequence"),
        ({"Upper": "x"}, "Upper"),
        ({"commitnumber": 2**31}, "commitnumber"),
        ({"extension": {"a": 1}}, "extension"),
        ({"datacontenttype": "application/xml"}, "datacontenttype"),
        ({"data_base64": base64.b64encode(b"{}").decode()}, "data_base64"),
        ({"type": "com.example.someevent"}, "type"),
        ({"data": "text"}, "data"),
        ({"data": {"stage": "a"}}, "data.record"),
        ({"data": {"record": "006", "change": "moved"}}, "change"),
        ({"data": {"record": "006", "close_on": "9999-12-31"}}, "close_on"),
        ({"data": {"record": "006", "close_on": 1653955200000}}, "data.close_on"),
        ({"data": {"record": "006", "amount": True}}, "data.amount"),
        ({"data": {"record": "006", "amount": "1E+300"}}, "amount"),
        ({"data": {"record": "006", "amount": "1.00001"}}, "amount"),
        ({"data": {"record": "006", "currency": "euro"}}, "currency"),
        ({"data": {"record": "006", "stage": ""}}, "stage"),
        ({"data": {"record": "006", "name": "x" * 4001}}, "name"),
        ({"data": {"record": "006", "lines": "drives"}}, "lines"),
        ({"data": {"record": "006", "partner": "Łódź GmbH"}}, "partner"),
        ({"data": {"record": "006", "identifiers": ["vat"]}}, "data.identifiers"),
        ({"data": {"record": "006", "x" * 151: 1}}, "x" * 151),
    ],
)
def test_what_breaks_a_rule_is_named_by_its_field(reading, attributes, field):
    body = event(1, attributes.pop("data", {"record": "006"}), **attributes)
    assert refusal(body, reading)[1] == field


def test_the_attributes_of_the_specifications_conformance_suite_are_read():
    """Each YAML case in both modes: attributes and extensions come out as they went in."""
    cases = [
        case
        for name in ("v1.yaml", "v1_minimum.yaml")
        for case in yaml.load_all((CONFORMANCE / name).read_text(), Loader=yaml.BaseLoader)
    ]
    assert len(cases) == 8
    for case in cases:
        attributes = dict(case["ContextAttributes"])
        attributes |= attributes.pop("Extensions", {})
        found, data = cloudevents.envelope({**attributes, "data": case["Data"]})
        assert (found, data) == (attributes, case["Data"])
        headers = {f"CE-{name}": value for name, value in attributes.items() if name != "datacontenttype"}
        binary = cloudevents.attributes_of_binary({**headers, "Content-Type": attributes.get("datacontenttype", "x/y")})
        cloudevents.check(binary)
        assert {**binary, "datacontenttype": 0} == {**attributes, "datacontenttype": 0}


@pytest.mark.parametrize("binding", ["http", "kafka"])
def test_the_bindings_conformance_events_are_well_formed_and_not_ours(reading, binding):
    """Their structured example is a CloudEvent; that it is no opportunity is what is said of it."""
    feature = (CONFORMANCE / f"{binding}-protocol-binding.feature").read_text()
    start = feature.index('"specversion"')
    body = feature[feature.rindex("{", 0, start) : feature.index('"""', start)].encode()
    attributes, data = cloudevents.envelope(strict_json(body))
    assert (attributes["id"], data) == ("1234-1234-1234", {"message": "Hello World!"})
    assert refusal(body, reading) == (Why.SHAPE, "type")


def test_what_the_specifications_schema_requires_is_required(reading):
    schema = json.loads((CONFORMANCE / "cloudevents.json").read_text())
    for name in schema["required"]:
        body = json.loads(event(1, {"record": "006"}))
        del body[name]
        # Without its version it does not even look like a CloudEvent.
        expected = (Why.SHAPE, "") if name == "specversion" else (Why.INVALID, name)
        assert refusal(json.dumps(body).encode(), reading) == expected


def test_the_binary_mode_is_read_alike(reading):
    body = json.loads(event(1, {"record": "006", "stage": "proposal"}))
    data = json.dumps(body.pop("data")).encode()
    headers = {f"ce-{name}": value for name, value in body.items()}
    assert message(data, reading, **headers) == message(event(1, {"record": "006", "stage": "proposal"}), reading)


# --- JSON that no fact can hold


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": 1, "a": 2}', "names a key twice"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a": 9223372036854775808}', "64 bits"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"a": 1E+200000}', "40 digits"),
        (b'{"a": 0.' + b"1" * 50 + b"}", "40 digits"),
        (b"[" * 40 + b"]" * 40, "deeper"),
        (b"[" * 200_000 + b"]" * 200_000, "deeper"),
    ],
)
def test_json_that_no_fact_can_hold_is_refused(body, words):
    with pytest.raises(Unreadable, match=words) as caught:
        strict_json(body)
    assert caught.value.why is Why.NOT_JSON


def test_ten_megabytes_are_too_long(reading):
    assert refusal(b" " * (10 * 1024 * 1024), reading) == (Why.TOO_LONG, "")
    assert strict_json(b" " * (MAX_BYTES - 1) + b"1") == 1


def test_numbers_keep_every_digit():
    assert strict_json(b"[9223372036854775807, 0.1000, 1e2]") == [2**63 - 1, Decimal("0.1000"), Decimal("1e2")]


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "specversion",
                        "type",
                        "source",
                        "id",
                        "time",
                        "data",
                        "payload",
                        "ChangeEventHeader",
                        "recordIds",
                        "record",
                        "subscriptionType",
                        "occurredAt",
                        "portalId",
                        "MessageName",
                        "PrimaryEntityName",
                        "OrganizationId",
                        "detail-type",
                        "detail",
                        "EventName",
                        "ResourceUri",
                        "ResourceChangeUtcDate",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=10,
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_comes_is_read_or_refused_with_a_reason(body):
    with suppress(Unreadable):
        read_ = Reading(SHIPPED, "acme").parse(delivered(body, 1))
        assert read_.commands or read_.ignored


# --- Salesforce


def lines(path):
    return [line.encode() for line in path.read_text().splitlines()]


def header(payload):
    return payload["ChangeEventHeader"]


@pytest.fixture
def distributors():
    """The captured events are of custom objects: an organisation that maps one of them."""
    text = """{source: org, format: salesforce, entity: Distributor__c, fields: {name: Name}, harmless: [OwnerId],
               ignored: [CreatedDate, CreatedById, LastModifiedDate, LastModifiedById]}"""
    return Reading(Mappings([read_mapping(text)]), "acme")


def test_the_documented_opportunity_is_read(reading):
    said = message(lines(DOCUMENTED)[0], reading)
    assert (said.record, said.change, said.customer_ref) == ("006SM0000001Tb3YAE", Change.CREATED, "001SM0000000iibYAA")
    assert (said.name, said.stage, said.outcome) == ("Acme - 400 Widgets", "prospecting", Outcome.OPEN)
    assert (said.amount, said.currency, said.close_on) == (Decimal(40000), None, date(2022, 5, 31))
    assert said.changed_at == datetime(2022, 5, 19, 16, 32, 13, tzinfo=UTC)
    assert said.order == "t063788574733000.01652977933433528300.0000000001"
    assert {field.name: field.value for field in said.custom if field.value} == {
        "Probability": "10",
        "ForecastCategory": "Pipeline",
        "ForecastCategoryName": "Pipeline",
        "HasOpportunityLineItem": "false",
    }
    assert [field.name for field in said.custom if field.sealed] == ["OwnerId"]
    assert said.nulled == ()


def test_captured_events_are_read_in_the_organisations_own_order(distributors):
    said = [message(body, distributors) for body in lines(CAPTURED)[:5]]
    assert [(one.name, one.change.value) for one in said] == [
        ("Mohanc", "created"),
        ("sundar2", "updated"),
        ("Gemma", "created"),
        ("Mistral7b", "created"),
        ("Mistral-7b", "updated"),
    ]
    assert said[3].record == said[4].record
    assert said[3].order < said[4].order
    assert [field.name for field in said[1].custom] == []


def test_captured_deletion_and_undeletion_are_read():
    text = "{source: org, format: salesforce, entity: Employee__c, fields: {name: Name}, ignored: [Created*, LastModified*]}"
    employees = Reading(Mappings([read_mapping(text)]), "acme")
    created, updated, deleted, undeleted = (message(body, employees) for body in lines(CAPTURED)[5:])
    assert [one.change.value for one in (created, updated, deleted, undeleted)] == [
        "created",
        "updated",
        "deleted",
        "undeleted",
    ]
    assert {field.name for field in created.custom} == {"First_Name__c", "Last_Name__c", "OwnerId"}
    assert all(field.sealed and not field.value for field in created.custom)
    assert [field.name for field in updated.custom] == ["Tenure__c"]
    assert (deleted.name, deleted.custom, undeleted.name) == (None, (), "e-100")


def change(kind="UPDATE", fields=None, **more):
    """A change event of Opportunity as CometD delivers it."""
    said = {
        "entityName": "Opportunity",
        "recordIds": ["006Kd00000ee0emIAA"],
        "changeType": kind,
        "changeOrigin": "com/salesforce/api/rest/60.0;client=dealdesk",
        "transactionKey": "00065380-d1a9-a64a-9341-14f6f12f674c",
        "sequenceNumber": 1,
        "commitTimestamp": 1772445600000,
        "commitNumber": 1725357365187780609,
        "commitUser": "005B0000006GudtIAC",
        "changedFields": list(fields or {}),
    }
    return json.dumps(
        {"schema": "x", "payload": {**(fields or {}), "ChangeEventHeader": {**said, **more}}, "event": {}}
    ).encode()


def test_a_null_that_the_update_names_empties_and_enrichment_says_nothing(reading):
    body = change(fields={"StageName": None, "Amount": 5}, changedFields=["StageName"], nulledFields=["CloseDate"])
    said = message(body, reading)
    assert (said.nulled, said.amount) == (("stage", "close_on"), None)


def test_a_merged_event_speaks_of_each_of_its_records(reading):
    ids = ["006Kd00000ee0em", "006Kd00000ee0emIAA", "006SM0000001Tb3YAE"]
    commands = read(change(fields={"StageName": "Closed Won"}, recordIds=ids), reading).commands
    said = [one.command.message for one in commands]
    assert [one.record for one in said] == ["006Kd00000ee0emIAA", "006SM0000001Tb3YAE"]
    assert {(one.outcome, one.stage) for one in said} == {(Outcome.WON, "Closed Won")}
    assert said[0].digest != said[1].digest


def test_our_own_echo_asks_for_nothing():
    text = "{source: org, format: salesforce, client: dealdesk, fields: {stage: StageName}}"
    ours = Reading(Mappings([read_mapping(text)]), "acme")
    assert read(change(fields={"StageName": "x"}), ours).commands == ()
    assert (
        len(read(change(fields={"StageName": "x"}, changeOrigin="com/salesforce/api;client=dealdesk2"), ours).commands)
        == 1
    )


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"StageName": "Closed Lost", "IsWon": True}, Outcome.LOST),
        ({"StageName": "Own Stage", "IsClosed": True, "IsWon": False}, Outcome.LOST),
        ({"IsClosed": True, "IsWon": True}, Outcome.WON),
        ({"IsClosed": True}, Outcome.LOST),
        ({"IsWon": False}, Outcome.LOST),
        ({"IsClosed": False, "IsWon": False}, Outcome.OPEN),
        ({"StageName": "Own Stage"}, None),
    ],
)
def test_how_it_stands_comes_of_the_stage_else_of_the_flags(reading, fields, outcome):
    assert message(change(fields=fields), reading).outcome is outcome


def test_compound_and_custom_fields_are_kept_by_their_own_names(reading):
    body = change(
        fields={"Site__c": {"City__s": "Łódź", "Street__s": None}, "Grade__c": "B"},
        changedFields=["Site__c.City__s", "Grade__c"],
    )
    (one,) = read(body, reading).commands
    assert {field.name for field in one.command.message.custom} == {"Site__c.City__s", "Grade__c"}
    assert {row.value for row in one.personal} == {"Łódź", "B"}


def test_lines_references_and_a_single_currency():
    text = """{source: org, format: salesforce, currency: USD, identifiers: {vat: VAT__c},
               fields: {lines: L__c, customer_ref: AccountId, amount: Amount}}"""
    reading = Reading(Mappings([read_mapping(text)]), "acme")
    said = message(
        change(fields={"L__c": "drives; motors;", "AccountId": "001SM0000000iib", "Amount": 1.5, "VAT__c": None}),
        reading,
    )
    assert (said.lines, said.customer_ref) == (("drives", "motors"), "001SM0000000iibYAA")
    assert (said.amount, said.currency, said.nulled) == (Decimal("1.5"), "USD", ("identifier:vat",))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"changeType": "RENAME"}, (Why.SHAPE, "ChangeEventHeader.changeType")),
        ({"entityName": "Lead"}, (Why.SHAPE, "ChangeEventHeader.entityName")),
        ({"recordIds": []}, (Why.INVALID, "ChangeEventHeader.recordIds")),
        ({"recordIds": ["006Kd00000ee0emIAB"]}, (Why.INVALID, "ChangeEventHeader.recordIds")),
        ({"recordIds": ["006"]}, (Why.INVALID, "ChangeEventHeader.recordIds")),
        ({"commitNumber": 1.5}, (Why.INVALID, "ChangeEventHeader.commitNumber")),
        ({"commitNumber": -1}, (Why.INVALID, "ChangeEventHeader.commitNumber")),
        ({"commitTimestamp": 2**62}, (Why.INVALID, "ChangeEventHeader.commitTimestamp")),
        ({"transactionKey": None}, (Why.INVALID, "ChangeEventHeader.transactionKey")),
        ({"changedFields": "StageName"}, (Why.INVALID, "ChangeEventHeader.changedFields")),
        ({"nulledFields": [1]}, (Why.INVALID, "ChangeEventHeader.nulledFields")),
    ],
)
def test_a_header_that_cannot_be_relied_on_is_refused(reading, more, expected):
    assert refusal(change(fields={"StageName": "x"}, **more), reading) == expected


@pytest.mark.parametrize("change_type", ["GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE"])
def test_a_gap_that_names_its_record_says_so_and_nothing_else(reading, change_type):
    said = message(change(fields={"StageName": "x"}, changeType=change_type), reading)
    assert (said.change, said.given(), said.nulled) == ("gap", (), ())


def test_a_gap_that_gives_a_field_is_refused(reading):
    body = event(1, {"record": "006", "change": "gap", "stage": "proposal"})
    assert refusal(body, reading)[0] is Why.INVALID


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"7", b'{"payload": {"ChangeEventHeader": []}}', b'{"eventId": 1, "objectId": 7}']
)
def test_another_shape_is_refused(reading, body):
    assert refusal(body, reading) == (Why.SHAPE, "")


def test_an_organisation_that_nobody_mapped_is_refused(reading):
    assert refusal(change(), reading, **{"dealreg-source": "other"}) == (Why.SHAPE, "dealreg-source")


def test_ids_of_every_captured_and_documented_event_are_canonical_already():
    seen = 0
    for body in [*lines(CAPTURED), *lines(DOCUMENTED)]:
        payload = json.loads(body)
        for record in header(payload.get("payload", payload))["recordIds"]:
            assert salesforce_ids.canonical(record, "x") == salesforce_ids.canonical(record[:15], "x") == record
            seen += 1
    assert seen == 16


def test_a_mapping_names_only_fields_that_there_are():
    with pytest.raises(ValueError, match="no field of an opportunity"):
        read_mapping("{source: org, format: salesforce, fields: {colour: Colour__c}}")


def test_a_folder_of_mappings_replaces_the_shipped_salesforce_one(tmp_path):
    (tmp_path / "ours.yaml").write_text("{source: org, format: salesforce, fields: {name: Name}}")
    mappings = load_mappings(tmp_path)
    found = mappings.of(Format.SALESFORCE)
    assert found is not None
    assert found.source == "org"
    assert mappings.of(Format.SALESFORCE, source="salesforce") is None
    neutral = mappings.of(Format.NEUTRAL, named="any")
    assert neutral is not None
    assert neutral.source == "*"


def test_a_message_that_names_another_organisation_than_the_door_it_came_through_is_refused():
    texts = ("{source: ours, format: neutral}", "{source: theirs, format: neutral}")
    readings = Reading(Mappings(map(read_mapping, texts)), "a")
    theirs, ours = (event(1, {"record": "006", "name": "Bridge"}, source=source) for source in ("theirs", "ours"))
    assert message(theirs, readings).source == "theirs"
    assert refusal(theirs, readings, **{"dealreg-source": "ours"}) == (Why.SHAPE, "dealreg-source")
    assert message(ours, readings, **{"dealreg-source": "ours"}).source == "ours"


def test_a_record_that_was_read_again_goes_by_the_mapping_of_its_source_or_is_refused_in_words():
    def again(source="org", **data):
        return event(1, data, type="dealreg.record.read.v1", source=source)

    readings = Reading(Mappings([read_mapping("{source: org, format: salesforce, fields: {name: Name}}")]), "a")
    gone = message(again(entity="opportunity", record="006Kd00000ee0emIAA", covers="t9", gone=True), readings)
    assert (gone.change, gone.order) == ("deleted", "t9~")
    assert refusal(again(entity="opportunity", record="r", gone=True, value={"Name": "x"}), readings) == (
        Why.INVALID,
        "",
    )
    assert refusal(again(entity="tree", record="r", gone=True), readings) == (Why.INVALID, "entity")
    assert refusal(again(source="nobody", entity="account", record="r", gone=True), readings) == (Why.SHAPE, "source")
