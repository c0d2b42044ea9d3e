"""Every parameter is held at its edge: changed by the smallest step, some case of its clause is no longer as it says.

So a parameter that nothing reads, or that no case tries at its edge, is seen here.
"""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

import pytest
from pydantic import BaseModel

from dealreg.engagement.parameters import Clauses
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.service.scenario import reading
from dealreg.service.scenario.filling import Malformed
from dealreg.service.scenario.naming import Unnamed
from dealreg.service.scenario.running import run
from dealreg.service.scenario.world import World

FOLDER = reading.folder()
WORLD = reading.text_of(FOLDER / reading.WORLD)
CASES = [reading.case_of(path) for path in reading.found([FOLDER])]
SMALLEST = Decimal("0.0001")

NOT_BY_CASES: dict[str, str] = {
    "ROE-2.evidence": "a list of the program's own words; test_rulebook and the cases of ROE-2 name kinds",
    "ROE-15.escalate_to": "whom a fact names; a case tells the fact and not its fields: tests/core/test_notices.py",
    "conflicts.escalate_to": "the same",
    "conflicts.without_evidence_a_month": "a number that a fact compares with: tests/core/test_notices.py",
    "conflicts.end_date_shown": "what an answer says, and no fact: tests/core/test_answers_against.py",
}
"""A parameter that no smallest step changes, with where it is held instead."""

OF_NO_CLAUSE = {"queue": "queue", "conflicts": "conflict"}
"""Parameters that stand beside the clauses, and the folder of cases that holds them; any case may."""


def _parameters() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each parameter as ``ROE-7.window_days.premier``, with its path below ``clauses``."""
    defaults = Clauses()
    for name, field in Clauses.model_fields.items():
        value = getattr(defaults, name)
        if isinstance(value, BaseModel):
            yield from _inside(value, (field.alias or name,))


def _inside(value: BaseModel, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in type(value).model_fields:
        if name in {"in_force", "when"}:
            continue
        inner = getattr(value, name)
        if isinstance(inner, BaseModel):
            yield from _inside(inner, (*path, name))
        else:
            yield ".".join((*path, name)), (*path, name)


PARAMETERS = dict(_parameters())


@cache
def _cases_of(clause: str) -> tuple[Any, ...]:
    """The cases of the clause first: they are the likeliest to hold it, and one is enough."""
    return (*(case for case in CASES if case.rule == clause), *(case for case in CASES if case.rule != clause))


def _now(case: Any, path: tuple[str, ...]) -> Any:
    """What the parameter is in this case."""
    rules = World(WORLD, case.rulebook, case.partners).document({})
    value: Any = Clauses.model_validate(rules.get("clauses", {}))
    fields = {field.alias or name: name for name, field in Clauses.model_fields.items()}
    for step in path:
        value = getattr(value, fields.get(step, step) if isinstance(value, Clauses) else step)
    return value


def _steps(value: Any) -> list[Any]:
    """What lies next to a value."""
    if isinstance(value, bool):
        return [str(not value).lower()]
    if isinstance(value, StrEnum):
        return [one.value for one in type(value) if one is not value]
    if isinstance(value, int):
        return [str(value + 1), str(value - 1)]
    if isinstance(value, Decimal):
        return [str(value + SMALLEST), str(value - SMALLEST)]
    if isinstance(value, str):
        return ["somebody_else", *RulebookDocument.model_fields["stages"].default]
    if isinstance(value, tuple) and value:
        return [[_written(one) for one in value[:-1]], [_written(one) for one in value[1:]]]
    return ["none"] if value is None else []


def _written(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_none=True) if isinstance(value, BaseModel) else str(value)


def _breaks(case: Any, path: tuple[str, ...], value: Any) -> bool:
    """Whether the case is no longer as it says with the parameter at this value."""
    changed: Any = value
    for depth in range(len(path) - 1, -1, -1):
        beside = _now(case, path[:depth]) if depth > 1 else None  # A length stands beside those of the other tiers.
        changed = {**(_written(beside) if isinstance(beside, BaseModel) else {}), path[depth]: changed}
    laid = case.model_copy(update={"rulebook": reading.merged(case.rulebook, {"clauses": changed})})
    try:
        return bool(run(laid, WORLD).faults)
    except (Malformed, Unnamed, ValueError):
        return False  # No rulebook says this, or the case cannot be played with it: nothing is shown.


@pytest.mark.parametrize("parameter", sorted(PARAMETERS.keys() - NOT_BY_CASES.keys()))
def test_the_smallest_step_of_a_parameter_breaks_a_case(parameter):
    path = PARAMETERS[parameter]
    for case in _cases_of(path[0]):
        for value in _steps(_now(case, path)):
            if _breaks(case, path, value):
                return
    pytest.fail(f"no case notices when {parameter} changes by its smallest step; add one at its edge to scenarios/")


def test_every_exception_is_a_parameter():
    assert sorted(NOT_BY_CASES.keys() - PARAMETERS.keys()) == []
