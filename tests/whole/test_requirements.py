"""The thirty requirements of the audit trail: each has a test that carries its number, and the page says which (audit.md section 2).

pytest tests/whole/test_requirements.py --write-golden
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DESIGN = ROOT.parent / "shared" / "design" / "audit.md"
PAGE = ROOT / "docs" / "requirements.md"
HEAD = """# The thirty requirements of the trail

What an audit trail must withstand, each with the tests that hold it; written by `tests/whole/test_requirements.py` from the names of the tests.

| # | requirement | tests |
|---|---|---|
"""


def _asked():
    """The requirements as the design numbers them."""
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", DESIGN.read_text(encoding="utf-8"), re.MULTILINE)
    return {int(number): said.strip() for number, said in rows}


def _held():
    """Of each requirement the tests that name it."""
    held: dict[int, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, number in re.findall(
            r"^def (test_requirement_(\d\d)_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            held.setdefault(int(number), []).append(f"`{path.relative_to(ROOT)}::{name}`")
    return held


def _page():
    held = _held()
    return HEAD + "".join(
        f"| {number} | {said} | {'<br>'.join(held.get(number, ['**none**']))} |\n" for number, said in _asked().items()
    )


def test_every_requirement_has_a_test_that_names_it():
    asked = _asked()
    assert set(asked) == set(range(1, 31))
    assert {number: said for number, said in asked.items() if number not in _held()} == {}


def test_the_page_says_which(request: pytest.FixtureRequest):
    if request.config.getoption("--write-golden"):
        PAGE.write_text(_page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == _page(), "run this file with --write-golden"
