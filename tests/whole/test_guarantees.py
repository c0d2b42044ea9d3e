"""The page of guarantees names tests that exist: a promise whose test was renamed or dropped is found here."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8"))


def test_every_named_test_is_there() -> None:
    lost = [
        f"{path}::{name}"
        for path, name in NAMED
        if not (ROOT / path).is_file()
        or (
            name
            and not re.search(rf"(def {name}\(|^{name} = )", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
        )
    ]
    assert lost == []


def test_the_page_says_something_of_every_decision_on_the_ledger() -> None:
    said = set(
        re.findall(r"^\| (D\d+) \|", (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert {f"D{number}" for number in (3, 4, 5, 10, 12, 13, 14, 15, 16, 17)} <= said
