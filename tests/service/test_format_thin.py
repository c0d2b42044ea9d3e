"""Sources that only announce: AWS Partner Central and Microsoft Partner Center, and their records as their interfaces return them."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from dealreg.opportunity.events import Outcome
from dealreg.service.intake.formats.partner_center.adapter import PARTNER_CENTER
from dealreg.service.intake.formats.partner_central.adapter import AROUND, OPPORTUNITY, PARTNER_CENTRAL
from dealreg.service.intake.heard import Entity
from dealreg.service.intake.strict_json import strict_json
from dealreg.service.intake.unreadable import Unreadable, Why
from tests.fix_formats import SHIPPED, parsed, reads, refusal, shipped_with, told

AWS = Path(__file__).parents[3] / "shared" / "data" / "aws_partner_central"
REFERRAL = "c5fbb3b6-be74-4795-9fb5-4324c73fed37"


@pytest.fixture(scope="module")
def reading():
    return reads()


def mapping(source):
    return next(one for one in SHIPPED if one.source == source)


# --- AWS


def event(kind="Opportunity Updated", **more):
    return {
        "version": "1",
        "id": "01234567-0123-0123-0123-0123456789ab",
        "source": "aws.partnercentral-selling",
        "detail-type": kind,
        "time": "2026-04-28T15:23:45Z",
        "region": "us-east-1",
        "account": "123456789012",
        "detail": {"schemaVersion": "1.0", "catalog": "AWS", "opportunity": {"identifier": "O123456789012345"}},
        **more,
    }


@pytest.mark.parametrize("kind", sorted(OPPORTUNITY))
def test_an_event_of_an_opportunity_says_that_it_has_to_be_read(reading, kind):
    (said,) = told(event(kind), reading)
    assert (said.source, said.record, said.change) == ("aws-partner-central", "O123456789012345", "gap")
    assert (said.given(), said.changed_at) == ((), datetime(2026, 4, 28, 15, 23, 45, tzinfo=UTC))
    assert said.digest == told(event(kind, time="2026-04-28T15:23:46Z"), reading)[0].digest
    assert said.digest != told(event(kind, id="other"), reading)[0].digest


@pytest.mark.parametrize(
    "kind",
    [
        "Engagement Invitation Created",
        "Engagement Invitation Accepted",
        "Engagement Invitation Rejected",
        "Engagement Invitation Expired",
        "Engagement Member Joined",
        "Engagement Member Added",
        "Resource Snapshot Created",
        "Engagement Resource Snapshot Created",
    ],
)
def test_what_happens_around_an_opportunity_is_counted_unless_it_names_one(reading, kind):
    assert AROUND.fullmatch(kind)
    invited = event(kind, detail={"catalog": "AWS", "engagementInvitation": {"id": "engi-0000000000001"}})
    done = parsed(invited, reading)
    assert (done.commands, done.ignored) == ((), ("engagement",))
    assert [said.change for said in told(event(kind), reading)] == ["gap"]


def test_the_sandbox_is_left_alone_and_another_account_refused(reading):
    sandbox = event(detail={"catalog": "Sandbox", "opportunity": {"identifier": "O1"}})
    assert parsed(sandbox, reading).ignored == ("not_meant",)
    ours = shipped_with("aws-partner-central", organisation="123456789012")
    assert len(told(event(), ours)) == 1
    assert refusal(event(account="999999999999"), ours)[0] is Why.SHAPE


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"detail-type": "Opportunity Exploded"}, "detail-type"),
        ({"time": "yesterday"}, "time"),
        ({"id": None}, "id"),
        ({"detail": {"catalog": "AWS"}}, "detail.opportunity.identifier"),
        ({"detail": {"catalog": "AWS", "opportunity": {"identifier": "../secrets"}}}, "detail.opportunity.identifier"),
    ],
)
def test_an_event_that_cannot_be_relied_on_is_refused(reading, change, field):
    assert refusal(event(**change), reading)[1] == field


def answers():
    """Every answer to GetOpportunity in AWS's own collection of requests."""
    found = []

    def look(items):
        for item in items:
            look(item.get("item", []))
            for response in item.get("response", []):
                body = response.get("body") or ""
                if '"LifeCycle"' in body and '"OpportunitySummaries"' not in body and '"LastModifiedDate"' in body:
                    found.append(strict_json(body.encode()))

    look(json.loads((AWS / "aws_partner_central_api_postman_collections.json").read_text())["item"])
    return [one for one in found if "Id" in one and "Customer" in one]


def test_every_answer_of_awss_own_collection_is_read():
    read = answers()
    assert len(read) >= 2
    stages = {heard(one).said["stage"] for one in read}
    assert stages <= {"prospecting", "qualified", "proposal", "negotiation", "Launched", "Closed Lost"}
    launched = next(one for one in read if one["LifeCycle"]["Stage"] == "Launched")
    said = heard(launched).said
    assert (said["outcome"], said["country"], said["place"]) == (Outcome.WON, "LT", None)
    assert (said["amount"], said["currency"], said["close_on"]) == (Decimal(531), "USD", "2029-05-05")
    assert said["identifiers"] == {"duns": None, "domain": "www.TestCompanyName.com"}
    assert heard(launched).custom["LifeCycle.ReviewStatus"] == "Approved"
    assert heard(launched).custom["OpportunityTeam.0.Email"] == "testEmail@test.com"
    assert heard(launched).change == "read"


def heard(value):
    return PARTNER_CENTRAL.read(Entity.OPPORTUNITY, value["Id"], value, mapping("aws-partner-central"))


def test_what_an_answer_leaves_out_is_empty():
    """The interface gives the whole opportunity: what is not in it is not there any more."""
    said = heard({"Id": "O1", "LastModifiedDate": "2026-04-28T15:23:45.123Z", "Project": {"Title": "Bridge"}}).said
    assert said["name"] == "Bridge"
    assert {name for name, value in said.items() if value is None} >= {
        "stage",
        "amount",
        "customer_name",
        "lines",
        "contact",
    }
    assert said["identifiers"] == {"duns": None, "domain": None}
    with pytest.raises(Unreadable, match="no accounts"):
        PARTNER_CENTRAL.read(Entity.ACCOUNT, "O1", {}, mapping("aws-partner-central"))
    with pytest.raises(Unreadable, match="no instant"):
        heard({"Id": "O1"})


# --- Microsoft Partner Center


def webhook(name="referral-updated", **more):
    return {
        "EventName": name,
        "ResourceUri": f"https://api.partnercenter.microsoft.com/engagements/v1/referrals/{REFERRAL}",
        "ResourceName": "referral",
        "AuditUri": None,
        "ResourceChangeUtcDate": "2018-02-17T00:05:39.5485487+00:00",
        **more,
    }


@pytest.mark.parametrize(
    "name", ["referral-created", "referral-updated", "related-referral-created", "related-referral-updated"]
)
def test_an_event_of_a_referral_says_that_it_has_to_be_read(reading, name):
    (said,) = told(webhook(name), reading)
    assert (said.source, said.record, said.change) == ("microsoft-partner-center", REFERRAL, "gap")
    assert said.changed_at == datetime(2018, 2, 17, 0, 5, 39, 548548, tzinfo=UTC)


def test_the_seventh_decimal_orders_and_names(reading):
    """There is no id of an event: its name, its referral and its instant to the seventh decimal are it."""
    early, late = (
        told(webhook(ResourceChangeUtcDate=f"2018-02-17T00:05:39.548548{digit}+00:00"), reading)[0] for digit in "67"
    )
    assert early.order < late.order
    assert early.changed_at == late.changed_at
    assert len({early.digest, late.digest, told(webhook("referral-created"), reading)[0].digest}) == 3
    assert told(webhook(), reading)[0].digest == late.digest
    assert told(webhook(AuditUri="https://audit.example/1"), reading)[0].digest == late.digest


def test_a_test_is_counted_and_another_resource_refused(reading):
    done = parsed(webhook("test-created", ResourceUri="http://x.example", ResourceChangeUtcDate="x"), reading)
    assert (done.commands, done.ignored) == ((), ("test",))
    assert refusal(webhook("subscription-updated"), reading) == (Why.SHAPE, "EventName")


@pytest.mark.parametrize(
    ("uri", "record"),
    [
        (f"https://api.partner.microsoft.com/v1.0/engagements/referrals/{REFERRAL.upper()}/?x=1", REFERRAL),
        ("https://evil.example/steal", None),
        ("https://api.partnercenter.microsoft.com/engagements/v1/referrals/", None),
        ("https://api.partnercenter.microsoft.com/engagements/v1/referrals/..%2Fusers", None),
        ("http://[half", None),
    ],
)
def test_of_an_address_only_the_referrals_id_is_used(reading, uri, record):
    if record is None:
        assert refusal(webhook(ResourceUri=uri), reading) == (Why.INVALID, "ResourceUri")
    else:
        assert told(webhook(ResourceUri=uri), reading)[0].record == record


def referral(**more):
    return {
        "@odata.context": "https://api.partner.microsoft.com/v1.0/$metadata",
        "id": REFERRAL,
        "name": "Fabrikam rollout",
        "status": "Closed",
        "substatus": "Won",
        "updatedDateTime": "2020-10-30T21:03:00.0000001Z",
        "customerProfile": {"name": "Fabrikam", "address": {"city": "Redmond", "postalCode": "98052", "country": "US"}},
        "details": {
            "dealValue": 10000,
            "currency": "USD",
            "closingDateTime": "2020-12-01T00:00:00Z",
            "requirements": {"solutions": [{"id": "SOL-0000002", "name": "x"}, {"id": "SOL-9"}]},
        },
        **more,
    }


def test_a_referral_that_was_read_again_is_read_whole(reading):
    heard = PARTNER_CENTER.read(Entity.OPPORTUNITY, REFERRAL.upper(), referral(), mapping("microsoft-partner-center"))
    said = heard.said
    assert (heard.record, said["name"], said["stage"], said["outcome"]) == (
        REFERRAL,
        "Fabrikam rollout",
        "Won",
        Outcome.WON,
    )
    assert (said["amount"], said["currency"], said["close_on"]) == (Decimal(10000), "USD", "2020-12-01")
    assert (said["lines"], said["contact"], said["street"]) == (["motors", "SOL-9"], None, None)
    assert heard.custom["status"] == "Closed"
    (before,) = told(webhook(ResourceChangeUtcDate="2020-10-30T21:03:00.0000001Z"), reading)
    (after,) = told(webhook(ResourceChangeUtcDate="2020-10-30T21:03:00.0000002Z"), reading)
    assert before.order < heard.order < after.order
    with pytest.raises(Unreadable, match="no accounts"):
        PARTNER_CENTER.read(Entity.ACCOUNT, REFERRAL, {}, mapping("microsoft-partner-center"))


def test_a_reading_comes_back_through_the_broker(reading):
    """As the one who reads again publishes it: its place is after the gap that it answers."""
    (gap,) = told(webhook(ResourceChangeUtcDate="2021-01-01T00:00:00.0000000Z"), reading)
    data = {"entity": "opportunity", "record": REFERRAL, "covers": gap.order, "gone": False, "value": referral()}
    event = {
        "specversion": "1.0",
        "type": "dealreg.record.read.v1",
        "source": "microsoft-partner-center",
        "id": "r-1",
        "time": "2021-01-01T00:00:05Z",
        "data": data,
    }
    (said,) = told(event, reading)
    assert (said.change, said.stage, said.close_on) == ("read", "Won", date(2020, 12, 1))
    assert said.order > gap.order
