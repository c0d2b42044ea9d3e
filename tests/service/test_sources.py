"""The clients of the sources' own interfaces, against a server that behaves like them (issue 5, re-reading)."""

import time
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]  # it ships no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # it ships no types
from botocore.credentials import Credentials  # type: ignore[import-untyped]  # it ships no types
from pydantic import ValidationError

from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.heard import Entity
from dealreg.service.intake.mapping import MappingDocument, Mappings, load_mappings
from dealreg.service.intake.reading import Reading
from dealreg.service.rereading.message import message_of
from dealreg.service.sources.client import PageGone, SourceAway, SourceRefused, SourceShut
from dealreg.service.sources.http import Patience, asked_to_wait
from dealreg.service.sources.json_text import parsed, written
from dealreg.service.sources.known import can_be_asked, client_of
from dealreg.service.sources.settings import Api
from tests.fix_formats import message_in
from tests.fix_sources import Fault, at

QUICK = Patience(attempts=3, seconds=20, first_pause=0.01, longest_pause=0.05)
FAST = {"reads_per_second": 1000, "writes_per_second": 1000}

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "salesforce": (
        "Opportunity",
        {"StageName": "Qualified", "Amount": Decimal("12345678901234567.25"), "Big": 2**60 + 1},
    ),
    "hubspot": ("deals", {"dealstage": "qualifiedtobuy", "amount": "100"}),
    "dataverse": ("opportunities", {"stepname": "Qualify", "estimatedvalue": 100, "versionnumber": 2**60 + 1}),
    "partner_central": (
        "aws",
        {"LifeCycle": {"Stage": "Qualified"}, "Project": {"Title": "A"}, "OpportunityTeam": [{"Email": "x"}]},
    ),
    "partner_center": ("referrals", {"status": "Active", "eTag": "e1"}),
}
ENTITIES = {"dataverse": "opportunity", "hubspot": "deal"}


def mapping(sources, name, **api):
    auth = {"auth": {"scheme": "bearer", "token": "CRM_TOKEN"}}
    said = {"url": sources.url, "quota": FAST, "page": 3, **({} if "auth" in api else auth), **api}
    return MappingDocument.model_validate(
        {
            "source": f"{name}-acme",
            "format": name,
            "entity": ENTITIES.get(name, "Opportunity"),
            "client": "dealreg",
            "api": said,
        }
    )


@pytest.fixture(params=FORMATS)
def one(request, sources):
    """A source of each kind, with one record, and a client of it."""
    kind, value = FORMATS[request.param]
    sources.put(kind, "r1", dict(value), at(0))
    client = client_of(mapping(sources, request.param), QUICK)
    yield SimpleNamespace(name=request.param, kind=kind, value=value, client=client, sources=sources)
    client.close()


@pytest.fixture
def asking(sources):
    """Clients of the server, closed in the end."""
    opened = []

    def ask(name, **api):
        opened.append(client_of(mapping(sources, name, **api), QUICK))
        return opened[-1]

    yield ask
    for client in opened:
        client.close()


def read_all(client, since, entity=Entity.OPPORTUNITY):
    return [record for page in client.changed(entity, since) for record in page.records]


def test_a_record_is_read_whole_with_every_digit_and_its_last_change(one):
    read = one.client.read(Entity.OPPORTUNITY, "r1")
    assert (read.record, read.changed_at) == ("r1", at(0))
    fields = read.value["properties"] if one.name == "hubspot" else read.value
    assert {name: fields[name] for name in one.sources.kinds[one.kind]["r1"].value}.items() <= fields.items()
    if one.name == "hubspot":
        assert read.value["associations"] == {"companies": {"results": [{"id": "77", "type": "deal_to_company"}]}}


def test_what_is_not_there_is_gone_and_no_fault(one):
    assert one.client.read(Entity.OPPORTUNITY, "r2") is None
    one.sources.remove(one.kind, "r1", at(1))
    assert one.client.read(Entity.OPPORTUNITY, "r1") is None


def test_everything_that_changed_since_comes_page_by_page_oldest_first(one):
    for number in range(2, 12):
        one.sources.put(one.kind, f"r{number}", dict(one.value), at(number // 2))
    pages = list(one.client.changed(Entity.OPPORTUNITY, at(2)))
    expected = [f"r{number}" for number in range(4, 12)]
    assert sorted({record.record for page in pages for record in page.records}) == sorted(expected)
    reached = [page.reached for page in pages if page.reached is not None]
    assert (reached, reached[-1]) == (sorted(reached), at(5))
    assert all(len(page.records) <= 3 and all(record.value for record in page.records) for page in pages)


def test_a_record_that_changes_between_two_pages_takes_no_other_with_it(one):
    for number in range(2, 9):
        one.sources.put(one.kind, f"r{number}", dict(one.value), at(number))

    def between():
        one.sources.kinds[one.kind]["r1"].changed_at = at(20)
        one.sources.kinds[one.kind]["r2"].changed_at = at(21)

    one.sources.after_page = between
    assert {record.record for record in read_all(one.client, at(0))} == {f"r{number}" for number in range(1, 9)}


def test_what_one_bulk_update_changed_at_one_instant_is_paged_to_its_end(one):
    for number in range(1, 8):
        one.sources.put(one.kind, f"r{number}", dict(one.value), at(5))
    found = [record.record for record in read_all(one.client, at(5))]
    assert sorted(found) == [f"r{number}" for number in range(1, 8)]


@pytest.mark.parametrize("name", ["salesforce", "hubspot"])
def test_what_was_deleted_since_comes_as_gone(sources, name, asking):
    kind, _ = FORMATS[name]
    for record in ("r1", "r2", "r3"):
        sources.put(kind, record, {"a": "b"}, at(1))
    sources.remove(kind, "r2", at(3))
    sources.remove(kind, "r3", at(-9))
    client = asking(name)
    assert {record.record: record.value is None for record in read_all(client, at(0))} == {"r1": False, "r2": True}


def test_the_loser_of_a_merge_leads_to_another_record_and_is_gone(sources, asking):
    sources.put("deals", "r1", {"a": "1"}, at(0))
    sources.put("deals", "r2", {"a": "2"}, at(0))
    sources.remove("deals", "r2", at(1), into="r1")
    client = asking("hubspot")
    assert client.read(Entity.OPPORTUNITY, "r2") is None
    assert client.read(Entity.OPPORTUNITY, "r1").value["properties"] == {"a": "1"}


@pytest.mark.parametrize(("said", "wait"), [("7", 7.0), ("inf", None), ("nan", None), ("1e99", 86_400.0), ("-1", 0.0)])
def test_a_pause_that_a_source_asks_for_is_one_that_can_be_kept(said, wait):
    """Else adding it to the clock fails, and with it the thread that writes back."""
    assert asked_to_wait(httpx.Response(429, headers={"retry-after": said})) == wait


@pytest.mark.parametrize("fault", ["properties", "batch/read"])
def test_an_object_that_hubspot_does_not_have_is_refused_and_its_records_are_not_taken_for_deleted(
    sources, asking, fault
):
    sources.put("deals", "r1", {"a": "1"}, at(0))
    client = asking("hubspot")
    if fault == "batch/read":
        client.read(Entity.OPPORTUNITY, "r1")  # So that the names of its properties are known.
    sources.always.append(Fault("404"))
    with pytest.raises(SourceRefused, match="has no object deals"):
        client.read(Entity.OPPORTUNITY, "r1")


def test_of_an_account_that_salesforce_merged_it_is_told_into_which(sources, asking):
    for record in ("r1", "r2", "r3"):
        sources.put("Account", record, {"Name": record}, at(0))
    sources.remove("Account", "r2", at(1), into="r1")
    sources.remove("Account", "r3", at(2))
    client = asking("salesforce")
    assert client.read(Entity.ACCOUNT, "r2").value["MasterRecordId"] == "r1"
    assert client.read(Entity.ACCOUNT, "r3") is None
    found = {one.record: one.value for one in read_all(client, at(1), Entity.ACCOUNT)}
    assert (found["r2"]["MasterRecordId"], found["r3"]) == ("r1", None)


def test_hubspot_finds_more_than_one_search_gives_and_says_when_it_cannot(sources, asking):
    for number in range(30):
        sources.put("deals", f"r{number:02}", {"a": "b"}, at(number))
    sources.most_found = 8
    client = asking("hubspot", names={"most_found": "8"})
    assert len(read_all(client, at(0))) == 30
    for number in range(30):
        sources.put("deals", f"r{number:02}", {"a": "b"}, at(40))
    with pytest.raises(SourceRefused, match="changed at one instant"):
        read_all(client, at(40))


@pytest.mark.parametrize("name", ["salesforce", "dataverse"])
def test_a_page_that_has_expired_says_so(sources, name, asking):
    kind, _ = FORMATS[name]
    for number in range(8):
        sources.put(kind, f"r{number}", {"a": "b"}, at(number))
    sources.after_page = sources.forget_pages
    with pytest.raises(PageGone):
        read_all(asking(name), at(0))


FAULTS = [
    Fault("500"),
    Fault("503"),
    Fault("429", headers=(("retry-after", "0"),)),
    Fault("cut"),
    Fault("dropped"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
def test_a_passing_fault_is_passed_by(one, fault):
    one.sources.faults.extend([fault, fault])
    assert one.client.read(Entity.OPPORTUNITY, "r1").record == "r1"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
def test_a_lasting_fault_is_not_now_and_not_gone(sources, fault, asking):
    sources.put("Opportunity", "r1", {"a": "b" * 50}, at(0))
    sources.always.append(fault)
    with pytest.raises(SourceAway):
        asking("salesforce").read(Entity.OPPORTUNITY, "r1")
    assert len(sources.seen) == QUICK.attempts


def test_an_answer_that_takes_too_long_is_not_waited_for(sources, asking):
    sources.put("Opportunity", "r1", {"a": "b"}, at(0))
    sources.faults.append(Fault("slow"))
    assert asking("salesforce", timeout_seconds=0.5).read(Entity.OPPORTUNITY, "r1")
    assert len(sources.seen) == 2


def test_a_source_that_asks_for_a_pause_gets_it_and_a_long_one_is_handed_on(sources, asking):
    sources.put("Opportunity", "r1", {"a": "b"}, at(0))
    client = asking("salesforce")
    sources.faults.append(Fault("429", headers=(("Retry-After", "1"),)))
    assert client.read(Entity.OPPORTUNITY, "r1")
    assert sources.seen[1].at - sources.seen[0].at >= 1.0
    sources.faults.append(Fault("429", headers=(("Retry-After", "600"),)))
    with pytest.raises(SourceAway) as away:
        client.read(Entity.OPPORTUNITY, "r1")
    assert (away.value.retry_after, len(sources.seen)) == (600.0, 3)
    sources.faults.append(Fault("403", body='[{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]'))
    with pytest.raises(SourceAway, match="24 hours"):
        client.read(Entity.OPPORTUNITY, "r1")


@pytest.mark.parametrize("status", ["401", "403"])
def test_a_door_that_is_shut_is_not_knocked_at_again(one, status):
    one.sources.always.append(Fault(status))
    with pytest.raises(SourceShut):
        one.client.read(Entity.OPPORTUNITY, "r1")
    assert len(one.sources.seen) == 1


def test_a_refusal_is_not_asked_again(one):
    one.sources.always.append(Fault("422"))
    with pytest.raises(SourceRefused) as refused:
        one.client.read(Entity.OPPORTUNITY, "r1")
    assert (refused.value.status, len(one.sources.seen)) == (422, 1)


WRITES = {
    "salesforce": {"Deal_Status__c": "approved"},
    "hubspot": {"deal_status": "approved"},
    "dataverse": {"new_status": "approved"},
    "partner_central": {"Project.AdditionalComments": "approved"},
    "partner_center": {"note": "approved"},
}


def test_what_is_written_is_there_and_nothing_else_is_touched(one):
    before = dict(one.sources.kinds[one.kind]["r1"].value)
    one.client.write(Entity.OPPORTUNITY, "r1", WRITES[one.name])
    now = one.sources.kinds[one.kind]["r1"].value
    if one.name == "partner_central":
        assert now == {"LifeCycle": {"Stage": "Qualified"}, "Project": {"Title": "A", "AdditionalComments": "approved"}}
    else:
        assert now == {**before, **WRITES[one.name]}
    if one.name == "salesforce":
        assert one.sources.seen[-1].headers["sforce-call-options"] == "client=dealreg"
    one.sources.remove(one.kind, "r1", at(1))
    with pytest.raises(SourceRefused, match="nothing was written"):
        one.client.write(Entity.OPPORTUNITY, "r1", WRITES[one.name])


def test_no_quota_is_overrun(sources, asking):
    sources.put("Opportunity", "r1", {"a": "b"}, at(0))
    client = asking("salesforce", quota={"reads_per_second": 20, "writes_per_second": 1})
    for _ in range(5):
        client.read(Entity.OPPORTUNITY, "r1")
    times = [one.at for one in sources.seen]
    assert times[-1] - times[0] >= 4 * 0.05 - 0.01
    began = time.monotonic()
    client.write(Entity.OPPORTUNITY, "r1", {"a": "c"})
    client.write(Entity.OPPORTUNITY, "r1", {"a": "d"})
    assert time.monotonic() - began >= 0.9


def test_tokens_are_fetched_renewed_and_fetched_again_when_they_are_not_taken(sources, monkeypatch, asking):
    monkeypatch.setenv("CRM_ID", "me")
    monkeypatch.setenv("CRM_SECRET", "hush")
    auth = {
        "scheme": "client_credentials",
        "token_url": f"{sources.url}/token",
        "client_id": "CRM_ID",
        "client_secret": "CRM_SECRET",
        "scope": "x/.default",
    }
    sources.put("opportunities", "r1", {"a": "b"}, at(0))
    client = asking("dataverse", auth=auth)
    client.read(Entity.OPPORTUNITY, "r1")
    client.read(Entity.OPPORTUNITY, "r1")
    assert (sources.given, sources.asked("/token")[0].body["scope"]) == (1, "x/.default")
    sources.tokens = {"revoked"}
    assert client.read(Entity.OPPORTUNITY, "r1").record == "r1"
    assert sources.given == 2
    monkeypatch.setenv("CRM_SECRET", "wrong")
    sources.tokens = {"revoked"}
    with pytest.raises(SourceShut, match="gives no token"):
        client.read(Entity.OPPORTUNITY, "r1")
    monkeypatch.delenv("CRM_SECRET")
    with pytest.raises(SourceShut, match="CRM_SECRET is not set"):
        client.read(Entity.OPPORTUNITY, "r1")


def test_a_mapping_says_how_to_sign_in_and_never_with_what():
    for wrong in (
        {"url": "https://a.example"},
        {"url": "ftp://a.example", "token": "X"},
        {"url": "https://a.example", "token": "00D!secret-itself"},
        {"url": "https://a.example", "auth": {"scheme": "client_credentials", "token_url": "https://a.example/t"}},
        {"url": "https://a.example", "token": "X", "auth": {"scheme": "aws"}},
    ):
        with pytest.raises(ValidationError):
            Api.model_validate(wrong)


def test_only_a_source_with_an_interface_can_be_asked():
    assert not can_be_asked(MappingDocument.model_validate({"source": "a", "format": "salesforce"}))
    neutral = MappingDocument.model_validate(
        {"source": "a", "format": "neutral", "api": {"url": "https://a.example", "token": "X"}}
    )
    assert not can_be_asked(neutral)
    with pytest.raises(ValueError, match="has no interface"):
        client_of(neutral)


def test_numbers_keep_their_digits_on_the_way_through():
    text = '{"a":12345678901234567.25,"b":1152921504606846977,"c":1E+3,"d":"1.5","e":[0.10,null]}'
    assert written(parsed(text)) == text
    assert parsed(text)["a"] == Decimal("12345678901234567.25")


def test_an_instant_before_which_nothing_is_asked_is_met_exactly(one):
    one.sources.put(one.kind, "r2", dict(one.value), at(10))
    assert [record.record for record in read_all(one.client, at(10))] == ["r2"]
    assert read_all(one.client, at(10) + timedelta(milliseconds=1)) == []


def test_what_is_asked_of_aws_is_signed_as_aws_checks_it(sources, asking, monkeypatch):
    """Computed again from what came over the wire, with AWS's own library."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
    sources.put("aws", "O1", {"LifeCycle": {"Stage": "Qualified"}}, at(0))
    client = asking("partner_central", auth={"scheme": "aws"}, names={"catalog": "Sandbox"})
    assert client.read(Entity.OPPORTUNITY, "O1").value["LifeCycle"] == {"Stage": "Qualified"}
    seen = sources.seen[-1]
    said = dict(part.strip().split("=", 1) for part in seen.headers["authorization"].partition(" ")[2].split(","))
    signer = SigV4Auth(
        Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session"),
        "partnercentral-selling",
        "us-east-1",
    )
    names = [name for name in said["SignedHeaders"].split(";") if name != "host"]
    asked = AWSRequest(
        "POST", f"{sources.url}/", data=written(seen.body), headers={name: seen.headers[name] for name in names}
    )
    asked.context["timestamp"] = seen.headers["x-amz-date"]
    assert signer.signature(signer.string_to_sign(asked, signer.canonical_request(asked)), asked) == said["Signature"]
    assert {"x-amz-date", "x-amz-security-token", "x-amz-target", "content-type"} <= set(names)
    assert (seen.body["Catalog"], said["Credential"].split("/")[2:]) == (
        "Sandbox",
        ["us-east-1", "partnercentral-selling", "aws4_request"],
    )


def test_without_credentials_of_aws_nothing_is_asked(sources, asking, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SourceShut, match="finds no credentials"):
        asking("partner_central", auth={"scheme": "aws"}).read(Entity.OPPORTUNITY, "O1")
    assert sources.seen == []


GUID = "6d81597f-0f9f-e711-8122-000d3aa2331c"
UNDERSTOOD = {
    "salesforce": (
        "Opportunity",
        "006Kd00000ee0emIAA",
        {"Name": "Deal", "StageName": "Qualification", "Amount": Decimal("100.25")},
    ),
    "hubspot": ("deals", "32011", {"dealname": "Deal", "dealstage": "qualifiedtobuy", "amount": "100.25"}),
    "dataverse": ("opportunities", GUID, {"name": "Deal", "estimatedvalue": Decimal("100.25"), "statecode": 0}),
    "partner_central": (
        "aws",
        "O123456789012345",
        {
            "LifeCycle": {"Stage": "Qualified"},
            "Project": {"Title": "Deal"},
            "Customer": {"Account": {"CompanyName": "Acme"}},
        },
    ),
    "partner_center": ("referrals", GUID, {"name": "Deal", "status": "Active", "substatus": "Accepted", "eTag": "e1"}),
}


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_what_a_client_reads_its_adapter_understands(sources, name):
    """With the mapping that is shipped, and through the message in which it goes through the broker."""
    kind, record, value = UNDERSTOOD[name]
    sources.put(kind, record, value, at(5))
    shipped = next(one for one in load_mappings() if one.format == name)
    document = shipped.model_copy(update={"api": mapping(sources, name).api, "program": "acme"})
    client = client_of(document, QUICK)
    read = client.read(Entity.OPPORTUNITY, record)
    client.close()
    assert read is not None
    outgoing = message_of(document.source, "acme", Entity.OPPORTUNITY, read, at=at(9), covers="t1.2")
    delivery = Delivery(outgoing.body, outgoing.headers, "crm.opportunity.cloudevents", "CRM", 1, at(10))
    parsed = Reading(Mappings([document]), "acme").parse(delivery)
    message = message_in(parsed.commands[0])
    assert (message.change, message.changed_at, message.name) == ("read", at(5), "Deal")
    assert message.order >= "t1.2~"
    if name in {"salesforce", "hubspot", "dataverse"}:
        assert message.amount == Decimal("100.25")
