"""What became of a record stands in the CRM: written when it changed, once, tried again, and its echo is no news."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from dealreg.registration.commands import WithdrawRegistration
from dealreg.service.composition import dispatch
from dealreg.service.intake.core import Intake
from dealreg.service.intake.delivery import Delivery, Verdict
from dealreg.service.intake.mapping import MappingDocument, Mappings
from dealreg.service.intake.reading import Reading
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.outbox.audiences import Audience, Channel
from dealreg.service.outbox.connecting import connect, turn
from dealreg.service.outbox.message import of_fact
from dealreg.service.outbox.running import catch_up
from dealreg.service.projecting.binding import Row
from dealreg.service.replay import Replay
from dealreg.service.sources.http import Patience
from dealreg.service.sources.known import client_of
from dealreg.service.writeback.following import NAME, Noting
from dealreg.service.writeback.listing import again, failures
from dealreg.service.writeback.saying import Riding, said
from dealreg.service.writeback.writing import Writing
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import PartnerId, ProgramId
from tests.fix_sources import Fault, at
from tests.fix_web import PROGRAM
from tests.service.test_crash import program

RECORD = "006000000000001AAA"
QUICK = Patience(attempts=2, seconds=5, first_pause=0.01, longest_pause=0.02)
COMMITTED = datetime.now(UTC) - timedelta(hours=1)
FIELDS = {"status": "Registration__c", "protected_until": "Protected_Until__c", "partner": "Registered_By__c"}
"""Our words, and the CRM's fields for them."""


def mapping(url):
    return MappingDocument.model_validate({
        "source": "sf", "format": "salesforce", "client": "dealreg-app", "currency": "EUR", "program": PROGRAM,
        "fields": {"customer_name": "Customer__c", "country": "Country__c", "partner": "Dealer__c", "distributor": "Distributor__c", "lines": "Lines__c",
                   "territory": "Territory__c", "amount": "Amount", "close_on": "CloseDate", "stage": "StageName", "customer_ref": "AccountId", "contact": "Contact__c"},
        "ignored": list(FIELDS.values()),
        "api": {"url": url, "token": "CRM_TOKEN", "quota": {"reads_per_second": 1000, "writes_per_second": 1000}},
        "write": {"fields": FIELDS, "states": {"protected": "Protected", "withdrawn": "Withdrawn"}},
    })  # fmt: skip


FILED = {
    "Customer__c": "Łódź Pumps GmbH", "Country__c": "DE", "Dealer__c": "ALPHA", "Distributor__c": "NORTH", "Lines__c": "storage", "Territory__c": "DE",
    "Amount": 48000, "CloseDate": "2027-03-31", "StageName": "Qualification", "AccountId": "001000000000001AAA", "Contact__c": "Jan Kowalski",
}  # fmt: skip


class World:
    """The intake and the write-back over one ledger, and the CRM that they speak with."""

    def __init__(self, url, ledger, sources):
        self.url, self.ledger, self.sources = url, ledger, sources
        self.mappings = Mappings([mapping(sources.url)])
        self.decide = dispatch(ledger)
        self.intake = Intake(self.decide, Reading(self.mappings, PROGRAM))
        self.number = 0
        assert all(isinstance(outcome, Decided) for outcome in self.decide.decide_batch(list(program())))

    def hear(self, fields, *, client="", change="UPDATE", record=RECORD):
        """A change of the record as Salesforce tells it; through which app it was made stands in its origin."""
        self.number += 1
        header = {
            "entityName": "Opportunity", "recordIds": [record], "changeType": change, "changeOrigin": f"com/salesforce/api/rest/61.0;client={client}",
            "transactionKey": f"t{self.number}", "sequenceNumber": 1, "commitTimestamp": int(COMMITTED.timestamp() * 1000) + self.number,
            "commitNumber": self.number, "commitUser": "005000000000001AAA",
        }  # fmt: skip
        body = json.dumps({"payload": {"ChangeEventHeader": header, **fields}}).encode()
        delivery = Delivery(body, {}, "crm.opportunity.salesforce", "CRM", self.number, COMMITTED)
        assert self.intake.process([delivery]) == [Verdict.DONE]

    def tell(self):
        """Both followers, to their end; what was written meanwhile."""
        before = len(self.written)
        with Ledger(self.url, role="dealreg_auditor", pool_size=2) as audited:
            writing = Writing(Replay(audited), self.mappings, lambda one: client_of(one, QUICK))
            assert catch_up(self.url, Noting())
            assert catch_up(self.url, writing)
            writing.close()
        return [one.body for one in self.written[before:]]

    @property
    def written(self):
        return [one for one in self.sources.seen if one.method == "PATCH"]

    def failures(self):
        with connect(self.url) as connection:
            return failures(connection)

    def ask(self, role, partner, command):
        actor = Actor(role=role, subject=f"u-{partner}", partner=partner)
        request = Request(id=f"r{self.number}", program=ProgramId(PROGRAM), actor=actor, command=command)
        (outcome,) = self.decide.decide_batch([request])
        assert isinstance(outcome, Decided), outcome


@pytest.fixture
def world(database_url, ledger, sources):
    sources.put("Opportunity", RECORD, dict(FILED), at(0))
    made = World(database_url, ledger, sources)
    made.hear(FILED, change="CREATE")
    return made


def registration(world):
    row = world.ledger.run("SELECT originator_id AS id FROM ledger.events WHERE topic = 'registration_submitted.v1'")
    return row[0]["id"]


def withdraw(world):
    """Both legs: protected is whose leg still is."""
    for role, partner in ((Role.DEALER, "ALPHA"), (Role.DISTRIBUTOR, "NORTH")):
        world.ask(role, partner, WithdrawRegistration(registration=registration(world), partner=PartnerId(partner)))


def test_status_and_end_of_protection_are_written_and_the_echo_is_dropped(world):
    told = world.tell()
    held = world.sources.kinds["Opportunity"][RECORD].value
    assert (held["Registration__c"], held["Registered_By__c"]) == ("Protected", "ALPHA")
    assert held["Protected_Until__c"] > "2026"
    assert held["StageName"] == "Qualification"
    head = world.ledger.head()
    world.hear({**told[0], "Amount": 1}, client="dealreg-app")
    assert world.ledger.head() == head, "our own echo is news"
    world.hear(told[0])
    assert world.ledger.head() == head, "a source without a mark sends back what was written, and it is news"
    assert world.tell() == []


def test_only_what_changed_is_written_and_nothing_twice(world):
    assert len(world.tell()) == 1
    assert world.tell() == []
    world.hear({"StageName": "Proposal/Price Quote"})
    assert world.tell() == [], "another stage of the CRM is written back"
    withdraw(world)
    assert world.tell() == [{"Registration__c": "Withdrawn", "Protected_Until__c": None}]


def test_a_write_that_was_not_noted_is_written_again_and_is_the_same(world):
    (told,) = world.tell()
    held = dict(world.sources.kinds["Opportunity"][RECORD].value)
    with connect(world.url) as connection:
        connection.execute("UPDATE outbox.writes SET written = NULL, due = true")
    assert world.tell() == [told]
    assert world.sources.kinds["Opportunity"][RECORD].value == held


@pytest.mark.parametrize(("status", "tried_again"), [("503", True), ("401", True), ("400", False)])
def test_what_the_crm_does_not_take_is_listed(world, status, tried_again):
    world.sources.always.append(Fault(status))
    world.tell()
    (failed,) = world.failures()
    assert (failed.source, failed.record, failed.tries, failed.due) == ("sf", RECORD, 1, tried_again)
    world.sources.always.clear()
    assert world.tell() == [], "it is not left in peace for a while"
    with connect(world.url) as connection:
        assert again(connection) == 1
    assert len(world.tell()) == 1
    assert world.failures() == []


def test_what_it_refused_is_tried_when_there_is_something_else_to_say(world):
    world.sources.always.append(Fault("400"))
    world.tell()
    world.sources.always.clear()
    withdraw(world)
    (told,) = world.tell()
    assert told["Registration__c"] == "Withdrawn"
    assert world.failures() == []


def test_what_it_refuses_while_something_else_happens_is_tried_again_with_that(world):
    """Noted between the values that were refused and the note of the refusal: nobody would tell it otherwise until the next fact."""

    def meanwhile(one):
        client = client_of(one, QUICK)
        write = client.write

        def overtaken(*said):
            if not world.written:
                withdraw(world)
                assert catch_up(world.url, Noting())
            write(*said)

        client.write = overtaken  # type: ignore[method-assign]  # something happens while it writes
        return client

    world.sources.always.append(Fault("400"))
    assert catch_up(world.url, Noting())
    with Ledger(world.url, role="dealreg_auditor", pool_size=2) as audited, turn(world.url, "t") as connection:
        assert connection is not None
        writing = Writing(Replay(audited), world.mappings, meanwhile)
        writing.step(connection)
        writing.close()
        connection.execute("UPDATE outbox.writes SET due_at = clock_timestamp()")
    world.sources.always.clear()
    (told,) = world.tell()
    assert told["Registration__c"] == "Withdrawn"
    assert world.failures() == []


def test_one_process_at_a_time_writes(world):
    with turn(world.url, Writing.name) as held, connect(world.url) as connection:
        assert held is not None
        assert catch_up(world.url, Noting())
        assert not catch_up(world.url, Writing(Replay(world.ledger), world.mappings))
        assert connection.execute("SELECT count(*) FROM outbox.writes WHERE due").fetchone() == (1,)
        assert connection.execute("SELECT position FROM outbox.positions WHERE audience = %s", [NAME]).fetchone() == (
            world.ledger.head(),
        )
    assert world.written == []


def test_of_several_registrations_on_one_record_the_protected_one_leads(world):
    """Five more that are incomplete, whatever their ids."""
    for number in range(2, 7):
        fields = {
            **FILED,
            "Customer__c": f"Customer {number} GmbH",
            "AccountId": f"00100000000000{number}AAA",
            "Contact__c": None,
        }
        world.hear(fields, change="CREATE", record=f"00600000000000{number}AAA")
    rows = world.ledger.run(
        "SELECT originator_id AS id FROM ledger.events WHERE topic = 'registration_submitted.v1' ORDER BY position"
    )
    riding = [Riding(PROGRAM, row["id"]) for row in rows]
    assert len(riding) == 6
    assert min(row["id"] for row in rows) != rows[0]["id"], "the protected one comes first by chance"
    replay = Replay(world.ledger)
    told = said(replay, riding, replay.moment(), world.mappings.of_source("sf").write)
    assert told["Registration__c"] == "Protected"
    assert (
        said(replay, riding[1:], replay.moment(), world.mappings.of_source("sf").write)["Registration__c"]
        == "incomplete"
    )
    assert said(replay, [], replay.moment(), world.mappings.of_source("sf").write) == {}


def test_what_is_personal_does_not_leave_the_house(world):
    names, channel = stored_names(), Channel("audit")
    rows = [
        Row(row.position, str(row.stream), row.version, row.topic, bytes(row.state), row.recorded_at.isoformat())
        for row in world.ledger.notifications(0, 1000)
    ]
    told = [of_fact(row, Audience.AUDIT, channel, row.position, names).body.decode() for row in rows]
    assert any("Łódź Pumps GmbH" in one for one in told)
    assert not [one for one in told if "Kowalski" in one]
