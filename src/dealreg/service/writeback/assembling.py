"""The role from its settings."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from dealreg.service.intake.mapping import Mappings
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.outbox.following import Follower
from dealreg.service.outbox.running import run
from dealreg.service.replay import Replay
from dealreg.service.writeback.following import Noting
from dealreg.service.writeback.writing import Writing


@contextmanager
def followers(auditor_url: str, mappings: Mappings) -> Iterator[tuple[Follower, ...]]:
    """Who notes what is due, and who writes it; ``auditor_url`` reaches the ledger to fold it."""
    with (
        Ledger(auditor_url, role="dealreg_auditor", pool_size=2) as audited,
        closing(Writing(Replay(audited), mappings)) as writing,
    ):
        yield (Noting(), writing)


def write_back(database_url: str, auditor_url: str, mappings: Mappings, stop: threading.Event) -> None:
    """Tell the CRM until ``stop``."""
    with followers(auditor_url, mappings) as both:
        run(database_url, both, stop)
