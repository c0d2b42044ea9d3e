"""A role of the feed as a process of its own, on a prefix of its own: `python -m tests.rereading_process consume|reread PREFIX`."""

import signal
import sys
import threading

from dealreg.service.composition import House
from dealreg.service.intake.assembling import consume
from dealreg.service.intake.mapping import load_mappings
from dealreg.service.logs import configure_logging
from dealreg.service.rereading.running import Rereading
from dealreg.service.settings import Settings
from dealreg.service.sources.http import Patience


def main():
    role, prefix = sys.argv[1:]
    settings = Settings()
    configure_logging(settings)
    with House(settings) as house:
        if role == "consume":
            consume(settings, house.dispatch, prefix=prefix)
            return
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        patience = Patience(attempts=2, seconds=5, first_pause=0.01, longest_pause=0.05)
        Rereading(house, load_mappings(settings.intake_mappings), prefix=prefix, patience=patience).run(stop)


if __name__ == "__main__":
    main()
