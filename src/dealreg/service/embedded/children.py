"""A child process that dies with its parent, is stopped with one signal, and is recognised when it is orphaned."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from dealreg.service.embedded.standing import Standing

PR_SET_PDEATHSIG = 1
"""`linux/prctl.h`: which signal the kernel sends when the parent is gone. macOS has no such thing."""
LOG_BYTES = 10 * 1024 * 1024
"""A log larger than this is put aside when its process starts (one old one is kept)."""
POLL_SECONDS = 0.02
ASKING_SECONDS = 5.0

_libc = ctypes.CDLL(None, use_errno=True)
_prctl = _libc.prctl if sys.platform == "linux" else None


def spawn(
    arguments: Sequence[str],
    *,
    log: Path,
    standing: Standing = Standing.ORDINARY,
    on_parent_death: signal.Signals,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that Ctrl-C in a terminal reaches the supervisor alone.

    What it prints is appended to `log`. On Linux the kernel sends it `on_parent_death` when this process is gone,
    however that happened. The kernel means the *thread* that started it: start servers from the main thread.
    """
    with _opened(log) as output:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=environment,
            start_new_session=True,
            preexec_fn=_before_exec(standing, on_parent_death),
        )


def _before_exec(standing: Standing, on_parent_death: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        os.umask(0o077)
        standing.enter()
        # Last: a change of credentials clears it.
        if _prctl is not None and _prctl(PR_SET_PDEATHSIG, int(on_parent_death)) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the kernel was told whom to watch

    return prepare


def _opened(log: Path) -> BinaryIO:
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def stop(child: subprocess.Popen[bytes], *, by: signal.Signals, seconds: float) -> int:
    """Ask `child` to end, wait up to `seconds`, then kill it; its return code (negative: the signal it died of)."""
    if child.poll() is None:
        child.send_signal(by)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait()


def stop_orphan(pid: int, *, by: signal.Signals, seconds: float) -> None:
    """The same for a process that is not our child: it cannot be waited for, only watched."""
    for sent, patience in ((by, seconds), (signal.SIGKILL, ASKING_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sent)
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if not command_line(pid):
                return
            time.sleep(POLL_SECONDS)


def command_line(pid: int) -> list[str]:
    """The words `pid` was started with; nothing when there is no such process, it is a zombie, or it is hidden.

    Where there is no `/proc`, `ps` is asked, and words are split at blanks.
    """
    if sys.platform == "linux":
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            return [word.decode(errors="surrogateescape") for word in words if word]
        except OSError:
            return []
    asked = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True, check=False, timeout=ASKING_SECONDS).stdout.split()
