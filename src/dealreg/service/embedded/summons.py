"""Signals, heard without threads and without an event loop."""

import contextlib
import select
import signal
import socket
from collections.abc import Iterator
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a service manager, a closed terminal."""


class Summons:
    """Sleeps until a signal comes or a time is over; remembers how often it was asked to stop."""

    def __init__(self) -> None:
        """Made by `listening`."""
        self.times_asked_to_stop = 0
        self._raising = True
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.settimeout(0)

    def no_longer_raise(self) -> None:
        """From here on a request to stop is only remembered; before, it ends whatever is being started."""
        self._raising = False

    def wait(self, seconds: float) -> None:
        """Sleep for at most `seconds`; a child that ends or a request to stop ends it early."""
        if select.select([self._woken], [], [], max(seconds, 0.0))[0]:
            with contextlib.suppress(BlockingIOError):
                while self._woken.recv(4096):
                    pass

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """The handler."""
        if number in STOPPING:
            self.times_asked_to_stop += 1
            if self._raising:
                # Once: what is cleaned up on the way out is not interrupted.
                self._raising = False
                raise KeyboardInterrupt

    def wakeup_number(self) -> int:
        """The file that Python writes to when a signal comes."""
        return self._wake.fileno()

    def close(self) -> None:
        """Give the sockets back."""
        self._woken.close()
        self._wake.close()


@contextlib.contextmanager
def listening() -> Iterator[Summons]:
    """Take the signals for the length of the block; one that is ignored (`nohup`) stays ignored."""
    summons = Summons()
    heard = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, summons.hear) for number in (*heard, signal.SIGCHLD)}
    wakeup = signal.set_wakeup_fd(summons.wakeup_number(), warn_on_full_buffer=False)
    try:
        yield summons
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        summons.close()
