"""Files of customers that are merged and parted: nothing is lost on the way, whatever a file holds (ROE-24, architecture D13)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from dealreg.customer.commands import MergeCustomers, TellCustomersApart, UndoMerge
from dealreg.customer.state import CUSTOMER
from dealreg.file.by_value import from_value, model_of, to_value
from dealreg.file.evolve import FILE
from dealreg.file.identity_events import ClaimsTakenOver, FileClosed, FileReopened
from dealreg.file.state import CustomerFile
from dealreg.file.taking_over import as_taken_over, joined, parted, without
from dealreg.matching.apart import told_apart
from dealreg.process.case import MOST_MERGES
from dealreg.process.merge_files import MOST_IN_A_FACT
from dealreg.registration.commands import FileRegistration, WithdrawRegistration
from dealreg.service.scenario import reading
from dealreg.service.scenario.running import run
from dealreg.service.scenario.world import World
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import PartnerId, ProgramId, StreamId, file_stream

FOLDER = reading.folder()
WRITTEN = reading.text_of(FOLDER / reading.WORLD)
ABSORBED = UUID(int=7)
T = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def files():
    """The files of every third case, as it ends: between them they hold whatever a file may hold."""
    worlds = (run(reading.case_of(path), WRITTEN).world for path in reading.found([FOLDER])[::3])
    return [file for world in worlds for file in world.ledger.states.of_kind(FILE.name)]


def test_a_file_is_the_same_by_value(files):
    for file in files:
        stored = json.loads(to_value(file, CustomerFile).model_dump_json())
        assert from_value(model_of(CustomerFile).model_validate(stored), CustomerFile) == file


def test_the_cases_show_all_that_a_file_may_hold(files):
    """Else the two tests around this one would not see what is lost of it."""
    collections = {"claims", "overrides", "joinings", "conflicts", "ended", "prices", "clocks", "appeals"}
    assert {name for name in collections if not any(getattr(file, name) for file in files)} <= {"appeals", "joinings"}
    assert any(file.account.sales for file in files)


def test_what_is_joined_is_parted_again_without_loss(files):
    open_files = [file for file in files if file.closed_into is None and file.claims]
    for one, other in pairwise(open_files):
        if _ids(one) & _ids(other):
            continue  # the cases name things alike; two files of one ledger never hold the same one
        fresh = replace(other, claims={key: replace(claim, came_from=None) for key, claim in other.claims.items()})
        whole = joined(one, as_taken_over(fresh, ABSORBED, one.entries))
        assert set(whole.live) == {*one.live, *other.live}
        assert len({claim.entry for claim in whole.claims.values()}) == len(whole.claims)
        sides = parted(whole, fresh, ABSORBED)
        shifted = {claim.key: claim.entry for claim in sides.back.claims.values()}
        back = {key: replace(claim, entry=shifted[key]) for key, claim in fresh.claims.items()}
        assert sides.back.claims == back
        assert sides.back.account == fresh.account
        assert (sides.back.overrides, sides.back.conflicts) == (fresh.overrides, fresh.conflicts)
        assert sides.rest.claims == one.claims
        assert sides.rest.conflicts == one.conflicts
        assert without(whole, sides.back) == sides.rest


def _ids(file):
    """What a file holds, by id."""
    known = file.account
    told = {one.sale for one in known.sales} | {one.flag for one in known.flags} | {one.tender for one in known.tenders}
    told |= {one.opportunity for one in known.direct} | {one.override for one in file.overrides}
    return told | {key[0] for key in file.claims} | set(file.conflicts) | set(file.prices)


class Programs:
    """Programs in one ledger: who a customer is is one for all of them, their files are each one's own."""

    def __init__(self, *names):
        self.worlds = {name: World(WRITTEN | {"program": name}, {}, {}) for name in names}
        first = self.worlds[names[0]]
        for world in self.worlds.values():
            world.ledger = first.ledger
            world.set_out(set())
        self.ledger, self.asked = first.ledger, 0

    def ask(self, program, command, by, days=0):
        self.asked += 1
        actor = self.worlds[program].who(by, "by")
        asked = Request(id=f"q-{self.asked}", program=program, actor=actor, command=command)
        came = self.ledger.ask(asked, T + timedelta(days=days, minutes=self.asked))
        if came.refused is not None:
            raise came.refused
        return came

    def file(self, program, customer):
        return self.ledger.states.state(FILE, file_stream(program, customer))

    def registers(self, program, name, partner="bauer", line="drives", distributor="nordwind"):
        said = {
            "filed_by": partner,
            "customer": WRITTEN["customers"][name],
            "lines": [
                {
                    "line": line,
                    "scope": {"territory": "DE"},
                    "legs": [{"tier": "distributor", "partner": distributor}, {"tier": "dealer", "partner": partner}],
                }
            ],
            "value": {"amount": "20000", "currency": "EUR"},
            "close_on": "2026-12-01",
            "contact": {"ref": str(UUID(int=1)), "digest": "0" * 64},
        }
        came = self.ask(program, FileRegistration.model_validate(said), partner)
        submitted = came.facts[0].event if hasattr(came.facts[0].event, "registration") else None
        found = submitted or next(fact.event for fact in came.facts if hasattr(fact.event, "filed_by"))
        return found.registration, found.customer


def test_another_program_follows_with_its_next_decision():
    """The merge is said in one program; the files of the other are taken over before anything else is decided there."""
    programs = Programs("north", "south")
    _, one = programs.registers("north", "acme")
    there, other = programs.registers("south", "brandt", "dorn", distributor="suedkraft")
    programs.ask("north", MergeCustomers(customer=one, absorbed=other, reason="one company"), "dana")
    assert programs.file("south", other).closed_into is None
    second, customer = programs.registers("south", "acme", "claus")
    assert customer == one
    assert programs.file("south", other).closed_into == one
    held = programs.file("south", one)
    assert held.claims[there, "drives"].holds
    assert held.claims[second, "drives"].queue_clause is not None
    programs.ask("north", UndoMerge(customer=other, reason="two companies"), "dana")
    third, _ = programs.registers("south", "acme", "zoll", "relays")
    assert set(programs.file("south", other).claims) == {(there, "drives")}
    assert set(programs.file("south", one).claims) == {(second, "drives"), (third, "relays")}


def test_another_program_follows_an_undone_merge_from_the_closed_file_too():
    programs = Programs("north", "south")
    _, one = programs.registers("north", "acme")
    there, other = programs.registers("south", "brandt", "dorn", distributor="suedkraft")
    programs.ask("north", MergeCustomers(customer=one, absorbed=other, reason="one company"), "dana")
    programs.registers("south", "acme", "claus")
    programs.ask("north", UndoMerge(customer=other, reason="two companies"), "dana")
    programs.ask("south", WithdrawRegistration(registration=there, partner=PartnerId("dorn")), "dorn")
    assert set(programs.file("south", other).claims) == {(there, "drives")}
    assert programs.file("south", other).claims[there, "drives"].legs[1].state != "protected"


def test_a_chain_of_merges_is_bounded():
    programs = Programs("north")
    opened = [_opened(programs, number) for number in range(MOST_MERGES + 2)]
    for below, above in pairwise(opened[:-1]):
        programs.ask("north", MergeCustomers(customer=above, absorbed=below, reason="one"), "dana")
    with pytest.raises(Exception, match="too long"):
        programs.ask("north", MergeCustomers(customer=opened[-1], absorbed=opened[-2], reason="one"), "dana")
    programs.ask("north", MergeCustomers(customer=opened[-2], absorbed=opened[-1], reason="the other way"), "dana")
    assert programs.ledger.states.state(CUSTOMER, StreamId(opened[-2])).steps == MOST_MERGES


def _opened(programs, number):
    name = f"made-{number}"
    known = {"identifiers": [{"scheme": "duns", "value": f"{100000000 + number}"}], "name": f"Firma {number}"}
    WRITTEN["customers"].setdefault(name, known)
    return programs.registers("north", name)[1]


def test_a_file_of_many_claims_is_taken_over_in_bounded_facts():
    programs = Programs("north")
    into = _opened(programs, 100)
    customer = into
    for number in range(MOST_IN_A_FACT // 4 + 1):
        for line in ("drives", "relays", "panels", "spares"):
            customer = programs.registers("north", "brandt", ("bauer", "claus", "dorn")[number % 3], line)[1]
    came = programs.ask("north", MergeCustomers(customer=into, absorbed=customer, reason="one"), "dana")
    taken = [fact.event for fact in came.facts if isinstance(fact.event, ClaimsTakenOver)]
    assert len(taken) == 2
    assert max(len(event.holdings.claims) for event in taken) == MOST_IN_A_FACT
    before = programs.file("north", customer)
    after = programs.file("north", into)
    assert set(after.claims) >= set(before.claims)
    came = programs.ask("north", UndoMerge(customer=customer, reason="two"), "dana")
    kinds = [type(fact.event) for fact in came.facts]
    assert kinds.count(FileReopened) == 2
    assert set(programs.file("north", customer).claims) == set(before.claims)


def test_merging_twice_with_one_request_id_merges_once():
    programs = Programs("north")
    one, other = _opened(programs, 201), _opened(programs, 202)
    asked = Request(
        id="same", program=ProgramId("north"), actor=programs.worlds["north"].who("dana", "by"),
        command=MergeCustomers(customer=one, absorbed=other, reason="one"),
    )  # fmt: skip
    assert [type(fact.event) for fact in programs.ledger.ask(asked, T).facts].count(FileClosed) == 1
    assert programs.ledger.ask(asked, T).facts == ()


def test_who_filed_does_not_tell_whose_claim_it_is():
    programs = Programs("north")
    _, one = programs.registers("north", "acme")
    _, other = programs.registers("north", "acme_by_vat", "claus")
    told = TellCustomersApart(customer=one, other=other, reason="two")
    actor = programs.worlds["north"].who("dana", "by").model_copy(update={"subject": "claus-desk"})
    came = programs.ledger.ask(
        Request(id="x", program=ProgramId("north"), actor=actor, command=told), T + timedelta(hours=1)
    )
    assert "you filed this yourself" in str(came.refused)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ([("duns", "1")], [("duns", "2")], True),
        ([("duns", "1")], [("duns", "1")], False),
        ([("duns", "1"), ("duns", "2")], [("duns", "2"), ("duns", "3")], False),
        ([("duns", "1")], [("vat", "DE1")], False),
        ([("vat", "DE1")], [("vat", "DE2")], True),
        ([("vat", "DE1")], [("vat", "FR2")], False),
        ([("domain", "a.com")], [("domain", "b.com")], False),
        ([("crm:eu", "1")], [("crm:eu", "2")], True),
        ([("crm:eu", "1")], [("crm:us", "2")], False),
        ([("duns", "1"), ("lei", "L")], [("duns", "2"), ("lei", "L")], True),
        ([], [("duns", "1")], False),
    ],
)  # fmt: skip
def test_numbers_of_one_register_tell_apart(one, other, apart):
    assert told_apart(one, other) is apart
    assert told_apart(other, one) is apart


def test_under_a_name_that_many_carry_a_claim_waits_until_it_is_told_from_all():
    """Whom it may meet cannot be looked through, so it waits for a person, who tells it from all of them at once."""
    programs = Programs("north")
    for number in range(12):
        place = {"name": "Stadtwerke", "country": "DE", "place": f"Ort {number}"}
        WRITTEN["customers"].setdefault(f"works-{number}", place)
    found = [programs.registers("north", f"works-{number}", line="drives") for number in range(12)]
    registration, customer = found[-1]
    state = programs.ledger.states.state(CUSTOMER, StreamId(customer))
    assert state.common_name
    assert programs.file("north", customer).claims[registration, "drives"].queue_clause == "ROE-24"
    for number in range(8):
        told = TellCustomersApart(customer=customer, other=found[number][1], reason="not that one")
        programs.ask("north", told, "dana", days=1)
        assert programs.file("north", customer).claims[registration, "drives"].queue_clause == "ROE-24", number
    programs.ask("north", TellCustomersApart(customer=customer, reason="none of them"), "dana", days=1)
    assert programs.file("north", customer).claims[registration, "drives"].holds


def test_a_merge_says_who_a_customer_of_a_common_name_is():
    programs = Programs("north")
    for number in range(10):
        place = {"name": "Stadtwerke", "country": "DE", "place": f"Ort {number}"}
        WRITTEN["customers"].setdefault(f"works-{number}", place)
    found = [programs.registers("north", f"works-{number}")[1] for number in range(10)]
    assert programs.ledger.states.state(CUSTOMER, StreamId(found[-1])).common_name
    programs.ask("north", MergeCustomers(customer=found[-1], absorbed=found[0], reason="that one"), "dana")
    assert not programs.ledger.states.state(CUSTOMER, StreamId(found[-1])).common_name
