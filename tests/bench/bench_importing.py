"""What it costs to take another system's history over, and how that grows with what was taken over before.

    make bench ARGS="tests/bench/bench_importing.py"

The history is the one of `tests/service/test_importing.py`, larger; the ratio quoted is a registration of the second half against one
of the first. IMPORTED_REGISTRATIONS sets the size.
"""

import os
import time
from pathlib import Path

from dealreg.service.composition import House
from dealreg.service.importing import running
from dealreg.service.importing.comparing import compare, summed
from dealreg.service.importing.form import read_form
from tests.bench.measuring import Figure, Report
from tests.service.test_importing import history, publish

REGISTRATIONS = int(os.environ.get("IMPORTED_REGISTRATIONS", "20000"))


def test_an_import_of_twenty_years(house: House, report: Report, tmp_path: Path) -> None:
    publish(house.dispatch)
    first = history(tmp_path / "first", registrations=REGISTRATIONS // 2, customers=REGISTRATIONS // 20)
    whole = history(tmp_path / "whole", registrations=REGISTRATIONS, customers=REGISTRATIONS // 20)
    rows: list[dict[str, Figure]] = []
    for name, folder in (("the first half", first), ("all of it: the second half is new", whole), ("again", whole)):
        made = running.plan(house.dispatch, folder, read_form(folder), "reference")
        taken = running.run(house.dispatch, made)
        for file, one in taken.items():
            new = one.counts["imported"]
            rows.append(
                {
                    "run": name,
                    "file": file,
                    "records": one.records,
                    "new": new,
                    "here already": one.counts["repeated"],
                    "facts": one.facts,
                    "seconds": round(one.seconds, 2),
                    "new records a second": round(new / one.seconds) if new else None,
                }
            )
    begun = time.perf_counter()
    counts, _ = summed(compare(house.dispatch, made))
    report.say("an import of twenty years", rows)
    report.say(
        "files and ledger compared", [{"lines": counts.total(), "seconds": round(time.perf_counter() - begun, 2)}]
    )
