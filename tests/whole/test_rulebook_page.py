"""docs/rulebook.md is what the code says, and says all of it."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.engagement.checks.whole import faults
from dealreg.engagement.document import load
from dealreg.engagement.guards.facts import FACTS
from dealreg.engagement.parameters import Clauses, fields_by_number
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.service.rulebook_page import page

DOCS = Path(__file__).parents[2] / "docs" / "rulebook.md"
LEAST = "program: a\nversion: '1'\nforce_from: 2026-01-01T00:00:00Z\nterritories: [{territory: A}]\nproduct_lines: [{line: a}]\n"


def test_the_page_is_what_the_code_says():
    assert DOCS.read_text(encoding="utf-8") == page(), "run: dealreg rulebook manual > docs/rulebook.md"


def test_the_verb_prints_it():
    assert CliRunner().invoke(verbs(), ["rulebook", "manual"]).output == page()


@pytest.mark.parametrize("number", fields_by_number())
def test_every_clause_has_its_sentence_and_every_parameter_its_row(number):
    section = re.search(rf"### {number}: [a-zA-Z].*?(?=\n### )", page(), re.DOTALL)
    assert section is not None
    clause = type(getattr(Clauses(), fields_by_number()[number]))
    for parameter in set(clause.model_fields) - {"in_force", "when"}:
        assert f"| `{parameter}` |" in section[0], parameter
        assert parameter in section[0].split("| parameter |")[0], f"the docstring says nothing of {parameter}"


def test_every_setting_and_every_fact_has_its_row():
    for name in set(RulebookDocument.model_fields) - {"clauses"}:
        assert f"| `{name}` |" in page()
    for group in set(FACTS) - {"dealer", "distributor", "master"}:
        for fact in FACTS[group]:
            assert f"| `{group}.{fact.name}` |" in page()


def test_what_the_page_shows_is_a_rulebook_that_holds():
    """A reader copies the example; it must pass the check that the page speaks of."""
    (example,) = re.findall(r"```yaml\n(.*?)```", page(), re.DOTALL)
    assert faults(load(LEAST + example)) == []
