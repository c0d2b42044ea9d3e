"""The outbox as a process of its own, to be killed: database, broker and prefix are its arguments."""

import signal
import sys
import threading

from dealreg.service.outbox.assembling import tell

if __name__ == "__main__":
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database, broker, prefix = sys.argv[1:]
    tell(database, broker, stop, prefix)
