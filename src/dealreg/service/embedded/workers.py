"""The role processes of `dealreg up`: started, started again with growing pauses, drained."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dealreg.service.embedded import children
from dealreg.service.embedded.trouble import length_of, with_log

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 30.0
"""A process that lived this long begins with the first pause again."""
CLEAN = (0, -signal.SIGTERM, 128 + signal.SIGTERM)
"""How a process ends that was asked to. uvicorn stops in order and then raises the signal once more."""


@dataclass(frozen=True)
class Worker:
    """A role: its name, and the command that runs it."""

    name: str
    command: Sequence[str]


def role(name: str) -> Worker:
    """A role of this product, run by this interpreter."""
    return Worker(name, (sys.executable, "-m", "dealreg", name))


ROLES = tuple(
    map(
        role,
        (
            "serve",
            "consume",
            "project",
            "clock",
            "seal",
            "watch",
            "publish",
            "outbox",
            "writeback",
            "reread",
            "witness",
        ),
    )
)
"""Every role that `dealreg up` runs. Each may run twice, and each may be killed at any moment: the ledger decides."""


def roles_here(*, witnesses: str | None) -> Sequence[Worker]:
    """Those of this machine: a witness only where WITNESSES names none, for one beside its log is the least of them."""
    return [one for one in ROLES if one.name != "witness" or witnesses is None]


class Tended:
    """One worker with its process and its fate."""

    def __init__(self, worker: Worker, *, logs: Path, environment: Mapping[str, str]) -> None:
        """Not started yet; `tend` does that."""
        self.worker = worker
        self.log = logs / f"{worker.name}.log"
        self.child: subprocess.Popen[bytes] | None = None
        self._environment = environment
        self._started_at = 0.0
        self._said_before = 0
        self._pause = FIRST_PAUSE_SECONDS
        self._due_at = 0.0

    def tend(self, report: Callable[[str], None]) -> float:
        """Start it when it is due, notice when it died; the monotonic instant at which to look again."""
        now = time.monotonic()
        if self.child is not None and self.child.poll() is not None:
            self._mourn(now, report)
        if self.child is None and now >= self._due_at:
            before = length_of(self.log)
            self.child = children.spawn(
                self.worker.command,
                log=self.log,
                # It is made to be killed at any moment, and its servers are leaving at this one.
                on_parent_death=signal.SIGKILL,
                environment=self._environment,
            )
            self._started_at = now
            self._said_before = before if length_of(self.log) >= before else 0
        return self._due_at if self.child is None else float("inf")

    def _mourn(self, now: float, report: Callable[[str], None]) -> None:
        if self.child is None:
            return
        if now - self._started_at >= HEALTHY_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        died = f"{self.worker.name} ended (return code {self.child.returncode}), again in {self._pause:g} s"
        report(with_log(died, self.log, since=self._said_before))
        self.child = None
        self._due_at = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)

    def ask_to_stop(self) -> None:
        """SIGTERM: take nothing new, finish what is held."""
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()

    def ended(self) -> bool:
        """Whether there is no process any more."""
        return self.child is None or self.child.poll() is not None

    def kill_rest(self) -> str | None:
        """End what is left of it; in words, what was not clean about its end."""
        if self.child is None:
            return None
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
            return f"{self.worker.name} did not finish in time and was killed"
        if self.child.returncode not in CLEAN:
            return f"{self.worker.name} ended with return code {self.child.returncode}; its log: {self.log}"
        return None
