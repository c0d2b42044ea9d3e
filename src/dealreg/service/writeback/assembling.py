"""The role from its settings."""

import threading
from collections.abc import Sequence
from functools import cache

from dealreg.service.intake.mapping import Mappings
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.outbox.following import Follower
from dealreg.service.outbox.running import run
from dealreg.service.replay import Replay
from dealreg.service.writeback.following import Noting
from dealreg.service.writeback.writing import Sources, Writing


def followers(audited: Ledger, mappings: Mappings, sources: Sources) -> Sequence[Follower]:
    """Who notes what is due, and who writes it; ``audited`` is the ledger as an auditor."""
    return (Noting(), Writing(Replay(audited), mappings, cache(sources)))


def write_back(database_url: str, audited: Ledger, mappings: Mappings, sources: Sources, stop: threading.Event) -> None:
    """Tell the CRM until ``stop``."""
    run(database_url, followers(audited, mappings, sources), stop)
