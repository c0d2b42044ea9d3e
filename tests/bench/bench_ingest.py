"""The whole export of Maven Analytics, 8,800 rows, as `dealreg ingest` reads it: opportunities a second, and where the time goes.

Run twice: the second run says the same of every row and adds no fact.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.measuring import Figure, Report

EXPORT = Path(__file__).parents[3] / "shared" / "data" / "maven_crm_opportunities" / "sales_pipeline.csv"
ROWS = 8800


def _ingested(data: Path) -> dict[str, Any]:
    environment = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "INTAKE_URL"}}
    asked = [sys.executable, "-m", "dealreg", "ingest", str(EXPORT), "--mapping", "maven", "--json", "--data-dir"]
    done = subprocess.run([*asked, str(data)], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


@pytest.mark.timeout(1200)
def test_the_whole_export(data_dir: Path, report: Report) -> None:
    first, second = _ingested(data_dir), _ingested(data_dir)
    runs = [first.pop("this_run"), second.pop("this_run")]
    assert first == second
    assert first["sum"] == first["rows"] == ROWS
    assert (runs[0]["facts"] > 0, runs[1]["facts"]) == (True, 0)
    rows: list[dict[str, Figure]] = [
        {
            "run": name,
            "opportunities a second": run["opportunities_per_second"],
            "messages a second": run["messages_per_second"],
            "new facts": run["facts"],
            **{f"{step}, s": seconds for step, seconds in run["seconds"].items()},
        }
        for name, run in zip(("first", "again"), runs, strict=True)
    ]
    report.say(f"{ROWS} rows, {first['messages']} messages through NATS and the intake", rows)
    fates: list[dict[str, Figure]] = [
        {"fate": fate, "why": why, "rows": number}
        for fate, reasons in first["account"].items()
        for why, number in reasons.items()
    ]
    report.say("What became of every row", fates)
