"""What is posted lies in the broker before it is answered, whichever broker it is; what is refused is seen, bounded, and gets a second chance."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

import nats
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from starlette.testclient import TestClient

from dealreg.cli.app import main
from dealreg.service.composition import House
from dealreg.service.intake.broker import ask_backlog, provision_broker
from dealreg.service.intake.mapping import load_mappings
from dealreg.service.intake.replaying import replay_letters
from dealreg.service.settings import Settings
from dealreg.service.webhooks.refusals import KEPT_A_DAY, LONGEST_KEPT
from dealreg.web.app import create
from dealreg.web.webhooks import LONGEST, Doorway
from tests.fix_intake import facts, letters
from tests.service.test_intake_broker import consumer, eventually
from tests.service.test_webhook_schemes import SECRET, URL, hubspot, standard

MAPPINGS = {
    "hubspot.yaml": f"""
source: hubspot
format: hubspot
organisation: "33"
webhook: {{scheme: hubspot, secret: HUBSPOT_SECRET, url: "{URL}"}}
""",
    "dataverse.yaml": """
source: contoso
format: dataverse
webhook: {scheme: dataverse, secret: DATAVERSE_KEY}
""",
    "partner.yaml": """
source: //crm.example/acme
format: neutral
webhook: {scheme: standard, secret: RELAY_SECRET}
""",
}
SOURCE = "//crm.example/acme"
DEAL = json.dumps(
    [
        {
            "objectId": 7,
            "propertyName": "amount",
            "propertyValue": "5",
            "eventId": 1,
            "subscriptionId": 25,
            "portalId": 33,
            "appId": 1,
            "occurredAt": 1772452800000,
            "subscriptionType": "deal.propertyChange",
            "attemptNumber": 0,
        }
    ]
).encode()


class Door:
    """The app over a broker of its own, and what its figures say."""

    def __init__(self, house, url, prefix, client, app):
        self.house, self.url, self.prefix, self.client = house, url, prefix, client
        self.registry = CollectorRegistry()
        app.state.doorway = Doorway(house, self.registry, prefix)

    def post(self, source, body, headers=None, **more):
        return self.client.post(f"/webhooks/{source}", content=body, headers=headers, **more)

    def hubspot(self, body=DEAL, **more):
        return self.post("hubspot", body, hubspot(body, at=datetime.now(UTC), **more))

    def relayed(self, body, **headers):
        return self.post(SOURCE, body, {**standard(body, at=datetime.now(UTC)), **headers})

    def waiting(self):
        return ask_backlog(self.url, self.prefix).waiting

    def figures(self):
        text = generate_latest(self.registry).decode()
        return {
            line.split("{")[1].split("}")[0]: float(line.split()[-1])
            for line in text.splitlines()
            if line.startswith("dealreg_webhooks_total{")
        }


def event(number, **data):
    envelope = {
        "specversion": "1.0",
        "type": "dealreg.opportunity.changed.v1",
        "source": SOURCE,
        "id": f"e{number}",
        "time": "2026-03-02T10:00:00Z",
        "data": {"record": f"r{number}", "stage": "x", **data},
    }
    return json.dumps(envelope).encode()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "mappings"
    made.mkdir()
    for name, text in MAPPINGS.items():
        (made / name).write_text(text)
    return made


@pytest.fixture
def door_to(database_url, tmp_path, folder, monkeypatch):
    """Makes the door; what it is given in place of a database is the database."""
    monkeypatch.setenv("HUBSPOT_SECRET", "app secret")
    monkeypatch.setenv("DATAVERSE_KEY", "key of the endpoint")
    monkeypatch.setenv("RELAY_SECRET", SECRET)
    monkeypatch.setenv("INTAKE_MAPPINGS", str(folder))
    opened = []

    def make(url, prefix, database=database_url):
        settings = Settings(
            DEALREG_DATA=tmp_path / "dealreg", DATABASE_URL=database, INTAKE_URL=url, INTAKE_MAPPINGS=folder
        )
        house = House(settings)
        app = create(house)
        door = Door(house, url, prefix, TestClient(app, raise_server_exceptions=False), app)
        door.client.__enter__()
        opened.append(door)
        return door

    yield make
    for door in opened:
        door.client.__exit__(None, None, None)
        door.house.close()


@pytest.fixture
def door(door_to, nats_url, stream_prefix):
    provision_broker(nats_url, stream_prefix)
    return door_to(nats_url, stream_prefix)


@pytest.fixture(params=["nats", "kafka"])
def any_door(request, door_to):
    url = request.getfixturevalue(f"{request.param}_url")
    prefix = request.getfixturevalue("stream_prefix" if request.param == "nats" else "topic_prefix")
    provision_broker(url, prefix)
    return door_to(url, prefix)


async def in_the_broker(door):
    client = await nats.connect(door.url)
    try:
        pulling = await client.jetstream().pull_subscribe_bind("deal-intake", f"{door.prefix}CRM")
        return [(one.subject, dict(one.headers or {}), one.data) for one in await pulling.fetch(10, timeout=2)]
    finally:
        await client.close()


def test_what_is_posted_goes_through_the_broker_into_a_fact(any_door, database_url, ledger):
    body = event(1)
    for _ in range(2):
        assert any_door.relayed(body).status_code == 202
    assert any_door.relayed(b"no JSON").status_code == 202
    with consumer(any_door.url, database_url, any_door.prefix):
        eventually(lambda: len(letters(ledger)) == 1, "the dead letter")
        eventually(lambda: not any_door.waiting(), "an empty feed")
    assert [fact.event.record for fact in facts(ledger)] == ["r1"]
    assert [(row["reason"], bytes(row["bytes"])) for row in letters(ledger)] == [("not_json", b"no JSON")]


def test_a_post_that_comes_again_is_one_message_and_only_what_readers_need_travels(door):
    headers = {**hubspot(DEAL, at=datetime.now(UTC)), "Content-Type": "application/json", "Cookie": "a=b"}
    assert door.post("hubspot", DEAL, headers).json() == {"taken": True}
    assert door.post("hubspot", DEAL, headers).status_code == 202
    assert door.post("hubspot", DEAL, {**headers, **hubspot(DEAL, at=datetime.now(UTC))}).status_code == 202
    size: dict[str, Any] = {"x-ms-dynamics-msg-size-exceeded": "true", "authorization": "Bearer x"}
    # One that is no ASCII costs a message in NATS all its headers.
    size |= {"x-ms-dynamics-entity-name": "K\u00e4ufer".encode()}
    assert door.post("contoso?code=key%20of%20the%20endpoint", b"{}", size).status_code == 202
    found = asyncio.run(in_the_broker(door))
    assert [(subject.rpartition(".")[2], body) for subject, _, body in found] == [
        ("hubspot", DEAL),
        ("dataverse", b"{}"),
    ]
    names = [{name: value for name, value in headers.items() if name != "Nats-Msg-Id"} for _, headers, _ in found]
    assert names == [
        {"content-type": "application/json", "dealreg-source": "hubspot"},
        {"x-ms-dynamics-msg-size-exceeded": "true", "dealreg-source": "contoso"},
    ]


def test_events_in_headers_with_the_same_body_are_different_messages(door):
    body = b'{"record": "r1", "change": "deleted"}'
    told = {"ce-specversion": "1.0", "ce-type": "t", "ce-source": SOURCE}
    assert door.relayed(body, **told, **{"ce-id": "1"}).status_code == 202
    assert door.relayed(body, **told, **{"ce-id": "2"}).status_code == 202
    assert door.waiting() == 2


def test_what_is_forged_is_refused_kept_and_counted_and_never_reaches_the_broker(door, ledger, monkeypatch, capsys):
    stale = hubspot(DEAL, at=datetime(2026, 1, 1, tzinfo=UTC))
    wrong = {**hubspot(DEAL, at=datetime.now(UTC), secret="guess"), "Authorization": "Bearer stolen"}
    answers = [
        door.post("hubspot", DEAL, wrong),
        door.post("hubspot", DEAL + b" ", stale),
        door.post("contoso?code=x", b"{}"),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:dealreg:problem:forged")
        assert "ago" not in answer.text
    assert door.waiting() == 0
    rows = {bytes(row["bytes"]): row for row in letters(ledger)}
    assert {row["reason"] for row in rows.values()} == {"forged"}
    assert rows[DEAL]["detail"]["words"] == "the signature is not that of the app"
    assert "ago" in rows[DEAL + b" "]["detail"]["words"]
    assert "stolen" not in str(rows)
    assert (rows[DEAL]["stream"], rows[DEAL]["source"]) == ("webhook:hubspot", "hubspot")
    assert door.figures() == {'outcome="forged",source="hubspot"': 2, 'outcome="forged",source="contoso"': 1}
    monkeypatch.setattr(sys, "argv", ["dealreg", "dead-letters", "list", "--reason", "forged", "--json"])
    monkeypatch.setenv("DATABASE_URL", door.house.settings.database)
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main()
    assert len(json.loads(capsys.readouterr().out)) == 3


def test_nobody_fills_the_disk_through_the_door(door, ledger):
    for number in range(KEPT_A_DAY + 5):
        assert door.post("hubspot", f"guess {number}".encode()).status_code == 401
        assert door.post("hubspot", b"guess 0").status_code == 401
    assert len(letters(ledger)) == KEPT_A_DAY
    assert door.figures()['outcome="forged",source="hubspot"'] == 2 * (KEPT_A_DAY + 5)
    long = b"x" * (LONGEST + 1)
    for body in (long, b"x" * 10_000_000):
        answer = door.post("contoso", body)
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:dealreg:problem:too-long")
    kept = [row for row in letters(ledger) if row["reason"] == "too_long"]
    assert kept
    assert max(len(row["bytes"]) for row in letters(ledger)) == LONGEST_KEPT
    assert door.post("nobody", long).status_code == 404
    assert door.figures()['outcome="unknown",source="unknown"'] == 1
    assert door.waiting() == 0


def test_a_forged_one_that_was_the_sources_after_all_gets_its_second_chance_and_no_other(
    door, ledger, monkeypatch, folder
):
    """The wrong secret was installed; once it is put right, what was the source's is published, as of when it came."""
    monkeypatch.setenv("RELAY_SECRET", "whsec_bm90aGluZw==")
    good = event(1)
    assert door.relayed(good).status_code == 401
    assert door.relayed(b"x" * (LONGEST_KEPT + 1)).status_code == 401
    assert door.post("hubspot", DEAL).status_code == 401
    monkeypatch.setenv("RELAY_SECRET", SECRET)
    mappings = load_mappings(folder)
    assert replay_letters(ledger, door.url, prefix=door.prefix) == []
    (row,) = [row for row in letters(ledger) if bytes(row["bytes"]) == good]
    assert replay_letters(ledger, door.url, prefix=door.prefix, mappings=mappings) == [row["id"]]
    ((subject, headers, body),) = asyncio.run(in_the_broker(door))
    assert (subject.rpartition(".")[2], headers["dealreg-source"], body) == ("neutral", SOURCE, good)
    assert (headers["dealreg-replay-of"], "webhook-signature" in headers) == (str(row["id"]), False)


def test_a_source_tells_nothing_of_anothers_records(door, database_url, ledger):
    """A record that was read again comes the same way; only its own source, or our own reader, may tell it."""
    read = json.loads(event(1)) | {"type": "dealreg.record.read.v1", "source": "hubspot"}
    read["data"] = {
        "entity": "opportunity",
        "record": "7",
        "value": {"id": "7", "properties": {}, "updatedAt": "2026-03-02T10:00:00Z"},
    }
    assert door.relayed(json.dumps(read).encode()).status_code == 202
    assert door.relayed(json.dumps(json.loads(event(1)) | {"source": "//other"}).encode()).status_code == 202
    with consumer(door.url, database_url, door.prefix):
        eventually(lambda: len(letters(ledger)) == 2, "the dead letters")
    assert {row["reason"] for row in letters(ledger)} == {"shape"}
    assert facts(ledger) == []


def test_a_broker_that_is_away_sends_the_source_away_in_time_and_one_that_comes_back_takes_it(door, servers):
    assert door.hubspot().status_code == 202
    servers.nats.kill()
    began = time.monotonic()
    answer = door.hubspot(DEAL + b" ")
    assert (answer.status_code, answer.headers["retry-after"].isdigit()) == (503, True)
    assert time.monotonic() - began < 5
    assert answer.json()["type"] == "urn:dealreg:problem:unavailable"
    servers.nats.start()
    assert door.hubspot(DEAL + b"  ").status_code == 202
    assert door.waiting() == 2
    servers.nats.kill()
    time.sleep(6)  # The client has tried once and given up.
    servers.nats.start()
    assert door.hubspot(DEAL + b"   ").status_code == 202
    assert door.waiting() == 3
    assert door.figures()['outcome="unavailable",source="hubspot"'] == 1


def test_a_broker_that_is_there_and_does_not_answer_costs_the_source_no_more_time(
    door_to, kafka_url, kafka_server, topic_prefix
):
    provision_broker(kafka_url, topic_prefix)
    door = door_to(kafka_url, topic_prefix)
    assert door.hubspot().status_code == 202
    kafka_server.freeze()
    try:
        began = time.monotonic()
        assert door.hubspot().status_code == 503
        assert time.monotonic() - began < 5
    finally:
        kafka_server.thaw()
    assert door.hubspot().status_code == 202


def test_the_door_needs_no_database_not_even_to_refuse(door_to, nats_url, stream_prefix):
    provision_broker(nats_url, stream_prefix)
    door = door_to(nats_url, stream_prefix, database="postgresql://nobody@127.0.0.1:9/none")
    assert door.hubspot().status_code == 202
    assert door.hubspot(secret="guess").status_code == 401


def test_a_secret_that_is_missing_is_later_and_not_no(door, monkeypatch):
    monkeypatch.delenv("HUBSPOT_SECRET")
    answer = door.hubspot()
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert door.figures() == {'outcome="no_secret",source="hubspot"': 1}


def test_a_sender_of_cloud_events_may_ask_whether_it_may_post(door):
    answer = door.client.options(f"/webhooks/{SOURCE}", headers={"WebHook-Request-Origin": "crm.example"})
    assert (answer.status_code, answer.headers["webhook-allowed-origin"]) == (204, "crm.example")
    assert door.client.options("/webhooks/nobody").status_code == 404
    described = door.client.get("/openapi.json").json()["paths"]["/webhooks/{source}"]
    assert {*described} == {"post", "options"}
    assert described["post"]["security"] == []
    assert {"202", "401", "404", "413", "503"} <= described["post"]["responses"].keys()
