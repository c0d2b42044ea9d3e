"""Dataverse's RemoteExecutionContext: Microsoft's own example, and every message that drives an opportunity or an account."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealreg.feed.commands import ReportFeedGap
from dealreg.opportunity.events import Outcome
from dealreg.service.intake.formats.dataverse.adapter import DATAVERSE
from dealreg.service.intake.heard import Entity
from dealreg.service.intake.unreadable import Unreadable, Why
from tests.fix_formats import SHIPPED, folded, parsed, reads, refusal, shipped_with, told

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
RECORD = "6d81597f-0f9f-e711-8122-000d3aa2331c"
OTHER = "53c52f26-a89d-ef11-8a69-000d3a30b0c1"
USER = "75c2dd85-e89e-e711-8122-000d3aa2331c"
EURO = "39f66fdd-036f-ef11-a670-000d3aa2a990"


@pytest.fixture(scope="module")
def reading():
    return reads()


def option(value):
    return {"__type": f"OptionSetValue:{CONTRACTS}", "Value": value}


def money(value):
    return {"__type": f"Money:{CONTRACTS}", "Value": value}


def reference(record, table):
    return {
        "__type": f"EntityReference:{CONTRACTS}",
        "Id": record,
        "KeyAttributes": [],
        "LogicalName": table,
        "Name": None,
        "RowVersion": None,
    }


def entity(attributes, record=RECORD, table="opportunity", version=None):
    listed = [{"key": name, "value": value} for name, value in attributes.items()]
    return {
        "__type": f"Entity:{CONTRACTS}",
        "Attributes": listed,
        "EntityState": None,
        "FormattedValues": [{"key": "statecode", "value": "Offen"}],
        "Id": record,
        "LogicalName": table,
        "RowVersion": version,
    }


def context(message="Update", parameters=None, table="opportunity", record=RECORD, **more):
    """A message as Microsoft's example shows it, all that is not used left out."""
    given_ = [{"key": name, "value": value} for name, value in (parameters or {}).items()]
    return {
        "CorrelationId": "b374239d-4233-41a9-8b17-a86cb4f737b5",
        "Depth": 1,
        "InitiatingUserId": USER,
        "InputParameters": given_,
        "MessageName": message,
        "Mode": 1,
        "OperationCreatedOn": "/Date(1506409448000-0700)/",
        "OperationId": "4af10637-4ea2-e711-8122-000d3aa2331c",
        "OrganizationId": "4ef5b371-e89e-e711-8122-000d3aa2331c",
        "PostEntityImages": [],
        "PreEntityImages": [],
        "PrimaryEntityId": record,
        "PrimaryEntityName": table,
        "Stage": 40,
        **more,
    }


def update(attributes, stamp=1506384247000, version=None, **more):
    stamped = {**attributes, "modifiedon": f"/Date({stamp})/"} if stamp is not None else attributes
    return context(parameters={"Target": entity(stamped, version=version)}, **more)


def one(value, reading, **headers):
    (said,) = told(value, reading, **headers)
    return said


def test_a_created_opportunity_is_read_whole(reading):
    attributes = {
        "name": "Łódź bridge",
        "stepname": "2-Develop",
        "parentaccountid": reference(OTHER.upper(), "account"),
        "estimatedvalue": money(48000.5),
        "transactioncurrencyid": reference(EURO, "transactioncurrency"),
        "estimatedclosedate": "/Date(1790726400000)/",
        "statecode": option(0),
        "new_productlines": [option(100000000), option(100000001), option(7)],
        "new_territory": option(1),
        "new_partnerid": "acme",
        "new_note": None,
        "closeprobability": 40,
        "createdon": "/Date(1506384247000)/",
        "new_visited": "/Date(1506409448000-0700)/",
    }
    said = one(context("Create", {"Target": entity(attributes)}), reading)
    assert (said.source, said.record, said.change) == ("dataverse", RECORD, "created")
    assert (said.name, said.stage, said.outcome) == ("Łódź bridge", "qualified", Outcome.OPEN)
    assert (said.customer_ref, said.partner, said.territory) == (OTHER, "acme", "DE")
    assert (said.amount, said.currency, said.close_on) == (Decimal("48000.5"), "EUR", date(2026, 9, 30))
    assert said.lines == ("drives", "motors", "7")
    assert said.nulled == ("custom:new_note",)
    assert {field.name: field.value for field in said.custom} == {
        "closeprobability": "40",
        "new_visited": None,
        "statecode": "0",
    }


def test_the_example_of_the_documentation_is_a_contact_and_refused_as_that(reading):
    example = update({"firstname": "James"}, table="contact")
    assert refusal(example, reading) == (Why.SHAPE, "PrimaryEntityName")


def test_the_records_own_stamp_orders_it_and_not_the_instant_of_a_queue(reading):
    """The two instants of Microsoft's own example lie seven hours and a second apart."""
    said = one(update({"name": "x"}), reading)
    assert said.changed_at == datetime(2017, 9, 26, 0, 4, 7, tzinfo=UTC)
    without = one(update({"name": "x"}, stamp=None), reading)
    assert without.changed_at == datetime(2017, 9, 26, 7, 4, 8, tzinfo=UTC)
    image = [{"key": "post", "value": entity({"modifiedon": "/Date(1506384248000)/", "versionnumber": 9})}]
    assert one(update({"name": "x"}, stamp=None, PostEntityImages=image), reading).changed_at.second == 8
    assert (
        one(
            update({"name": "x"}, OperationCreatedOn="2021-09-13T07:18:17.25Z", stamp=None), reading
        ).changed_at.microsecond
        == 250000
    )


def test_of_one_second_the_row_version_orders(reading):
    """``modifiedon`` has no fractions; nine comes before ten."""
    said = [one(update({"name": name}, version=version), reading) for name, version in (("b", "10"), ("a", "9"))]
    assert said[1].order < said[0].order
    assert folded(said).values.name == folded(said[::-1]).values.name == "b"
    assert one(update({"name": "x"}, version=None), reading).order < said[1].order
    assert one(update({"name": "x", "versionnumber": 2**62}), reading).order > said[0].order


def test_one_message_has_one_name_and_another_has_another(reading):
    base = update({"name": "x"})
    names = {
        one({**base, **other}, reading).digest
        for other in ({}, {"OperationId": OTHER}, {"Depth": 2}, {"CorrelationId": OTHER}, {"Mode": 0})
    }
    assert len(names) == 3
    assert one(update({"name": "x"}, version="7"), reading).digest not in names


@pytest.mark.parametrize(("message", "outcome", "state"), [("Win", Outcome.WON, "1"), ("Lose", Outcome.LOST, "2")])
def test_an_opportunity_is_closed_by_a_record_of_its_own(reading, message, outcome, state):
    closing = entity(
        {"opportunityid": reference(RECORD, "opportunity"), "actualrevenue": money(5)}, OTHER, "opportunityclose"
    )
    value = context(
        message, {"OpportunityClose": closing, "Status": option(3)}, record="00000000-0000-0000-0000-000000000000"
    )
    said = one(value, reading)
    assert (said.record, said.outcome) == (RECORD, outcome)
    assert {field.name: field.value for field in said.custom} == {"statecode": state, "statuscode": "3"}


@pytest.mark.parametrize("message", ["SetState", "SetStateDynamicEntity"])
def test_a_state_that_was_set_is_read(reading, message):
    given_ = {"EntityMoniker": reference(RECORD, "opportunity"), "State": option(2), "Status": option(4)}
    assert one(context(message, given_), reading).outcome is Outcome.LOST


def test_a_deletion_an_owner_and_many_at_once(reading):
    assert one(context("Delete", {"Target": reference(RECORD, "opportunity")}), reading).change == "deleted"
    assigned = one(
        context("Assign", {"Target": reference(RECORD, "opportunity"), "Assignee": reference(USER, "systemuser")}),
        reading,
    )
    assert [field.name for field in assigned.custom if field.sealed] == ["ownerid"]
    targets = {"Entities": [entity({"name": "a"}), entity({"name": "b"}, OTHER)], "EntityName": "opportunity"}
    many = told(context("UpdateMultiple", {"Targets": targets}, record=None), reading)
    assert [(said.record, said.name) for said in many] == [(RECORD, "a"), (OTHER, "b")]
    known, gap = told(context("Restore", {"Target": entity({})}), reading)
    assert (known.change, gap.change) == ("undeleted", "gap")
    assert known.order < gap.order


def test_a_merge_of_accounts_names_who_goes_and_what_stays_takes_over(reading):
    given_ = {
        "Target": reference(RECORD, "account"),
        "SubordinateId": OTHER,
        "UpdateContent": entity({"name": "Mills AG"}, "00000000-0000-0000-0000-000000000000", "account"),
    }
    goes, stays = told(context("Merge", given_, table="account"), reading)
    assert (goes.record, goes.merged_into) == (OTHER, RECORD)
    assert (stays.record, stays.name) == (RECORD, "Mills AG")
    itself = {**given_, "SubordinateId": RECORD.upper()}
    assert refusal(context("Merge", itself, table="account"), reading) == (Why.INVALID, "SubordinateId")


def test_an_account_is_read_by_its_own_part_of_the_mapping(reading):
    attributes = {
        "name": "Mills",
        "address1_country": "Norway",
        "address1_city": "Oslo",
        "parentaccountid": reference(OTHER, "account"),
        "masterid": None,
        "websiteurl": "https://mills.example",
        "new_duns": "150483782",
    }
    said = one(update(attributes, table="account"), reading)
    assert (said.name, said.country, said.place, said.parent) == ("Mills", "NO", "Oslo", OTHER)
    assert {one.scheme: one.value for one in said.identifiers} == {
        "domain": "https://mills.example",
        "duns": "150483782",
    }
    assert said.nulled == ("merged_into",)


@pytest.mark.parametrize("header", ["true", "True", "1"])
def test_a_message_whose_fields_were_taken_out_is_a_gap(reading, header):
    named = {"X-Ms-Dynamics-Msg-Size-Exceeded": header}
    said = one(update({"name": "x"}), reading, **named)
    assert (said.change, said.given(), said.record) == ("gap", (), RECORD)
    assert one(context("Delete", {"Target": reference(RECORD, "opportunity")}), reading, **named).change == "deleted"
    (command,) = parsed(context("UpdateMultiple", record=None), reading, **named).commands
    assert isinstance(command.command, ReportFeedGap)
    assert (command.command.source, command.command.entity) == ("dataverse", "opportunity")
    assert one(update({"name": "x"}), reading, **{"x-ms-dynamics-msg-size-exceeded": "false"}).change == "updated"
    nothing: tuple[Any, ...] = (None, [])
    for cut in nothing:
        assert one({**update({"name": "x"}), "InputParameters": cut}, reading).change == "gap"


def test_what_our_own_user_changed_is_our_echo_and_what_decides_nothing_is_counted(reading):
    ours = shipped_with("dataverse", client=USER.upper())
    done = parsed(update({"name": "x"}), ours)
    assert (done.commands, done.ignored) == ((), ("echo",))
    assert len(told(update({"name": "x"}, InitiatingUserId=OTHER), ours)) == 1
    assert parsed(context("GrantAccess"), reading).ignored == ("message",)


def test_another_organisation_is_refused_where_the_mapping_names_its_own():
    ours = shipped_with("dataverse", organisation="4ef5b371-e89e-e711-8122-000d3aa2331c")
    assert len(told(update({"name": "x"}), ours)) == 1
    assert refusal(update({"name": "x"}, OrganizationId=OTHER), ours)[0] is Why.SHAPE


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (context("Explode", {"Target": entity({})}), "MessageName"),
        (update({"name": "x"}, Stage=20), "Stage"),
        (update({"name": "x"}, OperationCreatedOn="soon"), "OperationCreatedOn"),
        (update({"name": "x"}, OperationId=None), "OperationId"),
        (context("Update", {"Other": 1}), "InputParameters.Target"),
        (context("Update", {"Target": entity({}, "not a guid")}), "Target.Id"),
        (context("Update", {"Target": {**entity({}), "Attributes": [7]}}), "Target"),
        (update({"modifiedon": "x", "name": "y"}, stamp=None), "modifiedon"),
        (update({"estimatedclosedate": "/Date(253402214400000)/"}), "close_on"),
        (update({"estimatedclosedate": "/Date(-62135596800000)/"}), "close_on"),
        (update({"estimatedclosedate": "/Date(99999999999999999)/"}), "Target.estimatedclosedate"),
        (update({"estimatedvalue": money(True)}), "estimatedvalue"),
        (update({"name": {"some": "object"}}), "name"),
    ],
)
def test_what_cannot_be_relied_on_is_refused_with_its_place(reading, value, field):
    assert refusal(value, reading)[1] == field


def test_a_day_of_1948_and_one_before_the_epoch_are_days(reading):
    said = one(update({"estimatedclosedate": "/Date(-662688000000)/"}), reading)
    assert said.close_on == date(1949, 1, 1)
    assert one(update({"estimatedclosedate": "/Date(-688867200000)/"}), reading).close_on == date(1948, 3, 4)


# --- records of the Web API


def row(**more):
    return {
        "@odata.etag": 'W/"2718281828459"',
        "opportunityid": RECORD,
        "name": "Bridge",
        "_parentaccountid_value": OTHER.upper(),
        "_parentaccountid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "account",
        "estimatedvalue": Decimal("48000.50"),
        "statecode": 1,
        "statecode@OData.Community.Display.V1.FormattedValue": "Gewonnen",
        "estimatedclosedate": "2026-09-30",
        "modifiedon": "2017-09-26T00:04:07Z",
        **more,
    }


def test_a_record_that_was_read_again_comes_after_what_it_holds_and_before_what_is_newer(reading):
    mapping = next(one for one in SHIPPED if one.source == "dataverse")
    heard = DATAVERSE.read(Entity.OPPORTUNITY, RECORD.upper(), row(), mapping)
    assert (heard.record, heard.said["customer_ref"], heard.said["outcome"]) == (RECORD, OTHER, Outcome.WON)
    assert heard.custom == {"opportunityid": RECORD, "modifiedon": "2017-09-26T00:04:07Z", "statecode": 1}
    same = one(update({"name": "x"}, version="2718281828459"), reading)
    newer = one(update({"name": "x"}, version="2718281828460"), reading)
    assert same.order < heard.order < newer.order
    unversioned = DATAVERSE.read(Entity.OPPORTUNITY, RECORD, row(**{"@odata.etag": None}), mapping)
    assert one(update({"name": "x"}), reading).order < unversioned.order
    with pytest.raises(Unreadable):
        DATAVERSE.read(Entity.OPPORTUNITY, RECORD, row(modifiedon=None), mapping)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["name", "stepname", "estimatedvalue"]), st.integers(0, 3), st.integers(0, 2)),
        min_size=1,
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_any_order_of_arrival_ends_in_one_state(changes, chance):
    reading = reads()
    messages = [
        update(
            {name: money(value) if name == "estimatedvalue" else str(value)},
            stamp=1506384247000 + 1000 * second,
            version=str(number),
            OperationId=f"op-{number}",
        )
        for number, (name, value, second) in enumerate(changes, 1)
    ]
    said = [one(message, reading) for message in messages]
    arrived = said + chance.sample(said, len(said))
    chance.shuffle(arrived)
    assert folded(arrived).values == folded(sorted(said, key=lambda message: message.order)).values
