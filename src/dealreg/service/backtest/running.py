"""A back-test as a whole: the log is split, each share decided by a process of its own, and what they found put together."""

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.queues import Queue
from queue import Empty

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.service.backtest.candidate import candidate_for
from dealreg.service.backtest.course import Course
from dealreg.service.backtest.each import Each
from dealreg.service.backtest.log import Log, read
from dealreg.service.backtest.part import Part
from dealreg.service.backtest.report import Report, Sense
from dealreg.service.backtest.splitting import MOST_WORKERS, Shares, Splitter
from dealreg.service.deciding_again.decision import Decision, together
from dealreg.service.ledger.recorded import Recorded

FEW = 4000
"""Decisions that one process has made again before others have started."""

OFTEN = 250
"""Decisions between two words about the progress."""

Told = Callable[[int], None]
"""Is told how many more decisions are done."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a back-test: of which program, which candidate, in which sense, over which period (half-open)."""

    program: str
    candidate: RulebookDocument
    sense: Sense
    begins: datetime | None = None
    ends: datetime | None = None

    def test(self) -> Each | Course:
        """Nothing is decided yet."""
        kind = Each if self.sense is Sense.EACH else Course
        return kind(self.program, self.candidate, self.begins, self.ends)


def back_test(asked: Asked, log: Log, begun: Callable[[int], Told] | None = None, workers: int | None = None) -> Report:
    """Make the recorded decisions again under the candidate; nothing is written.

    ``begun`` is told how many decisions there are and gives the function that is told of each. Raises ``Refused`` for a rulebook of
    another program, ``Unavailable``, and ``ValueError`` for a fact that this build cannot read.
    """
    candidate_for(asked.program, asked.candidate)
    splitter = Splitter(asked.program)
    with _uncollected():
        for rows in log.pages():
            splitter.take(rows)
    several = min(workers or os.cpu_count() or 1, MOST_WORKERS)
    few = workers is None and splitter.decisions < FEW
    shares = splitter.shares(1 if few else several)
    told = begun(shares.decisions) if begun is not None else _silent
    found = Part()
    for part in (
        _in_processes(asked, log, shares, several, told)
        if several > 1 and not few
        else [share(asked, log, shares, 0, told)]
    ):
        found.add(part)
    return _report(asked, found)


def share(asked: Asked, log: Log, shares: Shares, worker: int, told: Told) -> Part:
    """One worker's share of the log, in order."""
    test, done = asked.test(), 0
    with _uncollected():
        for decision in _steps(log, shares, worker, test.pass_by):
            test.take(decision)
            done += 1
            if done % OFTEN == 0:
                told(OFTEN)
        told(done % OFTEN)
        return test.finish(shares.last)


@contextmanager
def _uncollected() -> Iterator[None]:
    """States are frozen and without cycles, and all are kept: looking through them for garbage took a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _steps(log: Log, shares: Shares, worker: int, pass_by: Callable[[Recorded], None]) -> Iterator[Decision]:
    """The worker's decisions; what others decided and it reads is passed by in between."""
    place, bit = 0, 1 << worker
    own: list[Recorded] = []
    for rows in log.pages():
        for row in rows:
            owner, readers = shares.owners[place], shares.readers[place]
            place += 1
            if owner == worker:
                fact = read(row)
                if own and not together(own[-1].meta, fact.meta):
                    yield Decision(tuple(own))
                    own = []
                own.append(fact)
            elif readers & bit:
                if own:
                    yield Decision(tuple(own))
                    own = []
                pass_by(read(row))
    if own:
        yield Decision(tuple(own))


def _in_processes(asked: Asked, log: Log, shares: Shares, workers: int, told: Told) -> Iterator[Part]:
    """Each share in a process of its own. Raises what a worker raised."""
    context = multiprocessing.get_context("spawn")
    words: Queue[int | Part | Exception] = context.Queue()
    started = [
        context.Process(target=_work, args=(asked, log, shares, worker, words), daemon=True)
        for worker in range(workers)
    ]
    for process in started:
        process.start()
    try:
        left = workers
        while left:
            word = _next(words, started)
            if isinstance(word, Exception):
                raise word
            if isinstance(word, Part):
                left -= 1
                yield word
            else:
                told(word)
    finally:
        for process in started:
            process.terminate()
            process.join()


def _next(
    words: "Queue[int | Part | Exception]", started: list[multiprocessing.context.SpawnProcess]
) -> int | Part | Exception:
    """The next word of any worker. Raises ``RuntimeError`` when one ended without a word."""
    while True:
        try:
            return words.get(timeout=1.0)
        except Empty:
            lost = [process.exitcode for process in started if process.exitcode not in {None, 0}]
            if lost:
                raise RuntimeError(f"a worker of the back-test ended with code {lost[0]}") from None


def _work(asked: Asked, log: Log, shares: Shares, worker: int, words: "Queue[int | Part | Exception]") -> None:
    try:
        words.put(share(asked, log, shares, worker, words.put))
    except Exception as error:  # noqa: BLE001 - it is raised where the back-test was asked for
        words.put(error)


def _silent(_done: int) -> None:
    """Nobody wants to know."""


def _report(asked: Asked, found: Part) -> Report:
    changes = sorted(found.changes, key=lambda one: (one.at, str(one.registration), one.line or "", one.tier or ""))
    return Report(
        program=asked.program,
        candidate=asked.candidate.version,
        sense=asked.sense,
        begins=asked.begins,
        ends=asked.ends,
        counts=found.total(),
        changes=tuple(changes),
        unkept=tuple(sorted(found.unkept, key=lambda one: (one.at, one.decision))),
        broken=tuple(found.broken),
    )
