"""Accounts and opportunities of a Salesforce organisation, through the intake, into a real ledger with the real core."""

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from dealreg.account.state import ACCOUNT
from dealreg.customer.state import CUSTOMER, IDENTIFIER
from dealreg.matching.identifiers import salesforce_18
from dealreg.registration.state import REGISTRATION
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service import composition
from dealreg.service.intake import dead_letters, following
from dealreg.service.intake.core import Intake
from dealreg.service.intake.delivery import Verdict
from dealreg.service.intake.mapping import load_mappings
from dealreg.service.intake.reading import Reading
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.scenario import reading as scenarios
from dealreg.service.scenario.world import World
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import ProgramId, StreamId, account_id, identifier_stream
from tests.fix_intake import delivered, letters

T = datetime(2026, 3, 2, 9, tzinfo=UTC)
SOURCE, PROGRAM = "salesforce", ProgramId("reference")
RETRY, DONE, DEAD = Verdict.RETRY, Verdict.DONE, Verdict.DEAD


def record(number, kind="001"):
    return f"{kind}SM000000{number:03d}a"


def change(number, at, change_type="UPDATE", entity="Account", **fields):
    """A change event as CometD delivers it; ``at`` is the second of its commit."""
    kind = "001" if entity == "Account" else "006"
    header = {
        "entityName": entity,
        "recordIds": [record(number, kind)],
        "changeType": change_type,
        "changeOrigin": "",
        "transactionKey": f"{kind}-{number}-{at}",
        "sequenceNumber": 1,
        "commitTimestamp": int((T + timedelta(seconds=at)).timestamp() * 1000),
        "commitNumber": 2**53 + at,
        "changedFields": list(fields) if change_type == "UPDATE" else [],
        "nulledFields": [name for name, value in fields.items() if value is None],
    }
    given = {name: value for name, value in fields.items() if value is not None}
    return json.dumps({"data": {"schema": "x", "payload": {**given, "ChangeEventHeader": header}}}).encode()


def company(number, at, **more):
    address = {"Street": f"Werkstrasse {number}", "City": "Bonn", "PostalCode": f"5311{number}", "Country": "Germany"}
    name = ("Albatros", "Birkenhof", "Cäcilien", "Drachenfels", "Erzgebirge")[number]
    numbers = {"DunsNumber": f"15048378{number}"}
    return change(number, at, "CREATE", Name=f"{name} GmbH", BillingAddress=address, **numbers, **more)


STORY = [
    company(0, 1),
    company(1, 2, ParentId=record(0)),
    company(2, 3, ParentId=record(1)),
    company(3, 4),
    change(2, 5, ParentId=record(3)),
    company(4, 6, ParentId=record(3)),
    change(4, 7, "DELETE", MasterRecordId=record(1)),
    change(3, 8, "DELETE", MasterRecordId=record(0)),
    change(3, 9, "UNDELETE", Name="Drachenfels AG"),
    change(0, 10, Website="https://www.albatros.example"),
]
"""Five companies: 1 stands below 0, 2 below 1 and then below 3; 4 is merged into 1; 3 into 0, and brought back."""


def consumer(url):
    ledger = Ledger(url, pool_size=2)
    return ledger, Intake(composition.dispatch(ledger), Reading(load_mappings(), PROGRAM))


def set_out(ledger, **over):
    """The program of the scenarios, in force, with its partners."""
    world = World(scenarios.text_of(scenarios.folder() / scenarios.WORLD), {}, {})
    desk = Actor(role=Role.DEAL_DESK, subject="dana")
    asked = [PublishRulebook.model_validate({"document": world.document(over)}), *map(world._enrolment, world.partners)]
    requests = [Request(id=f"w{n}", program=PROGRAM, actor=desk, command=one) for n, one in enumerate(asked)]
    outcomes = composition.dispatch(ledger).decide_batch(requests)
    assert all(isinstance(one, Decided) for one in outcomes), outcomes


class Seen:
    """What a ledger says of the five companies."""

    def __init__(self, ledger):
        self._dispatch = composition.dispatch(ledger)

    def state(self, aggregate, stream):
        return self._dispatch.see({StreamId(stream): aggregate.name}).held[StreamId(stream)].state

    def account(self, number):
        return self.state(ACCOUNT, account_id(SOURCE, _long(number)))

    def customer(self, number):
        found = self.state(IDENTIFIER, identifier_stream(f"crm:{SOURCE}", _long(number))).customer
        while found is not None and self.state(CUSTOMER, found).into is not None:
            found = self.state(CUSTOMER, found).into
        return found

    def picture(self):
        """Which are one, who stands above whom, what each account says; no id of a customer, which is that of whoever opened it."""
        customers = {number: self.customer(number) for number in range(5)}
        same = {frozenset(n for n in customers if customers[n] == found) for found in customers.values()}
        above = {}
        for number, customer in customers.items():
            parent = self.state(CUSTOMER, customer).parents.at(T + timedelta(days=3000))
            above[number] = parent and min(n for n, found in customers.items() if found == parent)
        return same, above, [self.account(number).values for number in range(5)]


def _long(number):
    return salesforce_18(record(number))


EXPECTED = ({frozenset({0}), frozenset({1, 4}), frozenset({2}), frozenset({3})}, {0: None, 1: 0, 2: 3, 3: None, 4: 0})


def test_disorder_repeats_and_two_consumers_at_once_end_with_the_same_companies(database_url):
    ledger, first = consumer(database_url)
    second_ledger, second = consumer(database_url)
    set_out(ledger)
    arriving = [(n, body) for n, body in enumerate([*STORY, *STORY[::2]], 1)]
    random.Random(5).shuffle(arriving)
    deliveries = [delivered(body, n) for n, body in arriving]
    gate = threading.Barrier(2)

    def feed(intake, mine):
        gate.wait()
        for start in range(0, len(mine), 4):
            left = mine[start : start + 4]
            while left:
                verdicts = intake.process(left)
                left = [one for one, verdict in zip(left, verdicts, strict=True) if verdict is RETRY]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(feed, (first, second), (deliveries[::2], deliveries[1::2])))
    assert letters(ledger) == []
    assert Seen(ledger).picture()[:2] == EXPECTED
    for one in (ledger, second_ledger):
        one.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_another_order_ends_alike(database_url, seed):
    ledger, intake = consumer(database_url)
    set_out(ledger)
    arriving = list(enumerate(STORY, 1))
    random.Random(seed).shuffle(arriving)
    for number, body in arriving:
        assert intake.process([delivered(body, number)]) == [DONE]
    picture = Seen(ledger).picture()
    assert picture[:2] == EXPECTED
    assert (picture[2][3].name, picture[2][2].parent) == ("Drachenfels AG", _long(3))
    ledger.close()


def test_a_holding_that_comes_last_and_a_deep_group_are_decided_by_a_consumer_that_knows_nothing_yet(
    database_url, monkeypatch
):
    """Sixty companies wait for one; then a message at the bottom of a group of nine, to a process that has read nothing."""
    ledger, intake = consumer(database_url)
    set_out(ledger)
    below = [
        change(
            number,
            number,
            "CREATE",
            Name=f"Werk {number * 7919}",
            DunsNumber=f"{200000000 + number}",
            ParentId=record(0),
        )
        for number in range(1, 61)
    ]
    assert set(intake.process([delivered(body, n) for n, body in enumerate(below, 1)])) == {DONE}
    holding = delivered(company(0, 100), 100)
    cold, fresh = consumer(database_url)
    seen = Seen(ledger)
    with monkeypatch.context() as killed:
        killed.setattr(following, "followed", lambda *_: [])  # Killed after the save, before anything was acknowledged.
        assert fresh.process([holding]) == [DONE]
    assert len(seen.account(0).awaited_by) == 40
    assert fresh.process([holding]) == [DONE]
    assert fresh.process([holding]) == [DONE]  # Delivered again: nothing is followed twice.
    assert len(seen.state(CUSTOMER, seen.customer(0)).below) == 60
    assert seen.account(0).awaited_by == frozenset()
    cold.close()
    deep = [change(n, 200 + n, ParentId=record(n - 1)) for n in range(2, 10)]
    assert set(intake.process([delivered(body, 200 + n) for n, body in enumerate(deep)])) == {DONE}
    cold, fresh = consumer(database_url)
    bottom = delivered(change(9, 300, Name="Werk am Ende"), 300)
    verdicts = [fresh.process([bottom])[0]]
    while verdicts[-1] is RETRY:
        verdicts.append(fresh.process([bottom])[0])
    assert verdicts[-1] is DONE
    assert len(verdicts) <= 2  # In two goes at most.
    cold.close()
    ledger.close()


def test_what_contradicts_itself_is_a_dead_letter_with_the_reason_and_goes_on_after_a_fix(database_url):
    ledger, intake = consumer(database_url)
    set_out(ledger)
    itself = change(0, 20, "DELETE", MasterRecordId=record(0))
    parents = [company(0, 1, ParentId=record(1)), company(1, 2, ParentId=record(2)), company(2, 3, ParentId=record(0))]
    verdicts = intake.process([delivered(body, n) for n, body in enumerate([*parents, itself], 1)])
    assert verdicts == [DONE, DONE, DEAD, DEAD]
    merged, circle = letters(ledger)
    assert (circle["reason"], merged["reason"]) == ("refused", "invalid")
    assert "would stand above itself" in circle["detail"]["words"]
    assert "merged into itself" in merged["detail"]["words"]
    assert (bytes(circle["bytes"]), bytes(merged["bytes"])) == (parents[2], itself)
    assert intake.process([delivered(parents[2], 3)]) == [DEAD]  # Delivered again before anything was acknowledged.
    assert len(letters(ledger)) == 2
    assert intake.process([delivered(change(1, 30, ParentId=None), 5)]) == [DONE]
    again = {dead_letters.REPLAY_HEADER: str(circle["id"])}
    assert intake.process([delivered(parents[2], 6, again)]) == [DONE]
    assert [row["resolution"] for row in letters(ledger)] == [None, "decided"]
    seen = Seen(ledger)
    assert seen.account(2).refused == {}
    above = {n: seen.state(CUSTOMER, seen.customer(n)).parents.at(T + timedelta(days=3000)) for n in range(3)}
    assert above == {0: seen.customer(1), 1: None, 2: seen.customer(0)}
    ledger.close()


def test_an_opportunity_is_filed_for_the_company_that_its_account_tells_of(database_url):
    ledger, intake = consumer(database_url)
    set_out(ledger)
    deal = {
        "Name": "Line 4", "StageName": "Qualification", "AccountId": record(0), "Partner_Account__c": "bauer",
        "Distributor_Account__c": "nordwind", "Product_Lines__c": "drives", "Territory__c": "DE", "Amount": 20000,
        "CurrencyIsoCode": "EUR", "CloseDate": "2026-12-18", "Customer_Contact__c": "Ada",
    }  # fmt: skip
    messages = [company(0, 1), change(7, 2, "CREATE", "Opportunity", **deal)]
    assert intake.process([delivered(body, n) for n, body in enumerate(messages, 1)]) == [DONE, DONE]
    submitted = [ledger.read(row) for row in ledger.notifications(0, 1000, ["registration_submitted.v1"])]
    assert [fact.event.customer_name for fact in submitted] == ["Albatros GmbH"]
    seen = Seen(ledger)
    assert submitted[0].event.customer == seen.customer(0)
    assert seen.state(REGISTRATION, submitted[0].event.registration).exists
    ledger.close()
