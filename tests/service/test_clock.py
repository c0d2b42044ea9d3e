"""The clock role: what fell due while nobody was there takes place at its due instant, once."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from dealreg.feed.commands import ReconcileFeed, ReportFeedGap
from dealreg.file.events import LegReleased, LineOffered, ProtectionLapsed
from dealreg.opportunity.commands import FoldOpportunity
from dealreg.partner.commands import ChangeStanding, EnrolPartner
from dealreg.registration.commands import FileRegistration
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service import timekeeping
from dealreg.service.composition import dispatch
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.projecting.asking import Reading
from dealreg.service.projecting.projector import Projector
from dealreg.service.settings import pinned
from dealreg.service.timekeeping import LOOK_SECONDS, Timekeeper, leading
from dealreg.vocabulary.fact import Actor, Command, Request, Role
from dealreg.vocabulary.ids import PartnerId, ProgramId, StreamId, file_stream
from dealreg.vocabulary.values import Standing

PROGRAM = ProgramId("reference")
DESK = Actor(role=Role.DEAL_DESK, subject="desk")
CRM = Actor(role=Role.CRM, subject="crm")
LONG_AGO = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)
"""60 days from any hour of 1 March 2026 in Berlin: last day 30 April, free from 1 May 00:00 there (rules.md section 1)."""

DEALER_FREE = datetime(2026, 4, 30, 22, tzinfo=UTC)
DISTRIBUTOR_FREE = datetime(2026, 5, 30, 22, tzinfo=UTC)


@dataclass
class Office:
    """A ledger with a program, its read models, and a clock that a test lets look."""

    url: str
    ledger: Ledger
    dispatch: Dispatch
    reading: Reading

    def ask(self, command: Command, request: str, actor: Actor = DESK, at: datetime | None = None) -> dict[str, Any]:
        asking = Request(id=request, program=PROGRAM, actor=actor, command=command, door_at=at)
        outcome = self.dispatch.decide_batch([asking])[0]
        assert isinstance(outcome, Decided), outcome
        return outcome.answer

    def file(self, dealer: str, request: str, at: datetime) -> dict[str, Any]:
        said = {
            "filed_by": dealer,
            "customer": {"identifiers": [{"scheme": "domain", "value": "acme.example"}]},
            "lines": [
                {
                    "line": "storage",
                    "scope": {"territory": "EMEA"},
                    "legs": [{"tier": "distributor", "partner": "north"}, {"tier": "dealer", "partner": dealer}],
                }
            ],
            "value": {"amount": "20000", "currency": "EUR"},
        }
        return self.ask(FileRegistration.model_validate(said), request, CRM, at)

    def feed(self, number: int, at: datetime) -> str:
        """An opportunity that a CRM's feed brought; its customer."""
        said = {
            "source": "crm-a", "record": f"r{number}", "digest": f"{number:064x}", "order": "1", "change": "created", "changed_at": at,
            "stage": "qualified", "customer_name": f"Customer {number}", "country": "DE", "partner": "anna", "distributor": "north",
            "identifiers": [{"scheme": "domain", "value": f"customer-{number}.example"}], "lines": ["storage"], "territory": "EMEA",
            "amount": "20000", "currency": "EUR",
        }  # fmt: skip
        answer = self.ask(FoldOpportunity.model_validate({"message": said}), f"fed {number}", CRM, at)
        assert answer["did"] == "filed", answer
        return str(answer["customer"])

    def keeper(self) -> Timekeeper:
        Projector(pinned(self.url, "dealreg_projector"), strict=True).catch_up()
        return Timekeeper(self.dispatch, self.reading)

    def facts(self, customer: str) -> list[Recorded]:
        stream = StreamId(file_stream(PROGRAM, UUID(customer)))
        return [self.ledger.read(row) for row in self.ledger.read_many({stream: 0}).rows]


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    with Ledger(pinned(database_url, "dealreg_app")) as ledger, Reading(database_url) as reading:
        made = Office(database_url, ledger, dispatch(ledger), reading)
        rulebook = {
            "program": PROGRAM,
            "version": "1",
            "force_from": "2026-01-01T00:00:00Z",
            "territories": [{"territory": "EMEA"}],
            "product_lines": [{"line": "storage"}],
            "clauses": {
                "ROE-2": {"required": ["customer", "value", "distributor"]},
                "ROE-14": {"in_force": False},
            },
        }
        made.ask(PublishRulebook.model_validate({"document": rulebook}), "rulebook")
        for name, track, above in (
            ("north", "distributor", []),
            ("anna", "dealer", ["north"]),
            ("bert", "dealer", ["north"]),
        ):
            said = {
                "partner": name,
                "track": track,
                "parents": above,
                "lines": ["storage"],
                "territories": ["EMEA"],
                "effective_from": "2026-01-01T00:00:00Z",
            }
            made.ask(EnrolPartner.model_validate(said), f"enrol {name}")
        yield made


def test_what_fell_due_while_the_clock_was_down_took_effect_on_its_day(office: Office) -> None:
    customer = office.file("anna", "first", LONG_AGO)["customer"]
    office.keeper().look()
    lapsed = [fact for fact in office.facts(customer) if isinstance(fact.event, ProtectionLapsed)]
    assert [
        (fact.event.tier, fact.meta.effective_at) for fact in lapsed if isinstance(fact.event, ProtectionLapsed)
    ] == [
        ("dealer", DEALER_FREE),
        ("distributor", DISTRIBUTOR_FREE),
    ]


def test_a_standing_is_seen_in_a_file_that_nobody_touches(office: Office) -> None:
    """It holds as of its own instant; noted once, there is nothing left to ask (ROE-16)."""
    customer = office.file("anna", "first", office.ledger.clock())["customer"]
    said = office.ask(ChangeStanding(partner=PartnerId("anna"), standing=Standing.TERMINATED), "out")
    keeper = office.keeper()
    keeper.look()
    made = office.facts(customer)
    released = [fact for fact in made if isinstance(fact.event, LegReleased)]
    assert [(fact.event.tier, fact.event.clause) for fact in released if isinstance(fact.event, LegReleased)] == [
        ("dealer", "ROE-16")
    ]
    assert released[0].meta.effective_at == datetime.fromisoformat(str(said["effective_from"]))
    office.keeper().look()
    assert office.facts(customer) == made
    assert office.reading.ask("standings_to_note", "due", None, Role.CLOCK, {"at": office.ledger.clock()}) == []


def test_a_standing_of_a_later_day_waits_for_it(office: Office) -> None:
    customer = office.file("anna", "first", office.ledger.clock())["customer"]
    later = office.ledger.clock() + timedelta(days=1)
    office.ask(ChangeStanding(partner=PartnerId("north"), standing=Standing.SUSPENDED, effective_from=later), "later")
    before = office.facts(customer)
    office.keeper().look()
    assert office.facts(customer) == before
    due = office.reading.ask("standings_to_note", "due", None, Role.CLOCK, {"at": later})
    assert [(row["subject"], row["due_at"]) for row in due] == [(UUID(customer), later)]


def test_two_clocks_let_it_happen_once(office: Office) -> None:
    customer = office.file("anna", "first", LONG_AGO)["customer"]
    keepers = [office.keeper(), office.keeper(), office.keeper(), office.keeper()]
    threads = [threading.Thread(target=keeper.look) for keeper in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    office.keeper().look()
    lapsed = [fact for fact in office.facts(customer) if isinstance(fact.event, ProtectionLapsed)]
    assert len(lapsed) == 2


def test_the_head_of_the_queue_is_offered_the_line_with_time_from_the_notice(office: Office) -> None:
    customer = office.file("anna", "first", LONG_AGO)["customer"]
    office.file("bert", "second", LONG_AGO + timedelta(hours=1))
    office.keeper().look()
    offered = [fact for fact in office.facts(customer) if isinstance(fact.event, LineOffered)]
    assert len(offered) == 1
    assert offered[0].meta.effective_at == DISTRIBUTOR_FREE
    assert isinstance(offered[0].event, LineOffered)
    assert offered[0].event.offer_to > datetime.now(UTC), "our delay costs nobody: the answer counts from the notice"


def test_nothing_is_asked_of_a_stream_of_which_nothing_is_due(office: Office) -> None:
    customer = office.file("anna", "first", datetime.now(UTC) - timedelta(hours=1))["customer"]
    before = len(office.facts(customer))
    pause = office.keeper().look()
    assert 0 < pause <= LOOK_SECONDS
    assert len(office.facts(customer)) == before


def test_a_second_look_finds_nothing_left(office: Office) -> None:
    customer = office.file("anna", "first", LONG_AGO)["customer"]
    keeper = office.keeper()
    keeper.look()
    once = len(office.facts(customer))
    keeper.look()
    office.keeper().look()
    assert len(office.facts(customer)) == once


def test_only_one_clock_leads_and_the_next_takes_over(office: Office) -> None:
    stop = threading.Event()
    with leading(office.url, stop) as first:
        assert first
        stop.set()
        with leading(office.url, stop) as second:
            assert not second
    stop.clear()
    with leading(office.url, stop) as third:
        assert third


def test_what_a_gap_of_a_feed_holds_waits_and_holds_up_nobody_else(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More files are held than one look sees; a file that no feed fills lapses on its day, the others once the feed is whole (ROE-22)."""
    monkeypatch.setattr(timekeeping, "LOOKED_AT", 2)
    held = [office.feed(number, LONG_AGO) for number in range(5)]
    gap = office.ask(ReportFeedGap(source="crm-a", since=LONG_AGO, why="its replay id is too old"), "gap", CRM)["gap"]
    free = office.file("bert", "portal", LONG_AGO + timedelta(days=9))["customer"]
    keeper = office.keeper()
    for _ in range(4):
        keeper.look()
    assert [type(fact.event) for fact in office.facts(free)].count(ProtectionLapsed) == 2
    assert not any(isinstance(fact.event, ProtectionLapsed) for customer in held for fact in office.facts(customer))
    office.ask(ReconcileFeed(source="crm-a", gap=UUID(str(gap)), reason="compared"), "whole")
    (closed,) = [office.ledger.read(row) for row in office.ledger.notifications(0, 1000, ["feed_reconciled.v1"])]
    for _ in range(4):
        office.keeper().look()
    lapsed = [fact for customer in held for fact in office.facts(customer) if isinstance(fact.event, ProtectionLapsed)]
    assert len(lapsed) == 2 * len(held)
    assert {fact.meta.effective_at for fact in lapsed} == {closed.meta.effective_at}
