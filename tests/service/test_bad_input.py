"""Everything bad that a CRM may send, by the list of what a feed must stand: kept with its bytes and a reason, listed, and counted.

What only a door meets (forged, replayed, out of its clock window) is in test_webhook_door.py, what only a broker refuses in
test_intake_broker.py; circles of accounts, with their second chance, are in test_account_feed.py.
"""

import json

import pytest
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.composition import dispatch
from dealreg.service.intake.core import Intake
from dealreg.service.intake.delivery import Verdict
from dealreg.service.intake.mapping import MappingDocument, Mappings, load_mappings
from dealreg.service.intake.reading import Reading
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import ProgramId
from tests.day.crms import DataverseCrm, HubSpotCrm, InHouse, Salesforce, dumped
from tests.day.living import RULES
from tests.fix_intake import NOON, delivered
from tests.fix_web import PROGRAM

SALES, HUB, DATA, HOUSE = Salesforce(), HubSpotCrm(), DataverseCrm(), InHouse()


def cdc(fields=None, **header):
    told = SALES._header(SALES.record(7), "UPDATE", ["Name"], NOON)
    return dumped({**(fields or {"Name": "x"}), "ChangeEventHeader": {**told, **header}})


def account(change="UPDATE", **fields):
    told = SALES._header(SALES.account(7), change, list(fields), NOON)
    return dumped({**fields, "ChangeEventHeader": {**told, "entityName": "Account"}})


def event(data, **attributes):
    (post,) = HOUSE.told("deal-7", "updated", {}, NOON)
    told = json.loads(post.body)
    return dumped({**told, **attributes, "data": {"record": "deal-7", **data}})


def hub(**more):
    one = HUB._one("deal.propertyChange", HUB.record(7), NOON, propertyName="amount", propertyValue="1")
    return dumped([{**one, **more}])


def data(**fields):
    (post,) = DATA.told(DATA.record(7), "updated", fields, NOON)
    return post.body


BAD = {
    "invalid JSON": (b'{"specversion": "1.0",', "not_json", ""),
    "no JSON at all": (b"\x00\x01\x02", "not_json", ""),
    "valid JSON of the wrong shape": (b'[1, 2, {"deal": true}]', "shape", ""),
    "U+0000": (event({"name": "a\x00b"}), "not_json", "data.name"),
    "a lone surrogate": (b'{"specversion": "1.0", "name": "\\ud83d"}', "not_json", "name"),
    "a number beyond 64 bits": (b'{"specversion": "1.0", "amount": 9223372036854775808}', "not_json", "amount"),
    "a day that there is not": (event({"close_on": "2026-02-30"}), "invalid", "close_on"),
    "a day beyond the calendar": (event({"close_on": "10000-01-01"}), "invalid", "close_on"),
    "the year 9999, in which no deal is closed": (event({"close_on": "9999-12-31"}), "invalid", "close_on"),
    "milliseconds beyond the calendar": (cdc(commitTimestamp=2**62), "invalid", "ChangeEventHeader.commitTimestamp"),
    "10 MB": (b'{"specversion": "1.0", "x": "' + b"x" * 10_000_000 + b'"}', "too_long", ""),
    "an unknown entity": (cdc(entityName="Fridge"), "shape", "ChangeEventHeader.entityName"),
    "an unknown kind of change": (cdc(changeType="EXPLODE"), "shape", "ChangeEventHeader.changeType"),
    "another organisation": (hub(portalId=1), "shape", "dealreg-source"),
    "an account merged into itself": (account("DELETE", MasterRecordId=SALES.account(7)), "invalid", ""),
    "an account below itself": (account(ParentId=SALES.account(7), Name="x"), "invalid", ""),
    "no identifier of a record": (cdc(recordIds=["everything"]), "invalid", "ChangeEventHeader.recordIds"),
    "an amount that is none": (hub(propertyValue="a lot"), "invalid", "amount"),
    "a date of another kind than any": (
        data(estimatedclosedate="1948-02-29").replace(b"/Date(", b"/Soon("),
        "invalid",
        "OperationCreatedOn",
    ),
}

GOOD = {
    "the year 1948": (event({"close_on": "1948-02-29"}), "close_on", "1948-02-29"),
    "the year 2200": (event({"close_on": "2199-12-31"}), "close_on", "2199-12-31"),
    "64 bits": (event({"name": "n", "serial": 9223372036854775807}), "custom", "9223372036854775807"),
    "a date of Dataverse": (data(estimatedclosedate="1948-02-29"), "close_on", "1948-02-29"),
}


@pytest.fixture
def intake(ledger, database_url):
    documents = [MappingDocument.model_validate(crm.mapping) for crm in (SALES, DATA)]
    documents.append(MappingDocument.model_validate({**HUB.mapping, "organisation": "48975575"}))
    deciding = dispatch(ledger)
    command = PublishRulebook.model_validate({"document": RULES})
    desk = Actor(role=Role.DEAL_DESK, subject="d")
    deciding.decide_batch([Request(id="r", program=ProgramId(PROGRAM), actor=desk, command=command)])
    # Those of the day in place of the shipped ones, and the neutral one for any.
    neutral = [one for one in load_mappings() if one.source == "*"]
    return Intake(deciding, Reading(Mappings([*documents, *neutral]), PROGRAM))


def test_everything_bad_is_kept_with_its_bytes_and_a_reason_listed_and_counted(
    intake, ledger, database_url, monkeypatch
):
    monkeypatch.setenv("DATABASE_URL", database_url)
    bodies = {name: body for name, (body, _, _) in BAD.items()}
    verdicts = intake.process([delivered(body, number) for number, body in enumerate(bodies.values(), 1)])
    assert dict(zip(bodies, verdicts, strict=True)) == dict.fromkeys(bodies, Verdict.DEAD)
    listed = json.loads(CliRunner().invoke(verbs(), ["dead-letters", "list", "--json"]).stdout)
    told = dict(zip(bodies, sorted(listed, key=lambda row: row["sequence"]), strict=True))
    assert {name: (row["reason"], row["detail"]["field"]) for name, row in told.items()} == {
        name: (reason, field) for name, (_, reason, field) in BAD.items()
    }
    assert all(row["detail"]["words"] for row in listed)
    kept = ledger.run("SELECT sequence, bytes FROM intake.dead_letters")
    assert {row["sequence"]: bytes(row["bytes"]) for row in kept} == dict(enumerate(bodies.values(), 1))
    assert (
        intake.figures["dead"]
        == len(BAD)
        == sum(intake.figures[f"dead:{why}"] for why in {why for _, why, _ in BAD.values()})
    )


@pytest.mark.parametrize("name", GOOD)
def test_what_is_only_odd_is_taken_as_it_stands(name, intake, ledger):
    body, field, value = GOOD[name]
    assert intake.process([delivered(body, 1)]) == [Verdict.DONE]
    (row,) = ledger.notifications(0, 1000, ["opportunity_changed.v1"])
    told = ledger.read(row).event
    if field == "custom":
        held = ledger.run("SELECT value FROM personal.held")
        assert value in {row["value"] for row in held}
    else:
        assert str(getattr(told, field)) == value
