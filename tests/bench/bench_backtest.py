"""A hundred thousand recorded decisions under another rulebook, in both senses, against reading and decoding the same log.

The log is a simulated year of a program, decided by the real core. Checked: all shares together decide every decision of the log once,
one process and two find the same, and the same rulebook changes nothing.
"""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.service.backtest.log import FileLog, read
from dealreg.service.backtest.report import Report as Found
from dealreg.service.backtest.report import Sense
from dealreg.service.backtest.running import Asked, back_test
from dealreg.service.simulating.log import LogWriter
from dealreg.service.simulating.plan import plan
from dealreg.service.simulating.simulation import Simulation
from tests.bench.measuring import Figure, Report

T = TypeVar("T")
REGISTRATIONS = 22_000
"""Some 100,000 decisions that made facts."""

PROGRAM = "simulated"


def _simulated(path: Path) -> RulebookDocument:
    planned = plan(
        seed=1,
        program=PROGRAM,
        rulebook="reference",
        begins=date(2024, 1, 1),
        years=1,
        partners=400,
        customers=None,
        registrations=REGISTRATIONS,
    )
    with LogWriter(path) as log:
        for step in Simulation(planned).steps():
            log.write(step.came.facts, step.at)
    return planned.rules


def _shorter(rules: RulebookDocument) -> RulebookDocument:
    said = rules.model_dump(mode="json", by_alias=True)
    said["clauses"]["ROE-8"]["window_days"]["authorized"] = 45
    return RulebookDocument.model_validate(said)


def _took(work: Callable[[], T]) -> tuple[float, float, T]:
    """Seconds, and processor seconds of this process with the ones that it started and that ended."""
    before, begun = psutil.Process().cpu_times(), time.perf_counter()
    done = work()
    seconds, after = time.perf_counter() - begun, psutil.Process().cpu_times()
    spent = sum(
        getattr(after, name) - getattr(before, name) for name in ("user", "system", "children_user", "children_system")
    )
    return seconds, spent, done


@pytest.mark.timeout(1800)
def test_a_year_under_another_rulebook(tmp_path: Path, report: Report) -> None:
    path = tmp_path / "log.jsonl"
    rules = _simulated(path)
    log = FileLog(path)
    decoding, spent, facts = _took(lambda: len([read(row).originator_version for rows in log.pages() for row in rows]))
    rows: list[dict[str, Figure]] = [
        {"what": f"reading and decoding {facts:,} facts", "s": round(decoding, 1), "cpu s": round(spent, 1)}
    ]
    found: dict[tuple[Sense, int], Found] = {}
    for workers in (1, 2):
        for sense in Sense:
            asked = Asked(PROGRAM, _shorter(rules), sense)
            seconds, spent, one = _took(lambda asked=asked, workers=workers: back_test(asked, log, workers=workers))  # type: ignore[misc]  # bound now: the loop goes on
            found[sense, workers] = one
            decisions = one.counts.decisions
            rows.append(
                {
                    "what": f"--{sense.value}, {workers} process{'es' if workers > 1 else ''}",
                    "s": round(seconds, 1),
                    "cpu s": round(spent, 1),
                    "decisions": decisions,
                    "a second": round(decisions / seconds),
                    "100,000 take, s": round(100_000 * seconds / decisions, 1),
                    "x decoding": round(seconds / decoding, 2),
                    "differ": one.counts.differing,
                    "changes": len(one.changes),
                }
            )
    report.say("A simulated year under a candidate with shorter windows", rows)
    for sense in Sense:
        assert found[sense, 1] == found[sense, 2]
        assert found[sense, 2].changes
    same = back_test(Asked(PROGRAM, rules, Sense.EACH), log, workers=2)
    assert (same.changes, same.counts.as_recorded) == ((), same.counts.made_again)
