"""Nothing is built that no case shows: every clause on both its sides, every parameter, command and event, and the hard cases."""

from enum import StrEnum

import pytest

from dealreg.conflict.events import Kind, PartyStanding, Ruling
from dealreg.customer.report_events import ReportKind
from dealreg.engagement.parameters import AfterPublication, Anchor, Clause, Clauses, Doctrine, Pending, StoppedClock
from dealreg.file.account_events import RecordGround
from dealreg.file.events import Asks, LapseGround
from dealreg.file.state import LegState
from dealreg.override.events import Ground, OverrideVerb
from dealreg.process import deciding
from dealreg.registration.events import OutcomeKind, RegistrationClass
from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.scenario import reading
from dealreg.service.scenario.expected import CLAUSES
from dealreg.service.scenario.running import run
from dealreg.vocabulary.values import PartnerTier, Standing, Tier, Track

FOLDER = reading.folder()
WORLD = reading.text_of(FOLDER / reading.WORLD)
CASES = {str(path.relative_to(FOLDER)): reading.case_of(path) for path in reading.found([FOLDER])}
RESULTS = {name: run(case, WORLD) for name, case in CASES.items()}

BUILT = sorted(field.alias for field in Clauses.model_fields.values() if field.alias is not None)

SHOWN_ELSEWHERE: dict[str, str] = {
    "CustomFieldsFull": "tests/core/test_mirror.py: a case of 2,001 fields could not be read",
}
"""A command or event that no case shows, with where it is shown instead."""

ABSENT_VALUES: dict[str, str] = {}
"""A value that no case names, with its reason."""

NUMBERS = 52
"""All of the hard cases of the domain."""


def _facts():
    return [fact.event for result in RESULTS.values() for fact in result.world.ledger.facts]


def test_the_form_knows_the_clauses_that_are_built():
    assert sorted(CLAUSES) == BUILT
    defaults = Clauses()
    assert all(isinstance(getattr(defaults, name), Clause) for name, f in Clauses.model_fields.items() if f.alias)


@pytest.mark.parametrize("clause", BUILT)
@pytest.mark.parametrize("side", ["allows", "refuses"])
def test_every_clause_has_a_case_on_each_side(clause, side):
    assert [name for name, case in CASES.items() if case.rule == clause and case.side in {side, "both"}], (
        f"no case shows that {clause} {side}; add one to scenarios/"
    )


SAYS_NO_ITSELF = {
    "ROE-2": "it asks for more; nothing is declined",
    "ROE-11": "it parts a registration; the refusal is that of the clause met",
    "ROE-10": "a joining that ends is its own fact",
}
"""Clauses whose refusing side is no fact with their number."""


@pytest.mark.parametrize("clause", [clause for clause in BUILT if clause not in SAYS_NO_ITSELF])
def test_every_refusing_clause_is_named_by_what_refuses(clause):
    """A case that calls itself refusing must make a fact, or a refusal, that names the clause: a label alone proves nothing."""
    refusing = [name for name, case in CASES.items() if case.rule == clause and case.side in {"refuses", "both"}]
    named = {getattr(fact.event, "clause", None) for name in refusing for fact in RESULTS[name].world.ledger.facts}
    refused = {played.refused.clause for name in refusing for played in RESULTS[name].played if played.refused}
    assert clause in named | refused


def test_every_command_occurs_in_a_case():
    asked = {name for result in RESULTS.values() for name in result.commands}
    assert sorted(set(deciding.COMMANDS) - asked - SHOWN_ELSEWHERE.keys()) == []


def test_every_event_occurs_in_a_case():
    made = {type(event).__name__ for event in _facts()}
    known = {event.__name__ for event in stored_names().classes.values() if event.AGGREGATE != "audit"}
    assert sorted(known - made - SHOWN_ELSEWHERE.keys()) == []


def test_no_exception_outlives_its_reason():
    shown = {name for result in RESULTS.values() for name in result.commands} | {type(e).__name__ for e in _facts()}
    assert sorted(SHOWN_ELSEWHERE.keys() & shown) == []


VALUES: list[type[StrEnum]] = [
    Doctrine, Pending, Anchor, StoppedClock, Kind, Ruling, LapseGround, Asks, Ground, OverrideVerb, OutcomeKind,
    RegistrationClass, Tier, Track, PartnerTier, Standing, AfterPublication, RecordGround, ReportKind, PartyStanding,
]  # fmt: skip


@pytest.mark.parametrize("kind", VALUES, ids=[kind.__name__ for kind in VALUES])
def test_every_value_of_a_choice_occurs_in_a_case(kind):
    """A doctrine or verb that no case uses is a promise that nobody has tried."""
    said = " ".join(path.read_text() for path in FOLDER.rglob("*.yaml"))
    made = {str(value) for event in _facts() for value in _values(event)}
    defaults = {str(value) for value in _values(Clauses())}
    lacking = [value for value in kind if value not in made | defaults and f" {value}" not in said.replace("}", " ")]
    assert [f"{kind.__name__}.{v.name}" for v in lacking if f"{kind.__name__}.{v.name}" not in ABSENT_VALUES] == []


def _values(model):
    for name in type(model).model_fields:
        value = getattr(model, name)
        for one in value if isinstance(value, tuple) else (value,):
            if hasattr(type(one), "model_fields"):
                yield from _values(one)
            elif isinstance(one, StrEnum):
                yield one


def test_every_state_of_a_leg_is_reached():
    reached = set()
    for result in RESULTS.values():
        for file in result.world.ledger.states.of_kind("file"):
            reached |= {leg.state for claim in file.claims.values() for leg in claim.legs}
    assert sorted(set(LegState) - reached) == []


def test_enough_of_the_hard_cases_are_there():
    assert len({number for case in CASES.values() for number in case.case}) >= NUMBERS
