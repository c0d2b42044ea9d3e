"""The list of mutations fits the source: each one can still be made, and the test that is to fail for it is there.

`make mutants` makes them (tests/mutants.py); that takes minutes, so here they are only looked at.
"""

import ast

import pytest

from tests.mutants import HERE, MUTATIONS, SCENARIO, Mutation, command


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[mutation.law for mutation in MUTATIONS])
def test_a_mutation_changes_one_place_and_is_still_python(mutation: Mutation) -> None:
    text = mutation.path.read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1
    ast.parse(text.replace(mutation.old, mutation.new))
    assert mutation.old != mutation.new


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[mutation.law for mutation in MUTATIONS])
def test_the_test_that_is_to_fail_is_there(mutation: Mutation) -> None:
    if mutation.test.startswith(SCENARIO):
        assert (HERE / "scenarios" / mutation.test.removeprefix(SCENARIO)).is_file()
    else:
        assert (HERE / mutation.test).is_file()
    assert command(mutation)


def test_every_law_of_the_stories_is_broken_by_one() -> None:
    """Laws are functions of laws.py; each has a mutation that says its name, or that of one of its sentences."""
    tree = ast.parse((HERE / "tests" / "properties" / "laws.py").read_text(encoding="utf-8"))
    sentences = {
        function.name: {
            call.args[0].value
            for call in ast.walk(function)
            if isinstance(call, ast.Call)
            and getattr(call.func, "id", "") == "law"
            and isinstance(call.args[0], ast.Constant)
        }
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
    }
    named = [mutation.law for mutation in MUTATIONS]
    for function, said in sentences.items():
        assert not said or any(str(one) in law for one in said for law in named), f"nothing breaks {function}: {said}"
