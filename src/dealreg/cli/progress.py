"""Bars on a terminal for work that takes a while, and silence anywhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Steps = Callable[[str, int], Callable[[int], None]]
"""Opens a step of so many parts; the function it gives is told how many more are done."""


@contextmanager
def bars() -> Iterator[Steps]:
    """On standard error, so that a result on standard output stays whole."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    if not sys.stderr.isatty():
        yield lambda _name, _parts: lambda _done: None
        return
    columns = (TextColumn("{task.description:>16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def step(name: str, parts: int) -> Callable[[int], None]:
            task = progress.add_task(name, total=parts)
            return lambda done: progress.advance(task, done)

        yield step
