"""In which order clauses are tried: a rulebook moves them inside a group of section 1a, never across."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dealreg.process
from dealreg.engagement.order import GROUPS, OF_OTHERS, OF_THE_ACCOUNT, OF_THE_CLAIM, UNGUARDED, in_order, misordered
from dealreg.engagement.parameters import fields_by_number

SECTION_1A = "28 | 2, 1, 3 | 24 | 21 | 20, 23, 18, 19 | 7, 8, 9 | 30"


def test_the_groups_are_those_of_section_1a():
    assert [[f"ROE-{n.strip()}" for n in part.split(",")] for part in SECTION_1A.split("|")] == [
        list(g) for g in GROUPS
    ]


def test_without_an_order_a_group_is_tried_as_it_stands(rules):
    assert in_order(rules, OF_THE_ACCOUNT) == OF_THE_ACCOUNT


def test_what_is_named_comes_first_as_named_and_the_others_after(rulebook):
    rules = rulebook(clauses={"order": ["ROE-19", "ROE-20", "ROE-9"]})
    assert in_order(rules, OF_THE_ACCOUNT) == ("ROE-19", "ROE-20", "ROE-23", "ROE-18")
    assert in_order(rules, OF_OTHERS) == ("ROE-9", "ROE-7", "ROE-8")
    assert in_order(rules, OF_THE_CLAIM) == OF_THE_CLAIM


@pytest.mark.parametrize(
    ("order", "place", "words"),
    [
        (["ROE-8", "ROE-3"], 1, "ROE-3 is tried before ROE-8"),
        (["ROE-30", "ROE-28"], 1, "inside a group"),
        (["ROE-7", "ROE-7"], 1, "named twice"),
        (["ROE-99"], 0, "'ROE-99' is not tried"),
        (["ROE-12"], 0, "'ROE-12' is not tried"),
        (["ROE-3", "ROE-2"], 1, "ROE-2 comes first"),
    ],
)
def test_an_order_across_groups_twice_or_of_what_is_not_ordered_is_refused(order, place, words):
    ((found, said),) = misordered(order)
    assert found == place
    assert words in said


@given(st.tuples(*(st.permutations(group) for group in GROUPS)))
def test_every_order_inside_the_groups_is_taken(groups):
    order = [number for group in groups for number in group]
    first = next(number for number in order if number in OF_THE_CLAIM)
    assert [said for _, said in misordered(order)] == (
        []
        if first == "ROE-2"
        else ["ROE-2 comes first in its group: what is not complete cannot be judged by ROE-1 or ROE-3"]
    )


@given(st.lists(st.sampled_from([number for group in GROUPS for number in group]), unique=True))
def test_an_order_is_refused_exactly_where_it_goes_back_across_a_bar(order):
    group = [next(place for place, known in enumerate(GROUPS) if number in known) for number in order]
    crosses = any(later < max(group[:place], default=0) for place, later in enumerate(group))
    late_completeness = "ROE-2" in order and any(n in {"ROE-1", "ROE-3"} for n in order[: order.index("ROE-2")])
    assert bool(list(misordered(order))) == (crosses or late_completeness)


def _asked_in(path: Path) -> set[str]:
    """The clauses that a module asks ``applies`` about: named in the call, by a constant, or as what it tries one after another."""
    tree = ast.parse(path.read_text())
    calls = [
        n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "applies"
    ]
    texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = set()
    for call in calls:
        number = call.args[2]
        if isinstance(number, ast.Constant):
            found.add(number.value)
        elif isinstance(number, ast.Name) and number.id in constants:
            found.add(constants[number.id])
        else:
            found |= texts & set(fields_by_number())
    return {str(number) for number in found}


def _guarded() -> set[str]:
    return set().union(*(_asked_in(path) for path in Path(dealreg.process.__path__[0]).glob("*.py")))


def test_a_guard_is_taken_only_where_it_is_asked():
    """A guard that nobody asks would be accepted and do nothing."""
    assert sorted(set(fields_by_number()) - set(UNGUARDED) - _guarded()) == []
