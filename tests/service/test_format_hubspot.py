"""HubSpot's webhooks: captured events, and what HubSpot's own documents say may come."""

import json
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealreg.opportunity.events import Outcome
from dealreg.service.intake.formats.hubspot.adapter import HUBSPOT
from dealreg.service.intake.formats.orders import order
from dealreg.service.intake.heard import Entity
from dealreg.service.intake.unreadable import Unreadable, Why
from tests.fix_formats import SHIPPED, folded, message_in, parsed, reads, refusal, shipped_with, told

REAL = Path(__file__).parents[3] / "shared" / "data" / "crm_change_events"
CAPTURED = [json.loads(line) for line in (REAL / "hubspot_webhooks_captured.jsonl").read_text().splitlines()]
API = {"url": "https://api.hubapi.com", "auth": {"token": "HUBSPOT_TOKEN"}}
AT = 1_782_371_972_000


@pytest.fixture(scope="module")
def reading():
    return reads()


@pytest.fixture(scope="module")
def with_api():
    return shipped_with("hubspot", api=API)


def event(kind="deal.propertyChange", at=AT, **more):
    said = {
        "eventId": 1,
        "subscriptionId": 7,
        "portalId": 48975575,
        "appId": 39522895,
        "occurredAt": at,
        "subscriptionType": kind,
        "attemptNumber": 0,
        "changeSource": "CRM_UI",
    }
    record = {"objectId": 332507367156} if "association" not in kind and "merge" not in kind else {}
    return {**said, **record, **more}


def changed(name, value, at=AT, **more):
    return event(at=at, propertyName=name, propertyValue=value, eventId=crc32(f"{name}={value}".encode()), **more)


def association(kind, one, other, named=None, at=AT, **more):
    named = {"associationType": named} if named else {}
    return event(kind, at, fromObjectId=one, toObjectId=other, associationRemoved=False, **named, **more)


def test_the_captured_events_are_read_in_one_array(reading):
    done = parsed(CAPTURED, reading)
    said = [message_in(one) for one in done.commands]
    assert [(one.record, one.change.value) for one in said] == [
        ("330222354146", "created"),
        ("330222354146", "updated"),
        ("330222354146", "deleted"),
        ("332507367156", "created"),
        ("332507367156", "updated"),
        ("332507367156", "deleted"),
        ("332507367156", "updated"),
    ]
    assert (said[1].place, said[4].amount, said[6].stage) == ("San Francisco", Decimal(2000), "qualified")
    assert said[4].changed_at == datetime(2026, 6, 25, 7, 19, 32, 438000, tzinfo=UTC)
    assert done.ignored == ("object_contact",) * 3
    # The list is not in the order of what happened: the deletion comes before the last change of the stage.
    assert folded(said[3:]).deleted
    assert said[5].order > said[6].order


def test_the_event_of_2019_names_no_record(reading):
    assert refusal((REAL / "hubspot_webhook_single_2019.json").read_bytes(), reading) == (Why.INVALID, "0.objectId")


def test_both_names_of_a_subscription_and_the_generic_form_say_the_same(reading):
    legacy = changed("dealstage", "closedwon")
    older = {**legacy, "eventType": legacy["subscriptionType"]}
    del older["subscriptionType"]
    generic = {**legacy, "subscriptionType": "object.propertyChange", "objectTypeId": "0-3"}
    said = [told([one], reading)[0] for one in (legacy, older, generic)]
    assert {(one.record, one.order, one.outcome) for one in said} == {("332507367156", said[0].order, Outcome.WON)}
    assert said[0].digest == said[1].digest != said[2].digest
    assert told([{**generic, "objectTypeId": "0-2", "propertyName": "city"}], reading)[0].place == "closedwon"


def test_no_field_that_tells_two_events_apart_is_left_out_of_their_names(reading):
    """HubSpot does not promise that an ``eventId`` comes once; how often it was tried is no part of an event."""
    one = changed("amount", "2000")
    names = {
        told([{**one, **other}], reading)[0].digest
        for other in (
            {},
            {"eventId": 2},
            {"objectId": 5},
            {"subscriptionId": 8},
            {"occurredAt": AT + 1},
            {"propertyName": "dealname"},
        )
    }
    assert len(names) == 6
    assert told([{**one, "attemptNumber": 9}], reading)[0].digest in names


def test_an_id_beyond_32_bits_keeps_its_digits(reading):
    assert told([changed("amount", "1", objectId=2**63 - 1)], reading)[0].record == "9223372036854775807"


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("closedate", "1462216307945", "close_on", date(2016, 5, 2)),
        ("closedate", "-662688000000", "close_on", date(1949, 1, 1)),
        ("closedate", "2026-03-02T23:30:00Z", "close_on", date(2026, 3, 2)),
        ("amount", "1234.5", "amount", Decimal("1234.5")),
        ("product_lines", "drives;motors;drives", "lines", ("drives", "motors")),
        ("deal_currency_code", "eur", "currency", "EUR"),
        ("partner_id", "acme", "partner", "acme"),
        ("dealstage", "123456789", "stage", "123456789"),
        ("hs_is_closed_won", "true", "outcome", Outcome.WON),
        ("hs_is_closed_lost", "true", "outcome", Outcome.LOST),
        ("hs_is_closed", "false", "outcome", Outcome.OPEN),
    ],
)
def test_a_property_is_read_by_the_mapping(reading, name, value, field, expected):
    assert getattr(told([changed(name, value)], reading)[0], field) == expected


def test_how_a_deal_closed_does_not_depend_on_which_property_comes_last(reading):
    """HubSpot sets three properties at one instant; ``hs_is_closed`` alone does not say whether it was won."""
    closing = [
        changed(name, value)
        for name, value in (("hs_is_closed", "true"), ("hs_is_closed_won", "true"), ("hs_is_closed_lost", "false"))
    ]
    for arranged in (closing, closing[::-1]):
        assert folded(told(arranged, reading)).values.outcome is Outcome.WON


@pytest.mark.parametrize("empty", ["", None])
def test_an_emptied_property_empties_the_field(reading, empty):
    assert told([changed("amount", empty)], reading)[0].nulled == ("amount",)
    (custom,) = told([changed("favourite_colour", empty)], reading)
    assert custom.nulled == ("custom:favourite_colour",)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"occurredAt": "yesterday"}, "0.occurredAt"),
        ({"occurredAt": 2**62}, "0.occurredAt"),
        ({"objectId": None}, "0.objectId"),
        ({"propertyName": ""}, "0.propertyName"),
        ({"propertyName": "amount", "propertyValue": "a lot"}, "amount"),
        ({"propertyName": "amount", "propertyValue": "NaN"}, "amount"),
        ({"propertyName": "closedate", "propertyValue": "253402214400000"}, "close_on"),
        ({"propertyName": "closedate", "propertyValue": "soon"}, "closedate"),
        ({"portalId": None}, "0.portalId"),
        ({"subscriptionType": "deal.exploded"}, "0.subscriptionType"),
        ({"subscriptionType": "spaceship.creation"}, "0.subscriptionType"),
        ({"subscriptionType": "object.creation"}, "0.objectTypeId"),
    ],
)
def test_what_cannot_be_relied_on_is_refused_with_its_place(reading, change, field):
    assert refusal([changed("dealname", "x") | change], reading)[1] == field


def test_events_of_objects_that_nobody_mapped_are_counted(reading):
    others = [
        event("contact.privacyDeletion"),
        event("conversation.newMessage"),
        event("object.creation", objectTypeId="2-17"),
    ]
    done = parsed([*others, changed("dealname", "x")], reading)
    assert done.ignored == ("object_contact", "object_conversation", "object_2-17")
    assert len(done.commands) == 1
    assert parsed(others, reading).commands == ()


def test_one_delivery_speaks_of_one_portal_and_a_mapping_may_name_it(reading):
    two = [changed("dealname", "x"), changed("dealname", "y", portalId=1)]
    assert refusal(two, reading) == (Why.INVALID, "portalId")
    ours = shipped_with("hubspot", organisation=48975575)
    assert len(told(two[:1], ours)) == 1
    assert refusal(two[1:], ours)[0] is Why.SHAPE


@pytest.mark.parametrize(
    ("source", "echo"),
    [
        ({"changeSource": "INTEGRATION", "sourceId": "39522895"}, True),
        ({"changeSource": "INTEGRATION", "sourceId": 39522895}, True),
        ({"changeSource": "INTEGRATION", "sourceId": "7"}, False),
        ({"changeSource": "CRM_UI", "sourceId": "39522895"}, False),
        ({"changeSource": "INTEGRATION"}, False),
    ],
)
def test_what_our_own_app_changed_is_our_echo(source, echo):
    ours = shipped_with("hubspot", client=39522895)
    done = parsed([changed("dealname", "x", **source)], ours)
    assert (len(done.commands), done.ignored) == ((0, ("echo",)) if echo else (1, ()))


def test_of_one_instant_the_creation_is_first_and_the_deletion_last(reading):
    """Two captured events share their instant; HubSpot does not say which came first."""
    kinds = [event("deal.deletion"), changed("dealname", "x"), event("deal.creation")]
    orders = [told([one], reading)[0].order for one in kinds]
    assert orders == sorted(orders, reverse=True)
    assert len(set(orders)) == 3
    for arranged in (kinds, kinds[::-1]):
        state = folded(told(arranged, reading))
        assert (state.deleted, state.values.name) == (True, "x")


def test_what_comes_without_properties_is_read_again_where_it_can_be(reading, with_api):
    for kind, change in (("deal.creation", "created"), ("deal.restore", "undeleted")):
        assert [one.change for one in told([event(kind)], reading)] == [change]
        known, gap = told([event(kind)], with_api)
        assert [known.change, gap.change] == [change, "gap"]
        assert known.order < gap.order
        assert known.digest != gap.digest
    assert [one.change for one in told([event("deal.deletion")], with_api)] == ["deleted"]


# --- associations


@pytest.mark.parametrize(
    "told_by",
    [
        association("deal.associationChange", 33, 55, "DEAL_TO_COMPANY", isPrimaryAssociation=True),
        association("company.associationChange", 55, 33, "COMPANY_TO_DEAL", isPrimaryAssociation=True),
        association(
            "object.associationChange", 33, 55, fromObjectTypeId="0-3", toObjectTypeId="0-2", associationTypeId=5
        ),
        association(
            "object.associationChange", 55, 33, fromObjectTypeId="0-2", toObjectTypeId="0-3", associationTypeId=6
        ),
    ],
)
def test_the_customer_of_a_deal_is_told_from_both_sides(reading, told_by):
    (said,) = told([told_by], reading)
    assert (said.record, said.customer_ref) == ("33", "55")
    (gone,) = told([{**told_by, "associationRemoved": True}], reading)
    assert (gone.customer_ref, gone.nulled) == (None, ("customer_ref",))


def test_a_company_beside_the_primary_one_is_not_the_customer(reading):
    beside = association("deal.associationChange", 33, 55, "DEAL_TO_COMPANY", isPrimaryAssociation=False)
    assert parsed([beside], reading).ignored == ("association",)
    assert parsed([{**beside, "associationRemoved": True}], reading).commands == ()
    other = association("deal.associationChange", 33, 58, "DEAL_TO_LINE_ITEM")
    assert parsed([other], reading).ignored == ("association",)


def test_a_customer_changed_at_one_instant_is_the_new_one(reading, with_api):
    """HubSpot takes one association away and makes the other, in any order of events."""
    away = association("deal.associationChange", 33, 55, "DEAL_TO_COMPANY") | {"associationRemoved": True}
    new = association("deal.associationChange", 33, 66, "DEAL_TO_COMPANY")
    for arranged in ([away, new], [new, away]):
        assert folded(told(arranged, reading)).values.customer_ref == "66"
    assert [one.change for one in told([away], with_api)] == ["updated", "gap"]


@pytest.mark.parametrize(
    "told_by",
    [
        association("company.associationChange", 1, 2, "CHILD_COMPANY_TO_PARENT_COMPANY"),
        association("company.associationChange", 2, 1, "PARENT_COMPANY_TO_CHILD_COMPANY"),
        association(
            "object.associationChange", 1, 2, fromObjectTypeId="0-2", toObjectTypeId="0-2", associationTypeId=14
        ),
        association(
            "object.associationChange", 2, 1, fromObjectTypeId="0-2", toObjectTypeId="0-2", associationTypeId=13
        ),
    ],
)
def test_a_parent_company_is_told_from_both_sides(reading, told_by):
    (said,) = told([told_by], reading)
    assert (said.record, said.parent) == ("1", "2")


# --- merges


def merge(kind="deal.merge", **more):
    said = {"primaryObjectId": 100, "mergedObjectIds": [200, 300], "newObjectId": 100, "numberOfPropertiesMoved": 14}
    return event(kind, **{**said, **more})


@pytest.mark.parametrize(
    ("new", "gone", "survivor"),
    [(100, {"200", "300"}, "100"), (None, {"200", "300"}, "100"), (900, {"100", "200", "300"}, "900")],
)
def test_a_merge_ends_its_records_in_the_one_that_survives(reading, new, gone, survivor):
    said = told([merge(newObjectId=new)], reading)
    assert {one.record for one in said if one.change == "deleted"} == gone
    assert [(one.record, one.change) for one in said][-1] == (survivor, "gap")
    assert len({one.digest for one in said}) == len(said)
    companies = told([merge("company.merge", newObjectId=new)], reading)
    assert {(one.record, one.merged_into) for one in companies[:-1]} == {(one, survivor) for one in gone}


@pytest.mark.parametrize("wrong", [{"mergedObjectIds": [100]}, {"mergedObjectIds": []}, {"mergedObjectIds": 200}])
def test_a_merge_into_itself_or_of_nothing_is_refused(reading, wrong):
    assert refusal([merge("company.merge", **wrong)], reading) == (Why.INVALID, "0.mergedObjectIds")


# --- records of the API


def deal(**more):
    properties = {
        "dealname": "Bridge",
        "dealstage": "closedwon",
        "amount": "48000.50",
        "closedate": None,
        "colour": "red",
    }
    return {"id": "33", "properties": properties, "updatedAt": "2026-03-02T10:00:00.123Z", "archived": False, **more}


def hubspot():
    return next(one for one in SHIPPED if one.source == "hubspot")


def test_a_deal_that_was_read_again_has_its_primary_company():
    companies = [{"id": "7", "type": "deal_to_company_unlabeled"}, {"id": "55", "type": "deal_to_company"}]
    heard = HUBSPOT.read(Entity.OPPORTUNITY, "33", deal(associations={"companies": {"results": companies}}), hubspot())
    assert (heard.said["customer_ref"], heard.said["name"], heard.said["outcome"]) == ("55", "Bridge", Outcome.WON)
    assert (heard.said["amount"], heard.said["close_on"], heard.custom) == (
        Decimal("48000.50"),
        None,
        {"colour": "red"},
    )
    assert HUBSPOT.read(Entity.OPPORTUNITY, "33", deal(), hubspot()).said["customer_ref"] is None
    assert heard.order > order(datetime(2026, 3, 2, 10, 0, 0, 123000, tzinfo=UTC), "z")
    assert heard.order < order(datetime(2026, 3, 2, 10, 0, 0, 124000, tzinfo=UTC), "0")


def test_a_company_that_was_read_again_has_its_parent():
    value = {
        "properties": {"name": "Mills", "city": "Łódź", "country": "Poland", "domain": "mills.example"},
        "updatedAt": "2026-03-02T10:00:00Z",
        "associations": {"companies": {"results": [{"id": "9", "type": "child_to_parent_company"}]}},
    }
    said = HUBSPOT.read(Entity.ACCOUNT, "5", value, hubspot()).said
    assert (said["name"], said["country"], said["parent"]) == ("Mills", "PL", "9")
    assert said["identifiers"] == {"domain": "mills.example"}
    with pytest.raises(Unreadable, match="has to be an object"):
        HUBSPOT.read(Entity.ACCOUNT, "5", {"properties": None}, hubspot())


# --- disorder

EVENTS = st.lists(
    st.one_of(
        st.builds(
            changed,
            st.sampled_from(["dealname", "dealstage", "amount", "colour"]),
            st.sampled_from(["1", "2", "3", ""]),
            st.integers(AT, AT + 2),
        ),
        st.builds(event, st.sampled_from(["deal.creation", "deal.deletion", "deal.restore"]), st.integers(AT, AT + 2)),
        st.builds(
            association,
            st.just("deal.associationChange"),
            st.just(332507367156),
            st.sampled_from([1, 2]),
            st.just("DEAL_TO_COMPANY"),
            st.integers(AT, AT + 2),
        ),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False), st.integers(1, 12))
def test_arrays_cut_otherwise_repeated_and_shuffled_end_alike(events, chance, cut):
    """The same commands come of an array, of its parts, and of a repeat; and any order of arrival ends in one state."""
    reading = reads()

    def names(arrays):
        return {one.model_dump_json(exclude={"custom"}) for array in arrays for one in told(array, reading)}

    parts = [events[start : start + cut] for start in range(0, len(events), cut)]
    assert names([events]) == names(parts) == names([events, *parts])
    arrived = [*events, *chance.sample(events, len(events))]
    chance.shuffle(arrived)
    first, second = folded(told(events, reading)), folded(told(arrived, reading))
    assert (first.values.model_copy(update={"custom": ()}), first.deleted) == (
        second.values.model_copy(update={"custom": ()}),
        second.deleted,
    )


def test_a_hundred_events_are_one_delivery(reading):
    many = [changed("dealname", str(number), at=AT + number, objectId=number % 7 + 1) for number in range(100)]
    random.Random(7).shuffle(many)
    assert len(told(many, reading)) == 100
