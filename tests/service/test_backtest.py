"""Recorded decisions under another rulebook: the same rulebook changes nothing, another changes what it says and nothing else."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from pydantic import ValidationError

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.file.events import LineApproved
from dealreg.rulebook.state import RULEBOOK
from dealreg.service.backtest import running
from dealreg.service.backtest.log import MemoryLog, read
from dealreg.service.backtest.part import Part
from dealreg.service.backtest.report import Kind, Sense
from dealreg.service.backtest.running import Asked, back_test
from dealreg.service.backtest.said import Known, said_by
from dealreg.service.backtest.splitting import Splitter
from dealreg.service.scenario import reading
from dealreg.service.scenario.filling import Malformed
from dealreg.service.scenario.naming import Unnamed
from dealreg.service.scenario.running import run
from dealreg.service.simulating.plan import plan
from dealreg.service.simulating.simulation import Simulation
from dealreg.vocabulary.fact import Fact
from dealreg.vocabulary.ids import rulebook_stream
from dealreg.vocabulary.refused import Refused

FOLDER = reading.folder()
CASES = reading.found([FOLDER])
WORLD = reading.text_of(FOLDER / reading.WORLD)
PROGRAM = WORLD["program"]
BOTH = list(Sense)

CANDIDATES = {
    "shorter windows of dealers": {
        "ROE-8": {"window_days": dict.fromkeys(("authorized", "premier", "elite", "master"), "20")}
    },
    "first submitted": {"ROE-4": {"doctrine": "first_submitted"}},
    "more goes to a person": {"ROE-30": {"by_rulebook_up_to": "15000"}},
    "a higher minimum": {"ROE-3": {"amount": "30000"}},
    "dealers exclude nobody": {"ROE-8": {"in_force": "false"}},
    "a pending claim refuses others": {"ROE-5": {"while_pending": "refuses"}},
    "no grace": {"ROE-12": {"grace_days": "0"}},
}


def _path(name):
    return next(path for path in CASES if path.stem == name)


def _played(path, clauses=None):
    """A case, under its own rulebook or with other clauses laid over it."""
    case = reading.case_of(path)
    over = reading.merged(case.rulebook, {"clauses": clauses}) if clauses else case.rulebook
    return run(case.model_copy(update={"rulebook": over}), WORLD)


def _rulebooks(result):
    return list(result.world.ledger.states.state(RULEBOOK, rulebook_stream(PROGRAM)).versions.values())


def _log(result):
    return MemoryLog.of(result.world.ledger.facts)


def _instants(result, command=None):
    """When each decision began, or those of one command."""
    asked = [fact.meta.request.content for fact in result.world.ledger.facts if fact.meta.request.content is not None]
    return [content.at for content in asked if command in {None, content.command}]


def _with(document, clauses):
    said = document.model_dump(mode="json", by_alias=True)
    return RulebookDocument.model_validate(reading.merged(said, {"clauses": clauses}))


@cache
def _as_it_is(path):
    return _played(path)


@cache
def _of_one_version():
    """The cases that publish no second version: the candidate takes the place of the only one."""
    return tuple(path for path in CASES if len(_rulebooks(_as_it_is(path))) == 1)


@pytest.mark.parametrize("sense", BOTH)
def test_the_same_rulebook_changes_nothing_in_any_case(sense):
    made_again = 0
    for path in _of_one_version():
        result = _as_it_is(path)
        report = back_test(Asked(PROGRAM, _rulebooks(result)[0], sense), _log(result))
        assert (report.changes, report.unkept, report.broken) == ((), (), ()), path
        assert report.counts.as_recorded == report.counts.made_again, path
        made_again += report.counts.made_again
    assert made_again > len(_of_one_version())


@pytest.fixture(scope="module")
def simulated():
    """A year of an invented program."""
    planned = plan(
        seed=7, program="simulated", rulebook="reference", begins=date(2024, 1, 1), years=1, partners=12, customers=40, registrations=120
    )  # fmt: skip
    facts = tuple(fact for step in Simulation(planned).steps() for fact in step.came.facts)
    return planned.rules, MemoryLog.of(facts)


@pytest.mark.parametrize("sense", BOTH)
def test_the_same_rulebook_changes_nothing_in_a_simulated_year(simulated, sense):
    rules, log = simulated
    report = back_test(Asked("simulated", rules, sense), log)
    assert (report.changes, report.unkept, report.broken) == ((), (), ())
    assert report.counts.as_recorded == report.counts.made_again > 300


@pytest.mark.parametrize("sense", BOTH)
def test_another_length_changes_the_windows_of_those_partners_and_nothing_else(sense):
    result = _played(_path("windows_by_tier_of_the_distributor"))
    (rules,) = _rulebooks(result)
    longer = _with(rules, {"ROE-7": {"window_days": {"premier": 121}}})
    report = back_test(Asked(PROGRAM, longer, sense), _log(result))
    windows = {
        (fact.event.registration, leg.tier, leg.partner): leg.window_to
        for fact in result.world.ledger.facts
        if fact.event.NAME == "line_approved.v1"
        for leg in fact.event.legs
    }
    premier = [name for name, said in result.world.partners.items() if said["tier"] == "premier"]
    expected = {key for key in windows if key[1] == "distributor" and key[2] in premier}
    assert expected
    assert {(one.registration, one.tier, one.partner) for one in report.changes} == expected
    assert {one.kind for one in report.changes} == {Kind.WINDOW}
    for one in report.changes:
        assert one.recorded.to == windows[one.registration, one.tier, one.partner]
        assert one.recorded.to is not None
        assert one.candidate.to == one.recorded.to + timedelta(days=1)
    assert report.by_clause() == {"ROE-30": len(expected)}


@pytest.mark.parametrize("name", CANDIDATES)
def test_a_course_ends_where_the_same_story_under_the_candidate_ends(name):
    """The oracle: the case itself, played from its beginning under the candidate."""
    changed = 0
    # Each candidate takes every third case, another third than its neighbours: all cases are taken by some.
    for path in _of_one_version()[list(CANDIDATES).index(name) % 3 :: 3]:
        recorded, other = _as_it_is(path), _asked_under(path, CANDIDATES[name])
        if other is None or _differently_asked(recorded, other):
            continue
        test, part = _course(recorded, _rulebooks(other)[0])
        last = max(_instants(recorded))
        facts = [fact for fact in other.world.ledger.facts if fact.meta.effective_at <= last]
        expected = said_by([Fact(one.originator_id, one.event, one.meta.effective_at) for one in facts], Known())
        assert _words(test._outcomes) == _words(expected), path
        changed += bool(part.changes)
    assert changed


def _asked_under(path, clauses):
    """The case under a candidate; ``None`` where such a rulebook contradicts itself or a step cannot be asked by name."""
    try:
        return _played(path, clauses)
    except (Malformed, Unnamed, ValidationError):
        return None


def _differently_asked(recorded, other):
    """What was refused is not recorded, so a course cannot ask it: such cases are no oracle."""
    return any(
        (one.refused is None) != (two.refused is None) or one.refused is not None
        for one, two in zip(recorded.played, other.played, strict=True)
    )


def _course(result, candidate):
    log, splitter = _log(result), Splitter(PROGRAM)
    for rows in log.pages():
        splitter.take(rows)
    test, shares = Asked(PROGRAM, candidate, Sense.COURSE).test(), splitter.shares(1)
    for decision in running._steps(log, shares, 0, test.pass_by):
        test.take(decision)
    assert shares.last == max(_instants(result))
    return test, test.finish(shares.last)


def _words(outcomes):
    return {slot: (said.word, said.clause, said.to) for slot, said in outcomes.items()}


@pytest.mark.parametrize("sense", BOTH)
def test_shares_together_find_what_one_finds(simulated, sense):
    rules, log = simulated
    splitter = Splitter("simulated")
    for rows in log.pages():
        splitter.take(rows)
    candidate = _with(rules, {"ROE-8": {"window_days": {"authorized": 20}}, "ROE-3": {"amount": 30000}})
    asked = Asked("simulated", candidate, sense)
    whole = back_test(asked, log, workers=1)
    assert {Kind.WINDOW, Kind.DECLINE} <= {one.kind for one in whole.changes}
    for workers in (2, 3):
        shares = splitter.shares(workers)
        assert len({owner for owner in shares.owners if owner >= 0}) == workers
        found = Part()
        for worker in range(workers):
            found.add(running.share(asked, log, shares, worker, running._silent))
        assert running._report(asked, found) == whole
    assert back_test(asked, log, workers=2) == whole


def test_progress_is_told_of_every_decision():
    result, seen = _played(_path("windows_by_tier_of_the_distributor")), []

    def begun(total):
        seen.append(-total)
        return seen.append

    report = back_test(Asked(PROGRAM, _rulebooks(result)[0], Sense.EACH), _log(result), begun)
    assert sum(seen) == 0
    assert report.counts.decisions == -seen[0]


MIDSUMMER = datetime(2024, 7, 1, tzinfo=UTC)
SHORTER = {"ROE-8": {"window_days": dict.fromkeys(("authorized", "premier", "elite", "master"), 20)}}


def test_only_what_was_decided_in_the_period_is_decided_again(simulated):
    rules, log = simulated
    asked = Asked("simulated", _with(rules, SHORTER), Sense.EACH)
    whole = back_test(asked, log)
    before, after = back_test(replace(asked, ends=MIDSUMMER), log), back_test(replace(asked, begins=MIDSUMMER), log)
    assert sorted(map(repr, (*before.changes, *after.changes))) == sorted(map(repr, whole.changes))
    assert before.counts.made_again + after.counts.made_again == whole.counts.made_again
    assert {one.at < MIDSUMMER for one in before.changes} == {True}
    assert {one.at < MIDSUMMER for one in after.changes} == {False}


def test_a_period_takes_its_first_instant_and_leaves_its_last(simulated):
    rules, log = simulated
    contents = (fact.meta.request.content for fact in map(read, log.rows) if fact.meta.request is not None)
    instants = sorted(
        content.at for content in contents if content is not None and content.command != "PublishRulebook"
    )
    at = instants[len(instants) // 2]
    asked = Asked("simulated", rules, Sense.EACH)
    assert back_test(replace(asked, begins=at), log).counts.made_again == sum(one >= at for one in instants)
    assert back_test(replace(asked, ends=at), log).counts.made_again == sum(one < at for one in instants)


def _claim(change) -> tuple:
    return change.registration, change.line


def test_a_course_from_midsummer_on_leaves_standing_what_was_approved_before(simulated):
    """No new version shortens a running window (rules.md section 1a)."""
    rules, log = simulated
    asked = Asked("simulated", _with(rules, SHORTER), Sense.COURSE, begins=MIDSUMMER)
    facts = [read(row) for row in log.rows]
    approved = {
        (fact.event.registration, fact.event.line): fact.event.approved_at
        for fact in facts
        if isinstance(fact.event, LineApproved)
    }
    changes = [one for one in back_test(asked, log).changes if one.kind is Kind.WINDOW]
    assert changes
    assert {approved[_claim(one)] < MIDSUMMER for one in changes} == {False}
    earlier = [one for one in back_test(replace(asked, begins=None), log).changes if one.kind is Kind.WINDOW]
    assert {approved[_claim(one)] < MIDSUMMER for one in earlier} == {True, False}


def test_what_is_told_apart_by_the_build_alone_is_not_laid_at_the_candidates_door():
    """A fact that this build would not make: it would not under the recorded rulebook either."""
    result = _played(_path("first_complete_claim_is_protected"))
    facts = list(result.world.ledger.facts)
    place = next(n for n, fact in enumerate(facts) if fact.event.NAME == "line_approved.v1")
    legs = tuple(
        leg.model_copy(update={"window_to": leg.window_to + timedelta(days=9)}) for leg in facts[place].event.legs
    )
    facts[place] = replace(facts[place], event=facts[place].event.model_copy(update={"legs": legs}))
    report = back_test(Asked(PROGRAM, _rulebooks(result)[0], Sense.EACH), MemoryLog.of(facts))
    assert (report.counts.by_build, report.changes) == (1, ())


def test_a_ruling_without_its_case_is_counted():
    """Under a candidate by which dealers exclude nobody there is no conflict, so nothing to rule on."""
    result = _played(_path("tie_that_the_desk_awards_otherwise"))
    candidate = _with(_rulebooks(result)[0], {"ROE-8": {"in_force": False}, "ROE-7": {"in_force": False}})
    report = back_test(Asked(PROGRAM, candidate, Sense.COURSE), _log(result))
    assert [(one.command, one.why) for one in report.unkept] == [("RuleOnConflict", "no such case in this course")]
    assert report.counts.unkept == 1
    assert Kind.RULING in {one.kind for one in report.changes}


def test_another_programs_rulebook_is_refused():
    result = _played(_path("first_complete_claim_is_protected"))
    other = _rulebooks(result)[0].model_copy(update={"program": "another"})
    with pytest.raises(Refused, match="another"):
        back_test(Asked(PROGRAM, other, Sense.EACH), _log(result))


def test_a_candidate_without_a_line_that_was_sold_is_told_and_nothing_is_lost():
    result = _played(_path("first_complete_claim_is_protected"))
    (rules,) = _rulebooks(result)
    sold = {fact.event.line for fact in result.world.ledger.facts if fact.event.NAME == "claim_entered.v1"}
    left = tuple(line for line in rules.product_lines if line.line not in sold)
    report = back_test(Asked(PROGRAM, rules.model_copy(update={"product_lines": left}), Sense.EACH), _log(result))
    assert report.changes
    assert {one.kind for one in report.changes} <= {Kind.DECLINE, Kind.REFUSAL}


def test_facts_of_a_log_read_back_as_they_were():
    facts = _played(_path("first_complete_claim_is_protected")).world.ledger.facts
    assert [read(row) for rows in MemoryLog.of(facts).pages() for row in rows] == list(facts)
