"""How a figure is taken: callers in flight, interleaved rounds, medians, processor time of both sides, a table and JSON.

Wall-clock figures of a shared machine say little by themselves: what is compared runs in turns within one run, and what is quoted is the
ratio. Nothing here asserts a time.
"""

import json
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import psutil
from rich.console import Console
from rich.table import Table

T = TypeVar("T")
Figure = float | int | str | None


class Servers:
    """Processor seconds of a server and all its children, those that have ended included as far as they were seen."""

    def __init__(self, pid: int) -> None:
        self._server = psutil.Process(pid)
        self._seen: dict[int, float] = {}

    def seconds(self) -> float:
        for process in [self._server, *self._server.children(recursive=True)]:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            self._seen[process.pid] = times.user + times.system
        return sum(self._seen.values())


@dataclass
class Run(Generic[T]):
    """What some calls took: seconds each, seconds in all, processor seconds of this process and of the database."""

    took: list[float]
    seconds: float
    answers: list[T]
    ours: float = 0.0
    theirs: float = 0.0

    def percentile(self, percent: int) -> float:
        """Milliseconds."""
        ordered = sorted(self.took)
        return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)] * 1000

    @property
    def rate(self) -> float:
        """Calls a second."""
        return len(self.took) / self.seconds


@dataclass(frozen=True)
class Meter:
    """Runs calls and takes their figures."""

    database: Servers

    def in_flight(self, callers: int, calls: Iterable[Callable[[], T]], *, at_once: bool = False) -> Run[T]:
        """Run the calls with so many threads; ``at_once``: each thread makes one call, all released at one instant."""
        waiting = iter(list(calls))
        lock, gate = threading.Lock(), threading.Barrier(callers + 1)
        took: list[float] = []
        answers: list[T] = []
        failed: list[BaseException] = []

        def work() -> None:
            gate.wait()
            while not failed:
                with lock:
                    call = next(waiting, None)
                if call is None:
                    return
                began = time.perf_counter()
                try:
                    answer = call()
                except BaseException as error:
                    failed.append(error)
                    raise
                ended = time.perf_counter() - began
                with lock:
                    took.append(ended)
                    answers.append(answer)
                if at_once:
                    return

        threads = [threading.Thread(target=work, daemon=True) for _ in range(callers)]
        for thread in threads:
            thread.start()
        with self.measured() as spent:
            gate.wait()
            for thread in threads:
                thread.join()
        if failed:
            raise failed[0]
        return Run(took, spent.seconds, answers, spent.ours, spent.theirs)

    @contextmanager
    def measured(self):
        """Seconds of the block, with the processor seconds of both sides."""
        spent = Run[None]([], 0.0, [])
        theirs, ours, began = self.database.seconds(), time.process_time(), time.perf_counter()
        yield spent
        spent.seconds = time.perf_counter() - began
        spent.ours = time.process_time() - ours
        spent.theirs = self.database.seconds() - theirs


def in_turns(rounds: int, ways: dict[str, Callable[[int], Run[Any]]]) -> dict[str, list[Run[Any]]]:
    """Each way once a round, every round begun by another; the runs of each way in order."""
    names = list(ways)
    runs: dict[str, list[Run[Any]]] = {name: [] for name in names}
    for number in range(rounds):
        turned = names[number % len(names) :] + names[: number % len(names)]
        for name in turned:
            runs[name].append(ways[name](number))
    return runs


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def ratio(runs: Sequence[Run[Any]], to: Sequence[Run[Any]]) -> float:
    """The median over the rounds of rate over rate of the same round."""
    return median(one.rate / other.rate for one, other in zip(runs, to, strict=True))


def summary(runs: Sequence[Run[Any]]) -> dict[str, Figure]:
    """Medians over the rounds; the worst is over all of them. Processor time is of one call, in milliseconds."""
    calls = sum(len(run.took) for run in runs)
    return {
        "p50 ms": round(median(run.percentile(50) for run in runs), 2),
        "p99 ms": round(median(run.percentile(99) for run in runs), 1),
        "worst ms": round(max(max(run.took) for run in runs) * 1000, 1),
        "a second": round(median(run.rate for run in runs)),
        "client CPU ms": round(sum(run.ours for run in runs) / calls * 1000, 2),
        "server CPU ms": round(sum(run.theirs for run in runs) / calls * 1000, 2),
    }


@dataclass
class Report:
    """The figures of a run by bench; printed as they come, written at the end."""

    path: Path | None
    figures: dict[str, list[dict[str, Figure]]] = field(default_factory=dict)

    def say(self, title: str, rows: Sequence[dict[str, Figure]]) -> None:
        """A table, and the same as one line of JSON."""
        self.figures[title] = list(rows)
        columns = list(dict.fromkeys(key for row in rows for key in row))
        table = Table(title=title, title_justify="left")
        for column in columns:
            table.add_column(column, justify="left" if column == columns[0] else "right")
        for row in rows:
            table.add_row(*("" if row.get(column) is None else str(row[column]) for column in columns))
        console = Console(width=160)
        console.print()
        console.print(table)
        console.print(json.dumps({title: rows}, ensure_ascii=False), soft_wrap=True, markup=False, highlight=False)
        if self.path is not None:
            self.path.write_text(json.dumps(self.figures, ensure_ascii=False, indent=2) + "\n")
