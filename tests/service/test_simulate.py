"""Whole invented programs: the same from the same seed, like real ones in the two figures that are published, equal in every target."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from dealreg.matching.identifiers import canonical
from dealreg.process import deciding
from dealreg.service.composition import dispatch
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.simulating.counting import PUBLISHED, Tally
from dealreg.service.simulating.customers import buyers
from dealreg.service.simulating.log import LogWriter, Malformed, read_log, read_rows
from dealreg.service.simulating.parties import Parties
from dealreg.service.simulating.plan import plan
from dealreg.service.simulating.recording import Diverged, NotEmpty, check_room, clock_held, record
from dealreg.service.simulating.simulation import Simulation

SMALL: dict[str, Any] = {"partners": 20, "registrations": 120}


def dealreg(*words, **environment):
    named = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "INTAKE_URL"}}
    asked = [sys.executable, "-m", "dealreg", "simulate", *map(str, words)]
    return subprocess.run(asked, capture_output=True, text=True, env={**named, **environment}, timeout=110, check=False)


def ran(**options):
    simulation, tally = Simulation(plan(**options)), Tally()
    for step in simulation.steps():
        tally.heard(step.came, step.at)
    return simulation, tally


@pytest.fixture(scope="module")
def year():
    """A year of a program of ordinary size."""
    return ran(seed=2, partners=40, registrations=800)


def test_same_seed_gives_the_same_file_byte_for_byte_and_another_seed_another(tmp_path):
    """In processes of their own, with hashes of strings that differ: no order may hang on them."""
    logs = []
    for number, seed in enumerate((7, 7, 8)):
        out = tmp_path / f"{number}.jsonl"
        options = ("--seed", seed, "--partners", 20, "--registrations", 80, "--out", out, "--json")
        done = dealreg(*options, PYTHONHASHSEED=str(number + 1))
        assert done.returncode == 0, done.stderr
        logs.append((out.read_bytes(), {k: v for k, v in json.loads(done.stdout).items() if k != "this_run"}))
    assert logs[0] == logs[1]
    assert logs[0][0] != logs[2][0]


def test_shares_of_conflicts_and_approvals_are_like_the_published_ones(year):
    report = year[1].report()
    assert report["registrations"] >= 750
    for name, published in PUBLISHED.items():
        low, high = published["aim"]
        assert low <= report["statistics"][name]["reached"] <= high
        assert low <= published["published"] <= high
        assert report["statistics"][name]["source"]


def test_a_year_has_something_of_everything(year):
    _, tally = year
    by_clock = {name for name in deciding.COMMANDS if name.startswith("Bring")}
    expected = {
        "FileRegistration", "SupplementRegistration", "ReturnRegistration", "ApproveRegistration", "DeclineRegistration",
        "WithdrawRegistration", "RecordProgress", "AddEvidence", "ReportOutcome", "AnswerOffer", "InvitePartner",
        "AnswerJoining", "RuleOnConflict", "ProposeOverride", "ApproveOverride", "FoldOpportunity", "ChangeStanding",
        "ChangeTier", "EnrolPartner", "PublishRulebook", "AskExtension", "DecideExtension", "RequestSpecialPrice",
        "DecideSpecialPrice", "AppealDecision", "RuleOnAppeal",
    } | {"BringFileToDue", "BringRegistrationToDue", "BringOverrideToDue"}  # fmt: skip
    assert by_clock
    assert expected <= set(tally.asked)
    assert {"ROE-1", "ROE-3", "ROE-30"} <= set(tally.clauses)
    assert {"cross_tier", "horizontal_dealer", "horizontal_distributor"} <= set(tally.kinds)
    assert tally.rulings["departing from the proposal"] < tally.rulings["by the desk"]
    assert tally.refused < 0.05 * sum(tally.asked.values())


def test_nothing_is_recorded_outside_the_years_asked_for():
    simulation, tally = ran(seed=1, begins=date(2023, 7, 1), years=2, **SMALL)
    assert tally.first == simulation.plan.begins == datetime(2023, 6, 30, 22, tzinfo=UTC)
    assert simulation.plan.begins + timedelta(days=700) < tally.last < simulation.plan.ends
    assert tally.facts["rulebook_published.v1"] == 2


def test_log_reads_back_as_what_was_recorded(tmp_path):
    out, simulation = tmp_path / "log.jsonl", Simulation(plan(**SMALL))
    recorded: list[Any] = []
    with LogWriter(out) as log:
        for step in simulation.steps():
            log.write(step.came.facts, step.at)
            recorded.extend(step.came.facts)
    assert list(read_log(out)) == recorded
    rows = list(read_rows(out))
    assert [row.position for row in rows] == list(range(1, len(recorded) + 1))
    instants = [row.recorded_at for row in rows]
    assert instants == sorted(instants)


def test_two_decisions_of_one_instant_are_recorded_one_after_another(tmp_path):
    out, simulation = tmp_path / "log.jsonl", Simulation(plan(**SMALL))
    first, second, *_ = [step for step in simulation.steps() if step.came.facts]
    assert first.at == second.at
    with LogWriter(out) as log:
        log.write(first.came.facts, first.at)
        log.write(second.came.facts, second.at)
    instants = {row.stream: row.recorded_at for row in read_rows(out)}
    assert sorted(instants.values()) == [first.at, first.at + timedelta(microseconds=1)]


@pytest.mark.parametrize("line", ["{}", "no JSON", '{"stream": "x", "state": {}}', '{"stream":"","version":1}'])
def test_a_line_that_is_no_fact_is_named(tmp_path, line):
    broken = tmp_path / "log.jsonl"
    broken.write_text(line + "\n")
    with pytest.raises(Malformed, match="line 1"):
        list(read_rows(broken))


def test_database_comes_to_the_same_facts_as_memory(database_url):
    simulation = Simulation(plan(**SMALL))
    with Ledger(database_url) as ledger:
        check_room(ledger, simulation)
        steps = list(record(dispatch(ledger), simulation))
        facts = [ledger.read(row) for row in ledger.notifications(0, 100_000)]
        shown = ledger.run("SELECT count(*) AS names FROM personal.held", [])[0]["names"]
    kept = [fact for fact in facts if fact.meta.program == simulation.plan.program]
    expected = [fact for step in steps for fact in step.came.facts]
    assert len(kept) == len(expected) > 1000
    for one, other in zip(kept, expected, strict=True):
        assert one == other
    assert shown >= len(simulation.plan.rules.tracks)


def test_program_with_facts_is_refused_and_left_as_it_is(database_url):
    with Ledger(database_url) as ledger:
        list(record(dispatch(ledger), Simulation(plan(**SMALL))))
        head = ledger.head()
        with pytest.raises(NotEmpty, match="has facts in this database already"):
            check_room(ledger, Simulation(plan(seed=9, **SMALL)))
        # Another program beside it knows nothing of it: its customers are others.
        check_room(ledger, Simulation(plan(program="other", **SMALL)))
        list(record(dispatch(ledger), Simulation(plan(program="other", **SMALL))))
        assert ledger.head() > head


def test_period_that_the_database_has_not_reached_is_refused(database_url):
    with Ledger(database_url) as ledger:
        begins = ledger.clock().date() - timedelta(days=364)
        with pytest.raises(NotEmpty, match="begin earlier"):
            check_room(ledger, Simulation(plan(begins=begins, **SMALL)))


def test_known_customers_are_not_met_by_accident(database_url):
    """The same identifiers under another program: one identity serves all programs of a ledger."""
    simulation = Simulation(plan(**SMALL))
    with Ledger(database_url) as ledger:
        list(record(dispatch(ledger), simulation))
        other = Simulation(plan(program="other", **SMALL))
        other.market.buyers = simulation.market.buyers
        with pytest.raises(NotEmpty, match="take another --seed"):
            check_room(ledger, other)


def test_somebody_else_at_work_is_noticed(database_url):
    """What the simulation did not put there makes a decision come out otherwise: that is said, not passed over."""
    with Ledger(database_url) as ledger:
        deciding_too = dispatch(ledger)
        opening = next(Simulation(plan(**SMALL)).steps()).came.request
        deciding_too.decide_batch([opening])
        with pytest.raises(Diverged, match="made 1 facts in the simulation and 0 facts in the database"):
            list(record(deciding_too, Simulation(plan(**SMALL))))


def test_running_clock_is_kept_away(database_url):
    with clock_held(database_url), pytest.raises(NotEmpty, match="a clock runs"), clock_held(database_url):
        pass
    with clock_held(database_url):
        pass


def test_verb_records_in_the_configured_database(database_url):
    done = dealreg("--partners", 20, "--registrations", 30, DATABASE_URL=database_url)
    assert done.returncode == 0, done.stderr
    assert "Dell PartnerDirect 2008" in " ".join(done.stdout.split())
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT 1 FROM ledger.events").fetchall()
    assert len(rows) > 200
    again = dealreg("--partners", 20, "--registrations", 30, "--json", DATABASE_URL=database_url)
    assert (again.returncode, json.loads(again.stdout)["answer"]) == (1, "no")
    assert "has facts" in again.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--partners", 3), "--partners 3: at least 10"),
        (("--years", 0), "--years 0: at least 1"),
        (("--registrations", 0), "--registrations 0: at least 1"),
        (("--customers", 0), "--customers 0: at least 1"),
        (("--begins", "2024-02-29"), "leap day"),
        (("--rulebook", "nobodys"), "no shipped rulebook"),
    ],
)
def test_what_cannot_be_simulated_is_named(tmp_path, options, says):
    done = dealreg(*options, "--out", tmp_path / "log.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_every_identifier_is_valid_and_belongs_to_one_customer():
    made = plan(partners=200, registrations=8000)
    known = [
        canonical(one.scheme, one.value) for buyer in buyers(made, Parties(made).homes) for one in buyer.identifiers
    ]
    assert {scheme for scheme, _ in known} == {"duns", "vat", "lei", "domain"}
    assert len(set(known)) == len(known) > 10_000


def test_partners_are_of_every_track_tier_and_level():
    made = plan(partners=100)
    parties = Parties(made)
    assert {party.track.value for party in parties.all} == {track.track.value for track in made.rules.tracks}
    assert {party.tier.value for party in parties.all} == {"authorized", "premier", "elite", "master"}
    assert any(len(party.parents) == 2 for party in parties.all)
    assert any(parties.by_key[parent].parents for party in parties.sellers for parent in party.parents)


def test_another_rulebook_is_obeyed():
    """Data only: with a minimum that nobody reaches nothing is approved (ROE-3) but what a judge gives on appeal (ROE-29)."""
    made = plan(**SMALL)
    steep = made.rules.clauses.minimum.model_copy(update={"amount": Decimal(10**9)})
    rules = made.rules.model_copy(update={"clauses": made.rules.clauses.model_copy(update={"minimum": steep})})
    tally = Tally()
    for step in Simulation(replace(made, rules=rules)).steps():
        tally.heard(step.came, step.at)
    assert tally.shares()["approved"] <= tally.facts["appeal_ruled.v1"] / 100
    assert tally.clauses["ROE-3"] > 0
